import { compareText } from '../../../model/compare-text.ts'
import type { Did } from '../../../model/ids.ts'
import type { Isolation, Offer, Wish } from './offer.ts'

/** The first thing that kept an agent out. */
export type Unfit = 'capability' | 'schema' | 'zone' | 'isolation' | 'budget' | 'deadline' | 'too-many'

export interface Filtered {
  /** By reputation, then by smaller DID; at most `CANDIDATES_MAX`. */
  readonly passed: readonly Offer[]
  /** Why each of the others did not, by DID: an agent can see why it was not asked. */
  readonly out: readonly { readonly did: Did; readonly why: Unfit }[]
}

export const CANDIDATES_MAX = 100

/** Agents that could do the work within the constraints. Source: economy.md, "Auction, leases, routing" (FILTER). */
export function filterOffers(offers: readonly Offer[], wish: Wish): Filtered {
  const judged = offers
    .toSorted((a, b) => b.reputationPpm - a.reputationPpm || compareText(a.did, b.did))
    .map((offer) => ({ offer, why: unfit(offer, wish) }))
  const fit = judged.filter(({ why }) => why === undefined).map(({ offer }) => offer)
  const out = [
    ...judged.flatMap(({ offer, why }) => (why === undefined ? [] : [{ did: offer.did, why }])),
    ...fit.slice(CANDIDATES_MAX).map(({ did }) => ({ did, why: 'too-many' as const })),
  ]
  return { passed: fit.slice(0, CANDIDATES_MAX), out: out.sort((a, b) => compareText(a.did, b.did)) }
}

const ISOLATIONS: readonly Isolation[] = ['none', 'sandbox', 'vm']

function unfit(offer: Offer, wish: Wish): Unfit | undefined {
  if (!offer.capabilities.includes(wish.capability)) return 'capability'
  if (!covers(offer.takes, wish.takes) || !covers(offer.gives, wish.gives)) return 'schema'
  if (wish.zone !== undefined && offer.zone !== undefined && offer.zone !== wish.zone) return 'zone'
  if (ISOLATIONS.indexOf(offer.isolation) < ISOLATIONS.indexOf(wish.isolation)) return 'isolation'
  if (offer.price > wish.budget) return 'budget'
  return offer.latencyMs > wish.deadlineMs ? 'deadline' : undefined
}

function covers(names: readonly string[], name: string | undefined): boolean {
  return name === undefined || names.includes(name)
}
