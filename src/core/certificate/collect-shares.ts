import type { Certificate } from '../../codec/certificate/certificate.ts'
import type { SealShare } from '../../codec/certificate/share.ts'
import { equalTreeHeads, type TreeHead } from '../../codec/certificate/tree-head.ts'
import type { VoterConfig } from '../../codec/certificate/voter-config.ts'
import { hasQuorum, isQuorum, isVoter } from './quorum.ts'

/** Shares for one head that were found good, in the order in which they came. */
export interface Collecting {
  readonly head: TreeHead
  readonly config: VoterConfig
  /** Liars that the network withstands. */
  readonly liars: number
  readonly shares: readonly SealShare[]
}

export interface CollectStep {
  readonly collecting: Collecting
  /** There from the share on that completes it, and the same afterwards. */
  readonly certificate: Certificate | undefined
}

export function startCollecting(head: TreeHead, config: VoterConfig, liars: number): Collecting {
  return { head, config, liars, shares: [] }
}

/**
 * Takes a share whose signature was judged good. One of another head, of no voter, of a voter that gave one, or of no
 * use any more changes nothing.
 */
export function stepCollecting(collecting: Collecting, share: SealShare): CollectStep {
  const isTaken = isOfUse(collecting, share)
  const next = isTaken ? { ...collecting, shares: [...collecting.shares, share] } : collecting
  return { collecting: next, certificate: certificateFrom(next) }
}

function isOfUse({ head, config, liars, shares }: Collecting, share: SealShare): boolean {
  const { voter } = share
  if (!equalTreeHeads(head, share.head) || !isVoter(config, voter)) return false
  const signers = new Set(shares.map((one) => one.voter))
  if (signers.has(voter)) return false
  const isNeededIn = (set: VoterConfig['voters']) => set.includes(voter) && !hasQuorum(set, liars, signers)
  return isNeededIn(config.voters) || isNeededIn(config.outgoing)
}

function certificateFrom({ head, config, liars, shares }: Collecting): Certificate | undefined {
  if (!isQuorum(config, liars, new Set(shares.map(({ voter }) => voter)))) return undefined
  const sorted = shares.toSorted((a, b) => (a.voter < b.voter ? -1 : 1))
  return { head, shares: sorted.map(({ voter, path, s }) => ({ voter, path, s })) }
}
