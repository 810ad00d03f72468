import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeBatchProof, encodeBatchProof } from '../../../../src/codec/certificate/batch-proof.ts'
import {
  type Certificate,
  decodeCertificate,
  encodeCertificate,
} from '../../../../src/codec/certificate/certificate.ts'
import { decodeDoubleSigning, encodeDoubleSigning } from '../../../../src/codec/certificate/double-signing.ts'
import { decodeFrontier, encodeFrontier } from '../../../../src/codec/certificate/frontier.ts'
import {
  decodeItemLeaf,
  decodeLeafOutputs,
  type ItemLeaf,
  itemLeaf,
  outputsLeaf,
  votersLeaf,
} from '../../../../src/codec/certificate/leaf.ts'
import { decodeSealNote, encodeSealNote } from '../../../../src/codec/certificate/seal-note.ts'
import {
  decodeShares,
  encodeShares,
  SHARE_HEADS_MAX,
  shareRoot,
  sharesOf,
} from '../../../../src/codec/certificate/share.ts'
import { encodeTreeHead } from '../../../../src/codec/certificate/tree-head.ts'
import { decodeVoterChain, encodeVoterChain } from '../../../../src/codec/certificate/voter-chain.ts'
import { encodeDagCbor } from '../../../../src/codec/dag-cbor/encode.ts'
import type { Rejection } from '../../../../src/model/rejection.ts'
import type { Result } from '../../../../src/model/result.ts'
import {
  config,
  hashOf,
  isGood,
  SignatureBook,
  sha256,
  treeHead,
  VOTERS,
  voterSet,
} from '../../../setup/certificates.ts'

const book = new SignatureBook()
const HEADS = Array.from({ length: 5 }, (_, i) => treeHead({ group: i, size: 1 + i * 1_000_000_007 }))
const SHARES = VOTERS.slice(0, 3).map((voter) => book.sign(voter, HEADS))
const CERTIFICATE: Certificate = {
  head: HEADS[3] as Certificate['head'],
  shares: SHARES.map((shares) => shares[3] as Certificate['shares'][0]).map(({ voter, path, s }) => ({
    voter,
    path,
    s,
  })),
}
const SENT = { voter: VOTERS[0] as never, heads: HEADS, s: SHARES[0]?.[0]?.s as never }
const LINK = {
  config: config(2, [1, 2], [0, 1, 2]),
  path: [hashOf('a'), hashOf('b')],
  certificate: CERTIFICATE,
}
const LEAF: ItemLeaf = {
  item: hashOf('item'),
  applied: true,
  outputs: [
    { kind: 'effect', group: 3 as never, number: 7, hash: hashOf('body') },
    { kind: 'answer', group: 4 as never, number: 1, hash: hashOf('verdict') },
    { kind: 'ack', group: 3 as never, number: 2 },
  ],
  subject: { name: 'need', head: hashOf('history') },
}
const PROOF = {
  certificate: CERTIFICATE,
  leaves: [{ leaf: itemLeaf(LEAF), index: 5, path: [hashOf('a')] }],
  links: [LINK],
  knows: 3 as never,
}
const EVIDENCE = {
  first: book.signOne(VOTERS[0] as never, treeHead({ root: hashOf('a') })),
  second: book.signOne(VOTERS[0] as never, treeHead({ root: hashOf('b') })),
}

const FORMS: readonly [
  string,
  Uint8Array,
  (bytes: Uint8Array) => Result<unknown, Rejection>,
  (value: never) => Uint8Array,
][] = [
  ['a certificate', encodeCertificate(CERTIFICATE), decodeCertificate, encodeCertificate],
  ['shares of a turn', encodeShares(SENT), decodeShares, encodeShares],
  ['a chain of voters', encodeVoterChain([LINK, LINK]), decodeVoterChain, encodeVoterChain],
  ['a leaf of an item', itemLeaf(LEAF), decodeItemLeaf, itemLeaf],
  ['a leaf of outputs that wait', outputsLeaf(LEAF.outputs), decodeLeafOutputs, outputsLeaf],
  ['a proof of a batch', encodeBatchProof(PROOF), decodeBatchProof, encodeBatchProof],
  ['a note of what was signed', encodeSealNote(HEADS), decodeSealNote, encodeSealNote],
  ['evidence', encodeDoubleSigning(EVIDENCE), decodeDoubleSigning, encodeDoubleSigning],
  [
    'a frontier',
    encodeFrontier({ size: 5, peaks: [hashOf('a'), hashOf('b')] }),
    decodeFrontier,
    encodeFrontier,
  ],
]

describe.each(FORMS)('the form of %s', (_, bytes, decode, encode) => {
  it('is read as it was written', () => {
    const read = decode(bytes)
    expect(read.ok).toBe(true)
    if (read.ok) expect(Buffer.compare(encode(read.value as never), bytes)).toBe(0)
  })

  it('is one: whatever else is read is written as it was, and the rest is refused with a code', () => {
    fc.assert(
      fc.property(fc.nat({ max: bytes.length - 1 }), fc.nat({ max: 255 }), (at, byte) => {
        const bent = bytes.slice()
        bent[at] = byte
        const read = decode(bent)
        if (read.ok) expect(Buffer.compare(encode(read.value as never), bent)).toBe(0)
        else expect(read.error.code).toMatch(/MALFORMED|NOT_CANONICAL|TOO_LARGE/u)
      }),
      { numRuns: 1_000 },
    )
  })

  it('is refused when it is cut short, or goes on', () => {
    for (let length = 0; length < bytes.length; length += 7)
      expect(decode(bytes.subarray(0, length)).ok).toBe(false)
    expect(decode(Uint8Array.of(...bytes, 0)).ok).toBe(false)
  })

  it('is refused when it is anything else', () => {
    for (const other of [null, [], {}, 'text', [[]], new Uint8Array(64)]) {
      const read = decode(encodeDagCbor(other))
      // no links are a chain
      if (read.ok) expect(read.value).toEqual([])
      else expect(read.error.code).toBe('MALFORMED')
    }
  })
})

describe('a certificate as it is written', () => {
  const read = (certificate: Certificate) => decodeCertificate(encodeCertificate(certificate))

  it('has its voters in ascending order, none twice', () => {
    const [a, b] = CERTIFICATE.shares as [Certificate['shares'][0], Certificate['shares'][0]]
    expect(read({ ...CERTIFICATE, shares: [b, a] })).toMatchObject({ error: { code: 'MALFORMED' } })
    expect(read({ ...CERTIFICATE, shares: [a, a] })).toMatchObject({ error: { code: 'MALFORMED' } })
  })

  it('has a bounded number of voters and levels', () => {
    const [share] = CERTIFICATE.shares as [Certificate['shares'][0]]
    const step = [0, hashOf('x')] as const
    const tooDeep = { ...share, path: Array.from({ length: 17 }, () => step) }
    expect(read({ ...CERTIFICATE, shares: [tooDeep] })).toMatchObject({ error: { code: 'TOO_LARGE' } })
    expect(read({ ...CERTIFICATE, shares: [] }).ok).toBe(false)
  })

  it.each([
    ['group', { group: 2 ** 32 }],
    ['generation', { generation: -1 }],
    ['config', { config: 0 }],
    ['size', { size: 0 }],
    ['root', { root: new Uint8Array(31) }],
    ['state', { state: new Uint8Array(33) }],
  ])('has no head whose %s is out of range', (_, change) => {
    expect(read({ ...CERTIFICATE, head: { ...CERTIFICATE.head, ...change } as never })).toMatchObject({
      ok: false,
    })
  })
})

describe('the shares of a turn', () => {
  it('are one signature, and each head has its own path to what was signed', () => {
    const shares = sharesOf(SENT, sha256)
    expect(shares.map(({ head }) => head)).toEqual(HEADS)
    for (const share of shares) expect(isGood(share, book)).toBe(true)
    const [first, second] = shares
    if (first === undefined || second === undefined) throw new Error('a share for each head')
    expect(isGood({ ...first, path: second.path }, book)).toBe(false)
    expect(isGood({ ...first, head: { ...first.head, size: 2 as never } }, book)).toBe(false)
  })

  it('have a bounded number of heads, and at least one', () => {
    const many = Array.from({ length: SHARE_HEADS_MAX + 1 }, () => HEADS[0] as never)
    expect(decodeShares(encodeShares({ ...SENT, heads: many }))).toMatchObject({
      error: { code: 'TOO_LARGE' },
    })
    expect(decodeShares(encodeShares({ ...SENT, heads: [] })).ok).toBe(false)
    expect(() => shareRoot(many, sha256)).toThrow('a bounded number of heads')
    expect(() => shareRoot([], sha256)).toThrow('a bounded number of heads')
  })
})

describe('bytes that are hashed and signed keep their form', () => {
  it('head, leaf of an item, leaf of a change', () => {
    const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
    expect(
      hex(encodeTreeHead(treeHead({ group: 7, generation: 1, config: 2, size: 300 }))),
    ).toMatchInlineSnapshot(
      `"870107010219012c58204813494d137e1631bba301d5acab6e7bb7aa74ce1185d456565ef51d737677b258204ba69735ca53765ed6a709edb56c6ea236b7193a3b29a6b390c346f0f4340e4e"`,
    )
    expect(hex(itemLeaf({ item: new Uint8Array(32), applied: true, outputs: [] }))).toBe(
      `8500 5820 ${'00'.repeat(32)} f5 80 80`.replaceAll(' ', ''),
    )
    expect(hex(sha256(itemLeaf(LEAF)))).toMatchInlineSnapshot(
      `"a04ed4a2c4fe13de8b09adb00dc6d3b934927a5c2c09d6412ea4941d5b203d80"`,
    )
    expect(hex(sha256(votersLeaf(config(2, [0, 1], [0]))))).toMatchInlineSnapshot(
      `"13f6f011bf729e0e45ad24aef582868c878a864be3e06422cbf4c926d7d7bc06"`,
    )
  })

  it('are those that the documents show', () => {
    const page = readFileSync('docs/certificates.md', 'utf8').replaceAll(/(?<=[0-9a-f]) (?=[0-9a-f])/gu, '')
    const head = encodeTreeHead(treeHead({ group: 7, generation: 1, config: 2, size: 300 }))
    const leaf = itemLeaf({ item: new Uint8Array(32), applied: true, outputs: [] })
    for (const bytes of [head, leaf]) expect(page).toContain(Buffer.from(bytes).toString('hex'))
  })

  it('a chain has voters in order, none twice, and not too many', () => {
    const chain = (voters: readonly string[], outgoing: readonly string[] = []) =>
      decodeVoterChain(encodeVoterChain([{ ...LINK, config: { ...LINK.config, voters, outgoing } as never }]))
    const [a = '', b = ''] = voterSet(0, 1)
    expect(chain([a, b], [a]).ok).toBe(true)
    expect(chain([b, a]).ok).toBe(false)
    expect(chain([a, a]).ok).toBe(false)
    expect(chain([]).ok).toBe(false)
    expect(chain([a], [b, a]).ok).toBe(false)
    expect(chain([...VOTERS, ...VOTERS])).toMatchObject({ error: { code: 'TOO_LARGE' } })
  })
})

describe('a frontier as it is written', () => {
  it('has a peak for each bit of its size', () => {
    const peaks = [hashOf('a'), hashOf('b')]
    expect(() => encodeFrontier({ size: 4, peaks })).toThrow('a peak for each bit')
    expect(decodeFrontier(encodeDagCbor([4, peaks]))).toMatchObject({ error: { code: 'MALFORMED' } })
    expect(decodeFrontier(encodeDagCbor([2 ** 40 + 1, peaks])).ok).toBe(true)
  })
})
