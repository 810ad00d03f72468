import { parseDid } from '../../codec/did/did-key.ts'
import { WireReader } from '../../codec/raft-frame/wire-reader.ts'
import { WireWriter } from '../../codec/raft-frame/wire-writer.ts'
import { certificateQuorum, isQuorum } from '../../core/certificate/quorum.ts'
import { configAt, openLinks, type SealedLog } from '../../core/certificate/sealed-log.ts'
import type { Did } from '../../model/ids.ts'
import { assertRaftId, type GroupId, type LogIndex, type RaftId } from '../../model/raft.ts'
import { err, ok, type Result } from '../../model/result.ts'
import type { GroupStatus, MembershipChange, Refusal } from '../../ports/consensus-engine.ts'
import type { HostCore } from './host-core.ts'

const PROMOTE = 1

/** Adds a node as a learner that becomes a voter once it has caught up (M4). */
export function addLearnerThenVoter(id: RaftId): MembershipChange {
  return { transition: 'auto', parts: [{ kind: 'add-learner', id }], context: Uint8Array.of(PROMOTE) }
}

/** Whether a change said that its learner is to become a voter. */
export function isPromotion(context: Uint8Array): boolean {
  return context[0] === PROMOTE
}

/** The change, with the keys of the nodes that it adds. Its context: one byte whether to promote, then the names. */
function withNames(change: MembershipChange, names: readonly (readonly [RaftId, Did])[]): MembershipChange {
  if (names.length === 0) return change
  const out = new WireWriter()
  out.u8(isPromotion(change.context) ? PROMOTE : 0)
  out.list(names, ([id, did]) => {
    out.number(id)
    out.text(did)
  })
  return { ...change, context: out.finish() }
}

/** Keys that a change names; none where it has another form. */
export function namesIn(context: Uint8Array): ReadonlyMap<RaftId, Did> {
  if (context.length <= 1) return new Map()
  const from = new WireReader(context)
  from.u8()
  const names = from.list(
    12,
    () => [assertRaftId(Math.max(1, from.number())), parseDid(from.text(128))] as const,
  )
  const sound = names.flatMap(([id, did]): [RaftId, Did][] => (did.ok ? [[id, did.value]] : []))
  return from.done && sound.length === names.length ? new Map(sound) : new Map()
}

/** Any other change, with nothing carried along. Several parts make it joint. */
export function plainChange(...parts: MembershipChange['parts']): MembershipChange {
  return { transition: 'auto', parts, context: new Uint8Array(0) }
}

/**
 * What a leader does next about learners that are to become voters: promote one that has caught up, drop one that
 * did not within its time, or nothing. `waited`: ticks since this leader first saw each.
 */
export function nextPromotion(
  promoting: ReadonlyMap<RaftId, LogIndex>,
  status: GroupStatus,
  waited: (id: RaftId) => number,
  ticksMax: number,
): MembershipChange | undefined {
  if (status.role !== 'leader' || status.membership.outgoing.length > 0) return undefined
  for (const id of promoting.keys()) {
    const progress = status.progress.find((member) => member.id === id)
    const isCaughtUp = progress?.state === 'replicate' && progress.match >= status.commit
    if (isCaughtUp && progress.active) return plainChange({ kind: 'add-voter', id })
    if (waited(id) > ticksMax) return plainChange({ kind: 'remove', id })
  }
  return undefined
}

/** To whom leadership should go: the voter that has most of the log, of those that are heard of and may lead. */
export function bestSuccessor(
  status: GroupStatus,
  self: RaftId,
  mayLead: (peer: RaftId) => boolean,
): RaftId | undefined {
  const { progress, membership } = status
  const fit = progress.filter(
    ({ id, active, learner, state }) =>
      id !== self &&
      active &&
      !learner &&
      state === 'replicate' &&
      membership.voters.includes(id) &&
      mayLead(id),
  )
  return fit.toSorted((a, b) => b.match - a.match || a.id - b.id)[0]?.id
}

/**
 * Which voter should lead a group: they take turns by the group's number, so that leaders of many groups on the same
 * voters are even to one, whoever computes it, and nothing goes back and forth. Source: raft-host-catalogue T3.
 */
export function preferredLeader(group: number, voters: readonly RaftId[]): RaftId | undefined {
  return voters.toSorted((a, b) => a - b)[group % voters.length]
}

/**
 * Where groups have certificates, a change names the keys of those it adds. Refuses when nobody here knows one, and when
 * the change, or one before it, could not be certified: those who stay must be a quorum of the voters before it, since nobody
 * can make the others apply their own removal, and of those before each change whose certificate is not there yet; and the
 * voters after it must be able to be one.
 */
export function namedChange(
  { certification, groups }: HostCore,
  group: GroupId,
  change: MembershipChange,
): Result<MembershipChange, Refusal> {
  const replica = groups.get(group)?.replica
  const sealed = replica?.sealed
  if (sealed === undefined || certification === undefined) return ok(change)
  const { liars } = certification.rules
  const voters: readonly RaftId[] = replica?.membership.voters ?? []
  const stay = voters.filter(
    (id) => !change.parts.some((part) => part.id === id && part.kind !== 'add-voter'),
  )
  const newcomers = change.parts.filter(({ kind, id }) => kind === 'add-voter' && !voters.includes(id))
  const after = stay.length + newcomers.length
  const isLost = stay.length < voters.length && stay.length < certificateQuorum(voters.length, liars)
  if (isLost && voters.length > SMALL) {
    return refused(`of ${voters.length} voters too few stay to certify the change`)
  }
  const isGone = stay.length < voters.length && !canCertifyOpen(sealed, new Set(stay), liars)
  if (isGone) return refused('a change before is not certified yet, and too few of those who must do it stay')
  if (after < certificateQuorum(after, liars)) return refused(`${after} voters could certify nothing`)
  const fresh = change.parts.filter(({ kind, id }) => kind !== 'remove' && !sealed.members.has(id))
  const names = fresh.flatMap(({ id }): [RaftId, Did][] => {
    const did = certification.didOf(id)
    return did === undefined ? [] : [[id, did]]
  })
  if (names.length === fresh.length) return ok(withNames(change, names))
  return refused('the key of a node that is to be added is not known')
}

/** Whether those who stay can certify each change of voters that is not certified yet: each is signed by the voters before it. */
function canCertifyOpen(sealed: SealedLog, stay: ReadonlySet<RaftId>, liars: number): boolean {
  const signers = new Set([...stay].flatMap((id) => sealed.members.get(id) ?? []))
  return openLinks(sealed).every(({ head }) => {
    const size = head?.size ?? sealed.tree.size
    return isQuorum(configAt(sealed, size), liars, signers)
  })
}

/** Of two voters one may go, although the other alone cannot certify it: it is asked while it still listens. */
const SMALL = 2

function refused(detail: string): Result<never, Refusal> {
  return err({ reason: 'conf-invalid', detail })
}
