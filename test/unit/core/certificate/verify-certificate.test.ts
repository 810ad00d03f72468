import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { nodeCrypto } from '../../../../src/adapters/crypto/node-crypto.ts'
import {
  type Certificate,
  decodeCertificate,
  encodeCertificate,
} from '../../../../src/codec/certificate/certificate.ts'
import { decodeShares, encodeShares, shareRoot, sharesOf } from '../../../../src/codec/certificate/share.ts'
import { shareJudge } from '../../../../src/codec/certificate/share-judge.ts'
import type { VoterConfig } from '../../../../src/codec/certificate/voter-config.ts'
import { cidOf } from '../../../../src/codec/cid.ts'
import { acceptedKeys } from '../../../../src/codec/did/accepted-keys.ts'
import { didOfKey } from '../../../../src/codec/did/did-key.ts'
import { signStatement } from '../../../../src/codec/signed/statement.ts'
import { startCollecting, stepCollecting } from '../../../../src/core/certificate/collect-shares.ts'
import { verifyCertificate } from '../../../../src/core/certificate/verify-certificate.ts'
import type { SecretKey } from '../../../../src/model/ids.ts'
import {
  config,
  hashOf,
  SignatureBook,
  sha256,
  treeHead,
  VOTERS,
  voterSet,
} from '../../../setup/certificates.ts'

const FIVE = config(1, [0, 1, 2, 3, 4])
const F = 1

function codeOf(certificate: Certificate, of: VoterConfig, book: SignatureBook, liars = F): string {
  const verified = verifyCertificate(certificate, of, book.context(liars))
  return verified.ok ? 'ok' : verified.error.code
}

describe('a certificate', () => {
  const book = new SignatureBook()
  const head = treeHead()
  const good = book.certificate(head, voterSet(0, 1, 3, 4))

  it('holds when enough voters signed the head', () => {
    expect(verifyCertificate(good, FIVE, book.context(F))).toEqual({ ok: true, value: head })
  })

  it('of too few is refused', () => {
    expect(codeOf(book.certificate(head, voterSet(0, 1, 3)), FIVE, book)).toBe('BAD_SIGNATURE')
    expect(codeOf({ head, shares: [] }, FIVE, book)).toBe('BAD_SIGNATURE')
  })

  it('with a voter repeated, or voters in another order, is refused', () => {
    const [a, b, c] = good.shares as [
      Certificate['shares'][0],
      Certificate['shares'][0],
      Certificate['shares'][0],
    ]
    expect(codeOf({ head, shares: [a, a, b, c] }, FIVE, book)).toBe('MALFORMED')
    expect(codeOf({ head, shares: good.shares.toReversed() }, FIVE, book)).toBe('MALFORMED')
  })

  it('with a signer who is no voter, or no voter any more, is refused', () => {
    expect(codeOf(book.certificate(head, voterSet(0, 1, 3, 7)), FIVE, book)).toBe('NOT_IN_COMMITTEE')
    const without4 = config(1, [0, 1, 2, 3])
    expect(codeOf(good, without4, book)).toBe('NOT_IN_COMMITTEE')
  })

  it.each([
    ['group', config(1, [0, 1, 2, 3, 4], [], { group: 2 })],
    ['generation', config(1, [0, 1, 2, 3, 4], [], { generation: 1 })],
    ['config', config(2, [0, 1, 2, 3, 4])],
  ])('of another %s is refused', (_, other) => {
    expect(codeOf(good, other, book)).toBe('CONFLICT')
  })

  it('with a signature for another head, or by another voter, is refused', () => {
    const other = book.certificate(treeHead({ root: hashOf('other') }), voterSet(0, 1, 3, 4))
    expect(codeOf({ head, shares: other.shares }, FIVE, book)).toBe('BAD_SIGNATURE')
    const [a, b, ...rest] = good.shares as [Certificate['shares'][0], Certificate['shares'][0]]
    const swapped = [{ ...a, s: b.s }, { ...b, s: a.s }, ...rest]
    expect(codeOf({ head, shares: swapped }, FIVE, book)).toBe('BAD_SIGNATURE')
  })

  it('of a joint config needs enough of both sets', () => {
    const joint = config(1, [3, 4, 5, 6], [0, 1, 2, 3])
    expect(codeOf(book.certificate(head, voterSet(0, 1, 2, 4, 5, 6)), joint, book)).toBe('ok')
    expect(codeOf(book.certificate(head, voterSet(0, 1, 3, 4, 5)), joint, book)).toBe('ok')
    expect(codeOf(book.certificate(head, voterSet(0, 1, 4, 5, 6)), joint, book)).toBe('BAD_SIGNATURE')
    expect(codeOf(book.certificate(head, voterSet(0, 1, 2, 4, 5)), joint, book)).toBe('BAD_SIGNATURE')
  })

  it('does not judge signatures when it cannot hold anyway', () => {
    let judged = 0
    const context = { liars: F, sha256, judge: () => ++judged > 0 }
    verifyCertificate(book.certificate(head, voterSet(0, 1, 3)), FIVE, context)
    verifyCertificate(book.certificate(head, voterSet(0, 1, 3, 7)), FIVE, context)
    verifyCertificate(good, config(2, [0, 1, 2, 3, 4]), context)
    expect(judged).toBe(0)
  })
})

describe('forged certificates', () => {
  it('are refused: 10,000 mutations, of bytes and of parts, and never another head than was signed (B5)', () => {
    const book = new SignatureBook()
    const heads = Array.from({ length: 6 }, (_, i) =>
      treeHead({ group: i % 3, size: 10 + i, root: hashOf(`root ${i}`) }),
    )
    const shares = VOTERS.slice(0, 8).map((voter) => book.sign(voter, heads))
    const of = config(1, [0, 1, 2, 3, 4])
    const pick = fc.nat({ max: 1_000 })
    const mutation = fc.record({ what: fc.nat({ max: 9 }), a: pick, b: pick, c: pick })
    let refused = 0
    let same = 0
    fc.assert(
      fc.property(fc.array(mutation, { minLength: 1, maxLength: 3 }), (mutations) => {
        const original = certificateOf(1)
        let mutated: Certificate | undefined = original
        for (const one of mutations) mutated = mutate(mutated, one)
        const verified = mutated && verifyCertificate(mutated, of, book.context(F))
        if (verified?.ok !== true) refused++
        else {
          same++
          expect(verified.value).toEqual(original.head)
          expect(new Set(mutated?.shares.map(({ voter }) => voter)).size).toBeGreaterThanOrEqual(4)
        }
      }),
      { numRuns: 10_000 },
    )
    expect(refused + same).toBe(10_000)
    expect(refused).toBeGreaterThan(8_500)

    function certificateOf(at: number): Certificate {
      const head = heads[at] as Certificate['head']
      const four = shares.slice(0, 4).map((ofVoter) => ofVoter[at] as Certificate['shares'][0])
      return { head, shares: four.map(({ voter, path, s }) => ({ voter, path, s })) }
    }

    function mutate(
      certificate: Certificate | undefined,
      { what, a, b, c }: { what: number; a: number; b: number; c: number },
    ): Certificate | undefined {
      if (certificate === undefined) return undefined
      const list = [...certificate.shares]
      const at = a % Math.max(list.length, 1)
      const other = certificateOf(b % heads.length)
      switch (what) {
        case 0: // a share goes
          list.splice(at, 1)
          return { ...certificate, shares: list }
        case 1: // one is repeated
          return { ...certificate, shares: [...list.slice(0, at + 1), ...list.slice(at)] }
        case 2: // by somebody else
          return {
            ...certificate,
            shares: list.map((one, i) => (i === at ? { ...one, voter: VOTERS[b % 9] as never } : one)),
          }
        case 3: // the head of another
          return { ...certificate, head: other.head }
        case 4: // a field of the head
          return { ...certificate, head: { ...certificate.head, ...fieldOf(b, c) } }
        case 5: // a signature of another
          return {
            ...certificate,
            shares: list.map((one, i) =>
              i === at ? { ...one, s: (other.shares[c % 4] as typeof one).s } : one,
            ),
          }
        case 6: // a path of another
          return {
            ...certificate,
            shares: list.map((one, i) =>
              i === at ? { ...one, path: (other.shares[c % 4] as typeof one).path } : one,
            ),
          }
        case 7: // a path that is shorter
          return {
            ...certificate,
            shares: list.map((one, i) => (i === at ? { ...one, path: one.path.slice(1) } : one)),
          }
        case 8: // a stranger more, who signed
          return { ...certificate, shares: [...list, shares[5 + (b % 3)]?.[1] as Certificate['shares'][0]] }
        default: {
          const bytes = encodeCertificate(certificate)
          const place = (a * 1_000 + b) % bytes.length
          bytes[place] = (bytes[place] ?? 0) ^ (1 << (c % 8))
          const decoded = decodeCertificate(bytes)
          return decoded.ok ? decoded.value : undefined
        }
      }
    }

    function fieldOf(which: number, value: number): object {
      const fields = [
        { group: value },
        { generation: value + 1 },
        { config: value + 2 },
        { size: value + 100 },
        { root: hashOf(String(value)) },
        { state: hashOf(String(value)) },
      ]
      return fields[which % fields.length] as object
    }
  })
})

describe('a certificate with real keys', () => {
  it('is made of shares over all groups of a turn, and holds in its network alone', () => {
    const net = cidOf(Uint8Array.of(1), sha256)
    const keys = acceptedKeys(nodeCrypto)
    const secrets = [1, 2, 3, 4].map((i) => new Uint8Array(32).fill(i) as SecretKey)
    const voters = secrets
      .map((secret) => ({ secret, did: didOfKey(nodeCrypto.publicKeyOf(secret)) }))
      .sort((a, b) => (a.did < b.did ? -1 : 1))
    const of = { ...config(1, []), voters: voters.map(({ did }) => did) }
    const heads = [1, 5, 9].map((group) => treeHead({ group }))
    const at = 0
    let collecting = startCollecting(heads[at] as never, of, 1)
    let certificate: Certificate | undefined
    for (const { secret, did } of voters) {
      const s = signStatement(nodeCrypto, 'seal-share', net, secret, shareRoot(heads, sha256))
      const sent = decodeShares(encodeShares({ voter: did, heads, s }))
      const share = sent.ok ? sharesOf(sent.value, sha256)[at] : undefined
      if (share !== undefined) ({ collecting, certificate } = stepCollecting(collecting, share))
    }
    expect(certificate?.shares.length).toBe(3)
    const read = decodeCertificate(encodeCertificate(certificate as Certificate))
    if (!read.ok) throw new Error(read.error.message)
    const judgeIn = (cid: typeof net) => shareJudge(cid, keys, nodeCrypto.verify.bind(nodeCrypto))
    const verify = (cid: typeof net) =>
      verifyCertificate(read.value, of, { liars: 1, judge: judgeIn(cid), sha256 })
    expect(verify(net)).toEqual({ ok: true, value: heads[at] })
    expect(verify(cidOf(Uint8Array.of(2), sha256))).toMatchObject({ error: { code: 'BAD_SIGNATURE' } })
  })
})
