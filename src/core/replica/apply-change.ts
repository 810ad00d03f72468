import type { Did } from '../../model/ids.ts'
import type { RaftId } from '../../model/raft.ts'
import type { Membership } from '../../ports/consensus-group.ts'
import type { Sha256 } from '../../ports/crypto.ts'
import { appendVoters, changesVoters } from '../certificate/sealed-log.ts'
import type { Replica } from './replica.ts'
import { countItem } from './write.ts'

/**
 * Whether a change of members says enough for certificates: each newcomer has a key, and none that another member
 * has. One that does not is passed over, the same on every replica. A node that lost its notes comes back with
 * its key only once it was out, so that it never signs a size for the second time.
 */
export function namesMembers(
  replica: Replica,
  added: readonly RaftId[],
  names: ReadonlyMap<RaftId, Did>,
): boolean {
  const { sealed } = replica
  if (sealed === undefined) return true
  const current = membersOf(replica.membership)
  const taken = new Map([...current].flatMap((id) => entryOf(sealed.members, id)))
  for (const id of added) {
    const [known, named] = [sealed.members.get(id), names.get(id)]
    const did = known ?? named
    if (did === undefined || (named !== undefined && named !== did)) return false
    const holder = taken.get(did)
    if (holder !== undefined && holder !== id) return false
    taken.set(did, id)
  }
  return true
}

/** The members changed: with other voters the change is a leaf of the group's tree, which is given back. */
export function changeMembers(
  replica: Replica,
  membership: Membership,
  names: ReadonlyMap<RaftId, Did>,
  sha256: Sha256,
): Uint8Array | undefined {
  replica.membership = membership
  const { sealed } = replica
  if (sealed === undefined) return undefined
  const current = membersOf(membership)
  for (const [id, did] of names) {
    if (current.has(id) && !sealed.members.has(id)) sealed.members.set(id, did)
  }
  const [voters, outgoing] = [membership.voters, membership.outgoing].map((ids) =>
    didsOf(sealed.members, ids),
  )
  if (voters === undefined || outgoing === undefined) return undefined
  if (!changesVoters(sealed, voters, outgoing)) return undefined
  const leaf = appendVoters(sealed, voters, outgoing, sha256)
  countItem(replica)
  return leaf
}

/** Keys of members, ascending. Those whose key nobody knows are left out: there are none. */
export function didsOf(members: ReadonlyMap<RaftId, Did>, ids: readonly RaftId[]): readonly Did[] {
  return ids.flatMap((id) => members.get(id) ?? []).toSorted((a, b) => (a < b ? -1 : 1))
}

function membersOf({ voters, learners, outgoing, learnersNext }: Membership): ReadonlySet<RaftId> {
  return new Set([...voters, ...learners, ...outgoing, ...learnersNext])
}

function entryOf(members: ReadonlyMap<RaftId, Did>, id: RaftId): readonly (readonly [Did, RaftId])[] {
  const did = members.get(id)
  return did === undefined ? [] : [[did, id]]
}
