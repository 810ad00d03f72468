/**
 * Who has a claim to be heard in a need. A pool is bounded, and anybody can speak: what strangers say must not take the
 * room of those from whose words, or silence, entries follow. Source: lifecycle.md, "Entries of a need".
 */
import type { Did } from '../../model/ids.ts'
import { type BucketTables, challengeKey, committeeKey } from '../bucket/tables.ts'
import type { View } from '../records/view.ts'

/** The higher, the better the claim. `known`: it is registered, and may become a bidder or a challenger. */
export const STANDING = { stranger: 0, known: 1, party: 2 } as const

export type Standing = (typeof STANDING)[keyof typeof STANDING]

/** The standing of a sender in one need, as the state is. */
export type StandingOf = (sender: Did) => Standing

/** Where nothing is known of a need, nobody has a better claim than another. */
export const ALL_STRANGERS: StandingOf = () => STANDING.stranger

/**
 * Requester, invited, bidders, workers, seats of every role and challengers of a need are its parties. `isKnown` says who is
 * registered. The parties are put together when a sender is first asked about.
 */
export function standingIn(
  view: View<BucketTables>,
  need: string,
  isKnown: (sender: Did) => boolean,
): StandingOf {
  let parties: ReadonlySet<Did> | undefined
  return (sender) => {
    parties ??= partiesOf(view, need)
    if (parties.has(sender)) return STANDING.party
    return isKnown(sender) ? STANDING.known : STANDING.stranger
  }
}

function partiesOf(view: View<BucketTables>, need: string): ReadonlySet<Did> {
  const [terms, record] = [view.get('terms', need), view.get('needs', need)]
  const { attempt = 0, bidders = [], challenges = [] } = record ?? {}
  const seats = [
    committeeKey(need, 'plan', 0),
    ...Array.from({ length: attempt + 1 }, (_, at) => committeeKey(need, 'result', at)),
    ...challenges.map((id) => committeeKey(need, 'challenge', id)),
  ].flatMap((key) => view.get('committees', key)?.seats ?? [])
  const challengers = challenges.flatMap(
    (id) => view.get('challenges', challengeKey(need, id))?.challenger ?? [],
  )
  const invited = terms === undefined ? [] : [terms.requester, ...terms.invited]
  return new Set([...invited, ...bidders, ...seats, ...challengers])
}
