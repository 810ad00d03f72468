import { describe, expect, it } from 'vitest'
import { nodeCrypto } from '../../../../src/adapters/crypto/node-crypto.ts'
import { encodeDagCbor } from '../../../../src/codec/dag-cbor/encode.ts'
import { decodeGenesis, encodeGenesis, type Genesis } from '../../../../src/codec/genesis/genesis.ts'
import type { Ipld } from '../../../../src/codec/ipld.ts'
import type { MicroText } from '../../../../src/model/micro.ts'
import { testSigner } from '../../../setup/arbitrary-field.ts'

const { sha256 } = nodeCrypto
const [A, B] = [1, 2].map((seed) => testSigner(seed).did) as [Genesis['voters'][0], Genesis['voters'][0]]
const amount = '5000000' as MicroText

const GENESIS: Genesis = {
  v: 1,
  label: 'a network',
  class: 'development',
  nonce: new Uint8Array(16),
  created: 0,
  voters: [A],
  f: 0,
  governance: [],
  parameters: {},
}

const WHOLE: Genesis = {
  ...GENESIS,
  accounts: [
    { did: A, amount },
    { did: B, amount },
  ],
  insurance: '0' as MicroText,
  verifiers: [
    { did: B, stake: amount, capabilities: ['text/summarize'], org: 'acme', asn: 64_512, region: 'eu' },
  ],
  chains: [{ voter: A, anchor: new Uint8Array(32), length: 1_000 }],
  attestors: [A],
}

function decode(value: Ipld) {
  return decodeGenesis(encodeDagCbor(value), sha256)
}

describe('what a genesis may name of the hub (economy.md, "Ledger", "Pools, reputation, committees")', () => {
  it('what was written is read; without any of it a genesis has the bytes that it always had', () => {
    const opened = decodeGenesis(encodeGenesis(WHOLE), sha256)
    expect(opened).toMatchObject({ ok: true, value: { genesis: WHOLE } })
    expect(encodeGenesis(GENESIS)).toEqual(encodeDagCbor(GENESIS))
  })

  it.each<[string, { readonly [key: string]: Ipld }, string, string]>([
    ['an account twice', { accounts: [A, A].map((did) => ({ did, amount })) }, 'MALFORMED', 'accounts'],
    ['an account with nothing', { accounts: [{ did: A, amount: '0' }] }, 'MALFORMED', 'accounts[0].amount'],
    ['an amount as a number', { insurance: 5 }, 'MALFORMED', 'insurance'],
    [
      'a verifier without stake',
      { verifiers: [{ did: A, capabilities: ['a'] }] },
      'MALFORMED',
      'verifiers[0].stake',
    ],
    [
      'a verifier that can judge nothing',
      { verifiers: [{ did: A, stake: amount, capabilities: [] }] },
      'MALFORMED',
      'verifiers[0].capabilities',
    ],
    [
      'a chain without links',
      { chains: [{ voter: A, anchor: new Uint8Array(32), length: 0 }] },
      'MALFORMED',
      'chains[0].length',
    ],
    ['a capsule that is no link', { capsule: 'capsule' }, 'MALFORMED', 'capsule'],
    ['an attestor twice', { attestors: [A, A] }, 'MALFORMED', 'attestors'],
  ])('refuses %s', (_what, change, code, field) => {
    expect(decode({ ...GENESIS, ...change })).toMatchObject({ error: { code, field } })
  })
})
