import type { Did } from '../../model/ids.ts'
import type { Parameters } from '../../model/parameters.ts'

/** Who somebody is, as far as registered attestors signed it. */
export interface Party {
  readonly did: Did
  readonly org?: string
  readonly asn?: number
}

/** Keys of the links that both sides signed, by `linkKey`. */
export type Links = ReadonlySet<string>

/** The one key of a link between two accounts, whoever signed first. */
export function linkKey(a: Did, b: Did): string {
  return a < b ? `${a} ${b}` : `${b} ${a}`
}

/**
 * True for the same account, the same attested organisation, the same attested autonomous system, or a link that both
 * signed; never by a transfer, and never through a third party. Always false where the network turns the rule off.
 * Source: economy.md, "Pools, reputation, committees" (Related parties).
 */
export function areRelated(
  a: Party,
  b: Party,
  links: Links,
  { relatedPartyRule }: Pick<Parameters, 'relatedPartyRule'>,
): boolean {
  if (relatedPartyRule === 0) return false
  if (a.did === b.did || links.has(linkKey(a.did, b.did))) return true
  return isShared(a.org, b.org) || isShared(a.asn, b.asn)
}

/** Those of `among` who are related to any of `parties`. */
export function relatedTo(
  parties: readonly Party[],
  among: readonly Party[],
  links: Links,
  parameters: Pick<Parameters, 'relatedPartyRule'>,
): ReadonlySet<Did> {
  const found = among.filter((one) => parties.some((party) => areRelated(one, party, links, parameters)))
  return new Set(found.map(({ did }) => did))
}

/** What nobody attested is shared with nobody. */
function isShared<Value>(a: Value | undefined, b: Value | undefined): boolean {
  return a !== undefined && a === b
}
