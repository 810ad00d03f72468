import { encodeDagCbor } from '../../codec/dag-cbor/encode.ts'
import type { Ipld } from '../../codec/ipld.ts'
import { leafHash } from '../../codec/merkle/hash.ts'
import { merkleRoot } from '../../codec/merkle/root.ts'
import { compareText } from '../../model/compare-text.ts'
import { assert } from '../../model/fault.ts'
import type { Did } from '../../model/ids.ts'
import type { Micro } from '../../model/micro.ts'
import type { Sha256 } from '../../ports/crypto.ts'

/**
 * An active verifier with all that its weight follows from, as the hub held it in one slot. What no registered
 * attestor signed is absent: all such members are one class together, "unverified", for weight and caps alike.
 * Source: economy.md, "Pools, reputation, committees".
 */
export interface RosterMember {
  readonly did: Did
  /** Attested organisation. */
  readonly org?: string
  /** Attested autonomous system number. */
  readonly asn?: number
  /** Attested region. */
  readonly region?: string
  /** Stake that no seat, bond or unbonding holds. */
  readonly freeStake: Micro
  /** 0 to 1,000,000. */
  readonly reputationPpm: number
  /** 0 to 1,000,000. */
  readonly recencyPpm: number
  /** True for one that runs in attested hardware. */
  readonly tee: boolean
  /** What it can judge; none twice. */
  readonly capabilities: readonly string[]
}

/** By DID bytes, ascending: the order of the roster's tree and of every draw. Asserts that nobody stands twice. */
export function sortRoster(members: readonly RosterMember[]): readonly RosterMember[] {
  if (isSorted(members)) return members
  const sorted = members.toSorted((a, b) => compareText(a.did, b.did))
  assert(isSorted(sorted), 'a roster has a member once')
  return sorted
}

function isSorted(members: readonly RosterMember[]): boolean {
  return members.every(({ did }, at) => at === 0 || (members[at - 1] as RosterMember).did < did)
}

/** The leaf of one member: amounts as text, capabilities ascending, an unattested attribute left out. */
export function rosterMemberToIpld(member: RosterMember): { readonly [key: string]: Ipld } {
  const { did, org, asn, region, freeStake, reputationPpm, recencyPpm, tee, capabilities } = member
  return {
    did,
    ...(org === undefined ? {} : { org }),
    ...(asn === undefined ? {} : { asn }),
    ...(region === undefined ? {} : { region }),
    free_stake: freeStake.toString(),
    reputation: reputationPpm,
    recency: recencyPpm,
    tee,
    capabilities: capabilities.toSorted(compareText),
  }
}

/**
 * RFC 6962 root over the members' leaves in dag-cbor, sorted by DID bytes, in whatever order they are given; of nobody
 * sha256 of nothing. Source: consensus.md, "Time and chance" (roster root of a slot).
 */
export function rosterRoot(members: readonly RosterMember[], sha256: Sha256): Uint8Array {
  const leaves = sortRoster(members).map((member) => encodeDagCbor(rosterMemberToIpld(member)))
  return merkleRoot(
    leaves.map((leaf) => leafHash(leaf, sha256)),
    sha256,
  )
}
