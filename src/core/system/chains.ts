/** Voters' hash chains. Source: consensus.md, "Time and chance: slots". */
import { equalBytes } from '../../codec/bytes.ts'
import type { Sha256 } from '../../ports/crypto.ts'
import { partOf, slashable, slashSplit, slashStake } from '../ledger/slash.ts'
import type { Chain } from './tables.ts'
import type { Turn } from './turn.ts'

/** Turns in a row without a link that are slashed as silence: a voter that was away for one or two is not. */
export const MISSED_TURNS_MAX = 16

/** The chain as slot `n` finds it: the next one takes its place from the slot on that it names. */
export function inForce(chain: Chain | undefined, n: number): Chain | undefined {
  if (chain?.next === undefined || chain.next.from > n) return chain
  const { anchor, length } = chain.next
  return { anchor, left: length, serial: chain.serial, missed: chain.missed }
}

/** True for the link that the chain shows next. */
export function isNextLink({ anchor, left }: Chain, link: Uint8Array, sha256: Sha256): boolean {
  return left > 0 && equalBytes(sha256(link), anchor)
}

export function useLink(chain: Chain, link: Uint8Array): Chain {
  return { ...chain, anchor: link, left: chain.left - 1, missed: 0 }
}

/** Withholding again and again is slashed, like silence in a seat. */
export function missLink(turn: Turn, voter: string, chain: Chain): void {
  const missed = chain.missed + 1
  const isTooOften = missed >= MISSED_TURNS_MAX
  turn.draft.put('chains', voter, { ...chain, missed: isTooOften ? 0 : missed })
  if (!isTooOften) return
  const { book, network, settings } = turn
  const wanted = partOf(slashable(book.account(voter)), settings.parameters.slashSilencePpm)
  slashStake(book, voter, 0n, wanted, undefined, slashSplit(network.isBootstrap, settings.parameters))
}
