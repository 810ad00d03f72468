import type { Did } from '../../model/ids.ts'
import type { Parameters } from '../../model/parameters.ts'
import { isqrt } from './isqrt.ts'
import { type RosterMember, sortRoster } from './roster.ts'

const WHOLE = 1_000_000

/**
 * Chance of each member in a draw, in no unit: only ratios count. An organisation weighs the integer square root of
 * its free stake (µcr), shared among its members by free stake, times reputation, times recency, for attested
 * hardware times `teeWeightPpm`; all of it in one division, rounded down. Members without an attested organisation
 * are one organisation together: so no splitting of a stake among identities gains anything, rounding included.
 * The map's order is that of the DIDs. Source: economy.md, "Pools, reputation, committees" (Weight).
 */
export function weightsOf(
  members: readonly RosterMember[],
  parameters: Parameters,
): ReadonlyMap<Did, bigint> {
  const stakes = new Map<string | undefined, bigint>()
  for (const { org, freeStake } of members) stakes.set(org, (stakes.get(org) ?? 0n) + freeStake)
  const roots = new Map([...stakes].map(([org, stake]) => [org, isqrt(stake)]))
  return new Map(
    sortRoster(members).map((member) => {
      const stake = stakes.get(member.org) ?? 0n
      const root = roots.get(member.org) ?? 0n
      return [member.did, stake === 0n ? 0n : (root * inputsOf(member, parameters)) / (stake * SCALE)]
    }),
  )
}

/** What is left of the three ppm factors keeps small members apart: a weight is in millionths of sqrt(µcr). */
const SCALE = BigInt(WHOLE) * BigInt(WHOLE)

function inputsOf(
  { freeStake, reputationPpm, recencyPpm, tee }: RosterMember,
  { teeWeightPpm }: Parameters,
): bigint {
  const standing = BigInt(reputationPpm) * BigInt(recencyPpm) * BigInt(tee ? teeWeightPpm : WHOLE)
  return freeStake * standing
}
