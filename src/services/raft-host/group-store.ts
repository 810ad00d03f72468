import { concatBytes, equalBytes } from '../../codec/bytes.ts'
import { decodeSealNote } from '../../codec/certificate/seal-note.ts'
import type { TreeHead } from '../../codec/certificate/tree-head.ts'
import { foundSealedLog, type SealedLog } from '../../core/certificate/sealed-log.ts'
import { didsOf } from '../../core/replica/apply-change.ts'
import { decodeReplica, emptyReplica, encodeReplica } from '../../core/replica/checkpoint.ts'
import type { Replica } from '../../core/replica/replica.ts'
import { assert, FaultError } from '../../model/fault.ts'
import type { Did } from '../../model/ids.ts'
import { assertLogIndex, type GroupId, type LogIndex, type RaftId } from '../../model/raft.ts'
import { err, ok, type Result } from '../../model/result.ts'
import { foundGroup, type HardState, joinGroup, type StoredGroup } from '../../ports/consensus-group.ts'
import type { StateMachine } from '../../ports/state-machine.ts'
import type { Checkpoint, GroupWrites, SoundReplica, StagedChunk } from '../../ports/turn-store.ts'
import type { Certification } from './certification.ts'
import { SEAL_NOTE } from './group-seals.ts'
import type { HostCore } from './host-core.ts'
import { type HostedGroup, makeHostedGroup, membersOf } from './hosted-group.ts'
import { cutState, decodeManifest, encodeManifest } from './snapshot-manifest.ts'

/** Why a group cannot be started from what is stored, and what an operator can do. */
export interface NotStarted {
  readonly what: string
  readonly todo: string
}

const FETCH_AGAIN = 'remove this replica and let it join again under a new raft id'

/** What a new group with these voters begins with; the same on each of them. */
export function foundedGroup(
  core: HostCore,
  group: GroupId,
  machine: StateMachine,
  generation: number,
  voters: readonly RaftId[],
): { readonly writes: GroupWrites; readonly chunks: readonly StagedChunk[] } {
  const { hardState, applied, floor, membership } = foundGroup(voters)
  const sealed = foundedLog(core, group, generation, voters)
  const replica = emptyReplica(machine, group, generation, applied, floor.term, membership, sealed)
  const { checkpoint, chunks } = cutReplica(core, replica, machine, 'snapshot')
  return { writes: { group, checkpoint, hardState }, chunks }
}

/** The tree of a new group and its first voters, as genesis has them; asserts that these are they. */
function foundedLog(
  { certification, sha256 }: HostCore,
  group: GroupId,
  generation: number,
  voters: readonly RaftId[],
): SealedLog | undefined {
  if (certification === undefined) return undefined
  const genesis = certification.rules.genesisOf(group, generation)
  assert(genesis !== undefined, `genesis has no voters of group ${group}`)
  const members = new Map(voters.flatMap((id): [RaftId, Did][] => namedBy(certification, id)))
  assert(
    equalLists(didsOf(members, voters), genesis.voters),
    `the voters of group ${group} are those that genesis names`,
  )
  return foundSealedLog(genesis, members, sha256)
}

function namedBy({ didOf }: Certification, id: RaftId): [RaftId, Did][] {
  const did = didOf(id)
  return did === undefined ? [] : [[id, did]]
}

function equalLists(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((one, at) => one === b[at])
}

/** Writes a replica that knows nothing yet. `false`: no room. */
export function joinStored(core: HostCore, group: GroupId): boolean {
  return core.store.commit({ groups: [{ group, hardState: joinGroup().hardState }] }).kind !== 'full'
}

/** Makes a group out of what is stored and opens it in the engine. Source: raft-host-catalogue B1, B3, B4. */
export function openStored(
  core: HostCore,
  machine: StateMachine,
  stored: SoundReplica,
): Result<HostedGroup, NotStarted> {
  const group = makeHostedGroup(stored.group, machine, stored.hardState)
  const replica = readReplica(core, machine, stored)
  if (!replica.ok) return replica
  if (replica.value?.sealed !== undefined && core.certification === undefined) {
    return err({ what: 'the group has certificates and this node has no keys', todo: 'give it its keys' })
  }
  const noted = readNoted(core, stored)
  if (!noted.ok) return noted
  group.noted = noted.value
  group.replica = replica.value
  group.wasIn = membersOf(replica.value).has(core.self)
  group.checkpoint = stored.checkpoint
  group.floor = stored.floor.index
  const last = stored.entries.at(-1)
  group.last = last?.index ?? stored.floor.index
  group.lastTerm = last?.term ?? stored.floor.term
  const settings = { ...core.settings.group, id: core.self }
  const opened = core.engine.open(stored.group, settings, forEngine(core, stored, replica.value))
  if (opened.ok) return ok(group)
  return err({ what: `${opened.error.reason}: ${opened.error.detail}`, todo: FETCH_AGAIN })
}

/**
 * Puts the state as it is aside, for the checkpoint that the next write names. Undefined: no room. Its head is the
 * manifest, by which other nodes fetch the very same parts (N3).
 */
function stageState(
  core: HostCore,
  replica: Replica,
  machine: StateMachine,
  kind: Checkpoint['kind'],
): Checkpoint | undefined {
  core.beforeCheckpoint(replica.group)
  const { checkpoint, chunks } = cutReplica(core, replica, machine, kind)
  return core.store.stage(chunks) === 'full' ? undefined : checkpoint
}

function cutReplica(
  core: HostCore,
  replica: Replica,
  machine: StateMachine,
  kind: Checkpoint['kind'],
): { readonly checkpoint: Checkpoint; readonly chunks: readonly StagedChunk[] } {
  const { manifest, parts } = cutState(encodeReplica(machine, replica), core.sha256)
  const chunks = parts.map((bytes, number) => ({ group: replica.group, at: replica.applied, number, bytes }))
  const checkpoint = {
    kind,
    applied: replica.applied,
    term: replica.appliedTerm,
    membership: replica.membership,
    chunks: parts.length,
    bytes: manifest.bytes,
    head: encodeManifest(manifest),
  }
  return { checkpoint, chunks }
}

/**
 * The checkpoint that is due for a group, and the new start of its log: never above the checkpoint, and some entries
 * stay for followers that come back soon (N5, N7). Undefined: not due, or no room.
 */
export function dueCheckpoint(core: HostCore, group: HostedGroup): GroupWrites | undefined {
  const { replica, sinceCheckpoint, checkpoint } = group
  const { checkpointEntries } = core.settings
  const isDue =
    group.checkpointDue ||
    sinceCheckpoint.entries >= checkpointEntries ||
    sinceCheckpoint.bytes >= bytesBetween(core, checkpoint)
  if (replica === undefined || !isDue || checkpoint?.applied === replica.applied) return undefined
  if (isApplying(group)) return undefined
  const made = stageState(core, replica, group.machine, 'own')
  if (made === undefined) return undefined
  const floor = core.mutant === 'compact-too-far' ? made.applied : floorBelow(core, group, made)
  return {
    group: group.id,
    checkpoint: made,
    floor: assertLogIndex(floor),
    hardState: withCommit(group.hard, made.applied),
  }
}

/** Where the log begins once a state is stored: below it where there are members that may come back soon. */
function floorBelow({ self, settings }: HostCore, group: HostedGroup, { applied }: Checkpoint): number {
  const isAlone = [...membersOf(group.replica)].every((member) => member === self)
  return Math.max(group.floor, isAlone ? applied : applied - settings.tailEntries)
}

/**
 * Bytes of entries until a state is stored again: as many as the last has, so that what states cost grows with what is applied,
 * however large they are; but all groups together may have some to apply again after a crash, and one has no more than its bound.
 */
function bytesBetween({ settings, groups }: HostCore, last: Checkpoint | undefined): number {
  const least = settings.checkpointBytesMin / groups.size
  return Math.min(settings.checkpointBytesMax, Math.max(least, last?.bytes ?? 0))
}

/** In the middle of a ready, of which the engine is told when all of it is applied: it knows of no checkpoint before. */
function isApplying({ out }: HostedGroup): boolean {
  return out !== undefined && (out.at > 0 || out.item > 0)
}

/** What the engine needs to know of a replica's log before it: nothing of a log that ends where it begins. */
function forEngine(core: HostCore, stored: SoundReplica, replica: Replica | undefined): StoredGroup {
  const { floor, entries } = stored
  if (replica === undefined) return { ...joinGroup(), hardState: stored.hardState }
  const hardState =
    core.mutant === 'forget-vote' ? { ...stored.hardState, vote: undefined } : stored.hardState
  const founded = foundGroup(
    core.mutant === 'membership-from-start' ? replica.membership.voters.slice(0, 3) : [],
  )
  return {
    hardState: withCommit(hardState, replica.applied),
    applied: replica.applied,
    membership: core.mutant === 'membership-from-start' ? founded.membership : replica.membership,
    floor,
    entries,
  }
}

/** A carried commit index may be lost in a crash: the checkpoint's index is known to be committed all the same. */
function withCommit(hard: HardState, applied: LogIndex): HardState {
  return hard.commit >= applied ? hard : { ...hard, commit: applied }
}

function readReplica(
  core: HostCore,
  machine: StateMachine,
  stored: SoundReplica,
): Result<Replica | undefined, NotStarted> {
  const { group, checkpoint } = stored
  if (checkpoint === undefined) return ok(undefined)
  const read = readState(core, group, checkpoint.applied, checkpoint.head)
  if (!read.ok) return read
  const behind = core.mutant === 'checkpoint-behind' && checkpoint.applied > stored.floor.index + 1 ? 1 : 0
  const place = { ...checkpoint, applied: assertLogIndex(checkpoint.applied - behind) }
  const replica = decodeReplica(machine, group, read.value, place, core.sha256, true)
  return replica.ok ? replica : err({ what: `checkpoint: ${replica.error.message}`, todo: FETCH_AGAIN })
}

/** What this node has signed of the group. */
function readNoted(core: HostCore, { notes }: SoundReplica): Result<readonly TreeHead[], NotStarted> {
  const note = notes.find(({ kind }) => kind === SEAL_NOTE)
  if (note === undefined || core.mutant === 'forget-notes') return ok([])
  const noted = decodeSealNote(note.bytes)
  return noted.ok ? noted : err({ what: 'the note of what was signed', todo: FETCH_AGAIN })
}

/** Parts that were put aside, together, as their manifest says. */
export function readState(
  core: HostCore,
  group: GroupId,
  at: LogIndex,
  head: Uint8Array,
): Result<Uint8Array, NotStarted> {
  const manifest = decodeManifest(head)
  if (!manifest.ok) return err({ what: 'the manifest of the checkpoint', todo: FETCH_AGAIN })
  const parts: Uint8Array[] = []
  for (let number = 0; number < manifest.value.chunks.length; number++) {
    const part = partOf(core, group, at, number)
    if (part === undefined) return err({ what: `part ${number} of the state at ${at}`, todo: FETCH_AGAIN })
    parts.push(part)
  }
  const state = concatBytes(...parts)
  if (equalBytes(core.sha256(state), manifest.value.digest)) return ok(state)
  return err({ what: `the hash of the state at ${at}`, todo: FETCH_AGAIN })
}

/** A damaged part is as good as none: it is this group's trouble alone. Source: raft-host-catalogue B3. */
function partOf(core: HostCore, group: GroupId, at: LogIndex, number: number): Uint8Array | undefined {
  try {
    return core.store.readChunk(group, at, number)
  } catch (error) {
    if (error instanceof FaultError && error.code === 'store-damaged') return undefined
    throw error
  }
}

/** A checkpoint is stable: former parts may go once nobody reads them, and the engine may forget what is below. */
export function checkpointStable(
  core: HostCore,
  group: HostedGroup,
  made: Checkpoint,
  floor: LogIndex,
): void {
  const former = group.checkpoint
  if (former !== undefined && former.applied !== made.applied) {
    group.formers.set(former.applied, group.formers.get(former.applied) ?? core.tick)
  }
  group.checkpoint = made
  group.checkpointDue = false
  group.floor = floor
  group.sinceCheckpoint = { entries: 0, bytes: 0 }
  assert(floor <= made.applied, 'the log is never cut above the checkpoint')
  for (const { at } of core.store.staged(group.id)) {
    if (at < made.applied && !group.formers.has(at)) core.store.discard(group.id, at)
  }
}

/** Gives up former checkpoints that nobody asked for in a while. */
export function dropFormers(core: HostCore, group: HostedGroup): void {
  for (const [at, asked] of group.formers) {
    if (core.tick - asked < core.settings.snapshotLostTicks || at === group.checkpoint?.applied) continue
    group.formers.delete(at)
    core.store.discard(group.id, at)
  }
}
