import { equalBytes } from '../../codec/bytes.ts'
import type { Certificate } from '../../codec/certificate/certificate.ts'
import type { DoubleSigning } from '../../codec/certificate/double-signing.ts'
import type { SealShare } from '../../codec/certificate/share.ts'
import type { JudgeShare } from '../../codec/certificate/share-judge.ts'
import { isSameSize } from '../../codec/certificate/tree-head.ts'
import type { Did } from '../../model/ids.ts'
import { type Rejection, reject } from '../../model/rejection.ts'
import { ok, type Result } from '../../model/result.ts'
import type { Sha256 } from '../../ports/crypto.ts'
import { verifyShare } from './verify-certificate.ts'

/**
 * Evidence that two good shares give, undefined when they give none: one voter, one group, generation and size, two
 * roots. Shares of different generations are never evidence. Source: consensus.md, "Certificates" and "Partitions".
 */
export function doubleSigningOf(first: SealShare, second: SealShare): DoubleSigning | undefined {
  return isContradiction(first, second) ? { first, second } : undefined
}

/** Everybody who signed two certificates of one size and two roots: with good quorums more than f voters. */
export function doubleSigners(a: Certificate, b: Certificate): readonly DoubleSigning[] {
  const seconds = new Map(b.shares.map((share) => [share.voter, share]))
  return a.shares.flatMap((share) => {
    const second = seconds.get(share.voter)
    const evidence = second && doubleSigningOf({ ...share, head: a.head }, { ...second, head: b.head })
    return evidence === undefined ? [] : [evidence]
  })
}

/**
 * The voter whom evidence convicts. Rejects MALFORMED when the shares do not contradict one another, BAD_SIGNATURE
 * when it did not sign both: nobody can be slashed by what others made up.
 */
export function verifyDoubleSigning(
  { first, second }: DoubleSigning,
  judge: JudgeShare,
  sha256: Sha256,
): Result<Did, Rejection> {
  if (!isContradiction(first, second)) return reject('MALFORMED', 'the shares do not contradict one another')
  if (!verifyShare(first, judge, sha256)) return reject('BAD_SIGNATURE', 'the voter did not sign it', 'first')
  if (!verifyShare(second, judge, sha256))
    return reject('BAD_SIGNATURE', 'the voter did not sign it', 'second')
  return ok(first.voter)
}

function isContradiction(first: SealShare, second: SealShare): boolean {
  const { head: a } = first
  const { head: b } = second
  return first.voter === second.voter && isSameSize(a, b) && !equalBytes(a.root, b.root)
}
