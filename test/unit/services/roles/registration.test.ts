import { describe, expect, it } from 'vitest'
import { nodeCrypto } from '../../../../src/adapters/crypto/node-crypto.ts'
import { cidOf } from '../../../../src/codec/cid.ts'
import type { Kind } from '../../../../src/codec/payload/verbs.ts'
import type { Offer } from '../../../../src/core/agent/worker.ts'
import { Registration } from '../../../../src/services/roles/registration.ts'
import { capabilityOf, hashing } from '../../../setup/troupe.ts'

const DID = 'did:key:z6MkpTHR8VNsBxYAAWHut2Geadd9jSwuBV8xRoAnwWsdvktH'
const offers = (...names: readonly string[]): Offer[] =>
  names.map((capability) => capabilityOf(hashing(), {}, { capability }).offer)

/** A hub that knows the account and does what the test says. */
function setUp(stake = 0n) {
  const rows = new Map<string, object>([[`accounts ${DID}`, { nonce: 0, stake: 0n }]])
  const said: { readonly kind: Kind; readonly payload: object }[] = []
  const now = { n: 1 }
  const heart = {
    hub: () => ({ get: (table: string, key: string) => rows.get(`${table} ${key}`), keys: () => [] }),
    slot: () => ({ n: now.n, timeMs: 0 }),
  }
  const author = {
    did: DID,
    account: (kind: Kind, payload: object) => {
      said.push({ kind, payload })
      return Promise.resolve({ ok: true, value: { body: { seq: said.length } } })
    },
  }
  const registration = new Registration({
    heart: heart as never,
    author: author as never,
    sha256: nodeCrypto.sha256,
    label: 'node',
    stake,
    onRefused: () => {},
  })
  const kinds = () => said.map(({ kind }) => kind)
  return { rows, said, now, registration, kinds }
}

const id = cidOf(new Uint8Array([1]), nodeCrypto.sha256).toString()
const agentOf = (names: readonly string[], judges: readonly string[] = []) => ({
  offers: names,
  judges,
  manifest: { id, version: 3 },
})

describe('the registration', () => {
  it('says nothing while the account does not exist', async () => {
    const { rows, registration, kinds } = setUp()
    rows.delete(`accounts ${DID}`)
    await registration.tend({ offers: offers('a'), judges: [] })
    expect(kinds()).toEqual([])
  })

  it('publishes what is offered, in a version above the last', async () => {
    const { rows, registration, said } = setUp()
    rows.set(`agents ${DID}`, agentOf(['a']))
    await registration.tend({ offers: offers('a', 'b'), judges: [] })
    expect(said).toMatchObject([
      { kind: 'MANIFEST', payload: { version: 4, capabilities: [{ name: 'a' }, { name: 'b' }] } },
    ])
  })

  it('says one thing at a time, and the next when that was applied', async () => {
    const { rows, registration, kinds } = setUp(100n)
    const wanted = { offers: offers('a'), judges: ['a'] }
    await Promise.all([registration.tend(wanted), registration.tend(wanted)])
    await registration.tend(wanted)
    expect(kinds()).toEqual(['MANIFEST'])
    rows.set(`accounts ${DID}`, { nonce: 1, stake: 40n })
    rows.set(`agents ${DID}`, agentOf(['a']))
    await registration.tend(wanted)
    expect(kinds()).toEqual(['MANIFEST', 'REGISTER'])
    rows.set(`accounts ${DID}`, { nonce: 2, stake: 100n })
    rows.set(`agents ${DID}`, agentOf(['a'], ['a']))
    await registration.tend(wanted)
    expect(kinds()).toHaveLength(2)
  })

  it('stakes what is missing', async () => {
    const { rows, registration, said } = setUp(100n)
    rows.set(`accounts ${DID}`, { nonce: 0, stake: 40n })
    await registration.tend({ offers: [], judges: ['a'] })
    expect(said).toMatchObject([{ kind: 'REGISTER', payload: { stake: '60', capabilities: ['a'] } }])
  })

  it('tries again later what was not applied, and waits longer each time', async () => {
    const { now, registration, kinds } = setUp()
    const tries: number[] = []
    for (; now.n < 1_000; now.n++) {
      const before = kinds().length
      await registration.tend({ offers: offers('a'), judges: [] })
      if (kinds().length > before) tries.push(now.n)
    }
    const gaps = tries.slice(1).map((at, n) => at - (tries[n] as number))
    expect(gaps).toEqual([64, 128, 256, 512])
  })

  it('names the manifest in force where it offers just what is offered now', () => {
    const { rows, registration } = setUp()
    const offered = (...names: readonly string[]) =>
      new Map(offers(...names).map((one) => [one.capability, one]))
    expect(registration.manifest(offered('a'))).toBeUndefined()
    rows.set(`agents ${DID}`, agentOf(['a']))
    expect(registration.manifest(offered('a'))?.toString()).toBe(id)
    expect(registration.manifest(offered('a', 'b'))).toBeUndefined()
  })
})
