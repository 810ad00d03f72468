import type { VoterConfig } from '../../codec/certificate/voter-config.ts'
import type { Did } from '../../model/ids.ts'

/**
 * Signatures of `voters` voters that make a certificate where up to `liars` lie: floor((n + f) / 2) + 1. Two such
 * sets share more than f voters, so at least one honest one. May be above n: then nothing is ever certified.
 * Source: consensus.md, "Certificates".
 */
export function certificateQuorum(voters: number, liars: number): number {
  return Math.floor((voters + liars) / 2) + 1
}

/** True when these voters are enough: of each set of a joint config for itself. Others than voters do not count. */
export function isQuorum(
  { voters, outgoing }: VoterConfig,
  liars: number,
  signers: ReadonlySet<Did>,
): boolean {
  return hasQuorum(voters, liars, signers) && (outgoing.length === 0 || hasQuorum(outgoing, liars, signers))
}

/** True when one more of this set is of use: it has no quorum yet. */
export function hasQuorum(set: readonly Did[], liars: number, signers: ReadonlySet<Did>): boolean {
  let signed = 0
  for (const voter of set) if (signers.has(voter)) signed += 1
  return signed >= certificateQuorum(set.length, liars)
}

export function isVoter({ voters, outgoing }: VoterConfig, did: Did): boolean {
  return voters.includes(did) || outgoing.includes(did)
}
