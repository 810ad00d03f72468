import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { nodeCrypto } from '../../../../src/adapters/crypto/node-crypto.ts'
import { cidOf } from '../../../../src/codec/cid.ts'
import { encodeDagCbor } from '../../../../src/codec/dag-cbor/encode.ts'
import {
  checkGenesis,
  decodeGenesis,
  encodeGenesis,
  faultsOf,
  type Genesis,
} from '../../../../src/codec/genesis/genesis.ts'
import type { Ipld } from '../../../../src/codec/ipld.ts'
import type { MicroText } from '../../../../src/model/micro.ts'
import { bytes, did, distinct, testSigner, text } from '../../../setup/arbitrary-field.ts'
import { changes, mutated } from '../../../setup/mutate-ipld.ts'

const { sha256 } = nodeCrypto
const voters = [1, 2, 3, 4, 5, 6, 7, 8].map((seed) => testSigner(seed).did)

const GENESIS: Genesis = {
  v: 1,
  label: 'a network',
  class: 'production',
  nonce: new Uint8Array(16),
  created: 1_700_000_000_000,
  voters: voters.slice(0, 4),
  f: 1,
  governance: voters.slice(0, 1),
  parameters: { slotMs: 500, verifierStakeMinMicro: '50000000' as MicroText },
}

const anyGenesis: fc.Arbitrary<Genesis> = fc
  .record({
    label: text(1, 64),
    class: fc.constantFrom('production' as const, 'development' as const),
    nonce: bytes(16, 16),
    voters: distinct(did, 7, 1),
    governance: distinct(did, 5, 1),
    f: fc.nat(),
    slotMs: fc.integer({ min: 20, max: 60_000 }),
  })
  .map(({ f, slotMs, ...rest }) => ({
    v: 1,
    created: 0,
    ...rest,
    f: f % (faultsOf(rest.voters.length) + 1),
    parameters: { slotMs },
  }))

function decode(value: Ipld): ReturnType<typeof decodeGenesis> {
  return decodeGenesis(encodeDagCbor(value), sha256)
}

describe('genesis names a network (protocol.md, "Envelope"; consensus.md, "Certificates", "Membership")', () => {
  it('what was written is read, and its CID is the network', () => {
    fc.assert(
      fc.property(anyGenesis, (genesis) => {
        const encoded = encodeGenesis(genesis)
        const opened = decodeGenesis(encoded, sha256)
        expect(opened).toMatchObject({ ok: true, value: { genesis, parameters: genesis.parameters } })
        expect(opened.ok && opened.value.net.toString()).toBe(cidOf(encoded, sha256).toString())
      }),
      { numRuns: 100 },
    )
  })

  it('two networks that differ in the nonce alone are two', () => {
    const other = { ...GENESIS, nonce: new Uint8Array(16).fill(1) }
    const nets = [GENESIS, other].map((genesis) => cidOf(encodeGenesis(genesis), sha256).toString())
    expect(new Set(nets).size).toBe(2)
  })

  it.each<[string, { readonly [key: string]: Ipld }, string, string]>([
    ['another version', { v: 2 }, 'MALFORMED', 'v'],
    ['another class', { class: 'test' }, 'MALFORMED', 'class'],
    ['a short nonce', { nonce: new Uint8Array(15) }, 'MALFORMED', 'nonce'],
    ['no voter', { voters: [] }, 'MALFORMED', 'voters'],
    ['eight voters', { voters }, 'TOO_LARGE', 'voters'],
    ['a voter twice', { voters: [voters[0] as string, voters[0] as string] }, 'MALFORMED', 'voters'],
    ['more liars than four voters withstand', { f: 2 }, 'MALFORMED', 'f'],
    ['a liar among three voters', { voters: voters.slice(0, 3) }, 'MALFORMED', 'f'],
    ['nobody who governs production', { governance: [] }, 'MALFORMED', 'governance'],
    ['a parameter that is none', { parameters: { slots: 1 } }, 'MALFORMED', 'parameters.slots'],
    [
      'a parameter that every object has',
      { parameters: { toString: 1 } },
      'MALFORMED',
      'parameters.toString',
    ],
    ['a parameter beyond its bounds', { parameters: { slotMs: 1 } }, 'MALFORMED', 'parameters.slotMs'],
    [
      'an amount as a number',
      { parameters: { smallBudgetMicro: 1 } },
      'MALFORMED',
      'parameters.smallBudgetMicro',
    ],
    ['a number as an amount', { parameters: { slotMs: '50' } }, 'MALFORMED', 'parameters.slotMs'],
    ['parameters that are a list', { parameters: [] }, 'MALFORMED', 'parameters'],
    ['parameters that are bytes', { parameters: new Uint8Array() }, 'MALFORMED', 'parameters'],
    ['a field too many', { more: 1 }, 'MALFORMED', 'more'],
  ])('refuses %s', (_what, change, code, field) => {
    expect(decode({ ...GENESIS, ...change })).toMatchObject({ error: { code, field } })
    expect(checkGenesis({ ...GENESIS, ...change })).toMatchObject({ error: { code, field } })
    expect(() => encodeGenesis({ ...GENESIS, ...change })).toThrow('lawful')
  })

  it('a development network may name nobody who governs', () => {
    expect(decode({ ...GENESIS, class: 'development', governance: [] }).ok).toBe(true)
  })

  it('a key that would reach a prototype is a parameter that is none', () => {
    const parameters = Object.defineProperty({}, '__proto__', { value: 1, enumerable: true }) as Ipld
    expect(decode({ ...GENESIS, parameters })).toMatchObject({ error: { code: 'MALFORMED' } })
  })

  it('whatever stands in its place is accepted or refused with a code', () => {
    fc.assert(
      fc.property(anyGenesis, changes, (genesis, places) => {
        for (const [site, change] of places) {
          const result = decode(mutated(genesis, site, change))
          if (!result.ok) expect(['MALFORMED', 'TOO_LARGE']).toContain(result.error.code)
        }
      }),
      { numRuns: 50 },
    )
  })
})
