import { assert } from '../../model/fault.ts'
import type { GroupId, LogIndex } from '../../model/raft.ts'
import type { GroupReady, OutgoingMessage } from '../../ports/consensus-engine.ts'
import type { CommitOutcome, GroupWrites, SettledOutcome, TurnWrites } from '../../ports/turn-store.ts'
import type { Exchange } from './exchange.ts'
import type { GroupCare } from './group-care.ts'
import { forgetAsked } from './group-seals.ts'
import { checkpointStable, dueCheckpoint } from './group-store.ts'
import { type HostCore, wake } from './host-core.ts'
import type { HostedGroup } from './hosted-group.ts'
import type { Proposals } from './proposals.ts'
import type { Seals, SealTurn } from './seals.ts'
import type { Snapshots } from './snapshots.ts'

interface Write {
  readonly ready: GroupReady
  readonly writes: GroupWrites
}

interface Commit {
  readonly list: readonly Write[]
  readonly checkpoints: readonly GroupWrites[]
  /** Groups that are deleted. */
  readonly forgotten: readonly GroupWrites[]
  /** What is said once it is stable. */
  readonly sealing: SealTurn | undefined
}

/** What hears of a turn that is written. */
export interface WriterParts {
  readonly proposals: Proposals
  readonly snapshots: Snapshots
  readonly exchange: Exchange
  readonly care: GroupCare
  readonly seals: Seals
  /** A group panicked. */
  readonly rebuild: (group: GroupId, detail: string) => void
}

/**
 * What is ready becomes stable, all groups together, and only then is spoken of. Source: S1 to S7, B3.
 *
 *     ready --commit--> stable --send, apply--> done      ready --full--> unwritten --room again--> ready
 */
export class TurnWriter {
  readonly #core: HostCore
  readonly #proposals: Proposals
  readonly #snapshots: Snapshots
  readonly #exchange: Exchange
  readonly #care: GroupCare
  readonly #seals: Seals
  readonly #rebuild: (group: GroupId, detail: string) => void
  onSettled: () => void = () => undefined
  /** Ready and not yet stable: the store was full, or is at it. */
  #unwritten: Write[] = []
  #forgotten: GroupWrites[] = []
  #underway: Commit | undefined
  #settled: SettledOutcome | undefined
  #fullAt: number | undefined

  constructor(core: HostCore, { proposals, snapshots, exchange, care, seals, rebuild }: WriterParts) {
    this.#core = core
    this.#proposals = proposals
    this.#snapshots = snapshots
    this.#exchange = exchange
    this.#care = care
    this.#seals = seals
    this.#rebuild = rebuild
    core.store.onSettled((outcome) => {
      this.#settled = outcome
      this.onSettled()
    })
  }

  get isUnderway(): boolean {
    return this.#underway !== undefined
  }

  /** Something is to be written that no group tells of any more. */
  get hasUnwritten(): boolean {
    return this.#unwritten.length + this.#forgotten.length > 0
  }

  get hasSettled(): boolean {
    return this.#settled !== undefined
  }

  /** Nothing was written in this tick for want of room. */
  get isFull(): boolean {
    return this.#fullAt === this.#core.tick
  }

  /** What is unwritten of a group is of no use any more. */
  drop(group: GroupId): void {
    this.#unwritten = this.#unwritten.filter(({ ready }) => ready.group !== group)
  }

  /** The group is deleted with the next turn. */
  forget(group: GroupId): void {
    this.drop(group)
    this.#forgotten.push({ group, forget: true })
  }

  takeSettled(): void {
    const [settled, commit] = [this.#settled, this.#underway]
    if (settled === undefined || commit === undefined) return
    this.#settled = undefined
    this.#underway = undefined
    this.#core.isWriting = false
    const { mutant } = this.#core
    if (mutant === 'underway-as-stable') return
    if (settled.kind === 'failed' && mutant !== 'go-on-after-fault') throw settled.fault
    if (settled.kind === 'full' && mutant !== 'full-as-stable') return this.#full(commit)
    this.#fullAt = undefined
    this.#stable(commit)
  }

  /** What is ready is written at once, all groups together; then it is sent and begun to be applied. */
  write(): void {
    const { engine, settings, tick, outgoing } = this.#core
    const { ready, wants, failed } = engine.readyMany({
      bytesMax: settings.turnBytesMax,
      groupsMax: settings.turnGroupsMax,
    })
    for (const { group, detail } of failed) this.#rebuild(group, detail)
    const fresh = ready.flatMap((one) => this.#writesOf(one))
    for (const { group, entriesFrom, snapshot } of wants) {
      const hosted = this.#core.groups.get(group)
      if (hosted === undefined) continue
      this.#core.groups.touch(hosted)
      for (const from of entriesFrom) this.#supply(hosted, from)
      if (snapshot) this.#snapshots.offer(hosted)
    }
    for (const { ready: one } of fresh) this.#send(one, false)
    outgoing.flush(tick)
    this.#unwritten.push(...fresh)
    this.#commitAll()
  }

  #commitAll(): void {
    const { store, tick, groups, mutant } = this.#core
    if (this.#fullAt === tick) return this.#commitFree()
    const made = [...groups.busy()].flatMap((group) => this.#checkpointOf(group))
    const list = this.#unwritten.splice(0)
    const forgotten = this.#forgotten.splice(0)
    const sealing = this.#seals.prepare()
    if (list.length + made.length + forgotten.length === 0 && sealing === undefined) return
    if (mutant === 'sign-before-noting' && sealing !== undefined) this.#seals.speak(sealing)
    if (mutant === 'send-before-sync') for (const { ready } of list) this.#send(ready, true)
    if (mutant === 'advance-before-write')
      this.#stable({ list, checkpoints: [], forgotten, sealing: undefined })
    const commit = { list, checkpoints: made, forgotten, sealing }
    if (mutant === 'split-transaction') {
      const entries = list.map(({ writes }) => ({ ...writes, hardState: undefined }))
      const outcome = store.commit({ groups: entries.filter((one) => one.entries !== undefined) })
      if (outcome.kind === 'full') return this.#full(commit)
    }
    this.#afterCommit(
      commit,
      this.#commit({
        groups: this.#withNotes([...list.map(({ writes }) => writes), ...made, ...forgotten], sealing),
      }),
    )
  }

  #withNotes(writes: readonly GroupWrites[], sealing: SealTurn | undefined): readonly GroupWrites[] {
    if (sealing === undefined) return writes
    const notes = new Map(this.#seals.notesOf(sealing))
    const merged = writes.map((one) => {
      const note = notes.get(one.group)
      notes.delete(one.group)
      return note === undefined ? one : { ...one, notes: [note] }
    })
    return [...merged, ...[...notes].map(([group, note]) => ({ group, notes: [note] }))]
  }

  #commit(writes: TurnWrites): CommitOutcome {
    const { store, mutant } = this.#core
    try {
      const outcome = store.commit(writes, true)
      return outcome.kind === 'full' && mutant === 'full-as-stable' ? { kind: 'carried' } : outcome
    } catch (error) {
      if (mutant === 'go-on-after-fault') return { kind: 'carried' }
      throw error
    }
  }

  /** Without room, groups that have nothing to write go on: heartbeats, commit indexes. Source: S7. */
  #commitFree(): void {
    const free = this.#unwritten.filter(needsNoRoom)
    if (free.length === 0) return
    this.#unwritten = this.#unwritten.filter((one) => !free.includes(one))
    const outcome = this.#commit({ groups: free.map(({ writes }) => writes) })
    if (outcome.kind === 'full') this.#unwritten.push(...free)
    else this.#afterCommit({ list: free, checkpoints: [], forgotten: [], sealing: undefined }, outcome)
  }

  #afterCommit(commit: Commit, outcome: CommitOutcome): void {
    switch (outcome.kind) {
      case 'stable':
      case 'carried':
        this.#fullAt = undefined
        return this.#stable(commit)
      case 'underway':
        this.#underway = commit
        this.#core.isWriting = true
        if (this.#core.mutant === 'underway-as-stable') this.#stable(commit)
        return
      case 'full':
        return this.#full(commit)
      default:
        return outcome satisfies never
    }
  }

  #full({ list, forgotten, sealing }: Commit): void {
    this.#fullAt = this.#core.tick
    if (sealing !== undefined) this.#seals.takeBack(sealing)
    this.#unwritten.unshift(...list)
    this.#forgotten.unshift(...forgotten)
    this.#core.tell({ kind: 'store-full' })
    this.#commitFree()
  }

  #stable({ list, checkpoints, sealing }: Commit): void {
    const { groups, mutant } = this.#core
    if (sealing !== undefined && mutant !== 'sign-before-noting') this.#seals.speak(sealing)
    for (const { group, checkpoint, floor } of checkpoints) {
      const hosted = groups.get(group)
      if (hosted === undefined || checkpoint === undefined || floor === undefined) continue
      checkpointStable(this.#core, hosted, checkpoint, floor)
      this.#core.engine.compact(group, floor)
      if (hosted.offered) this.#snapshots.offer(hosted)
    }
    for (const { ready, writes } of list) {
      const group = groups.get(ready.group)
      if (group?.condition !== 'running') continue
      if (mutant !== 'send-before-sync') this.#send(ready, true)
      this.#noteStable(group, ready, writes)
      group.out = { ready, at: 0, item: 0, items: undefined, isHeld: false, settled: [] }
    }
  }

  /** What the driver knows of a group follows what is stable, not what was asked for. */
  #noteStable(group: HostedGroup, ready: GroupReady, writes: GroupWrites): void {
    const { snapshot, reads } = ready
    if (snapshot !== undefined && writes.checkpoint !== undefined) {
      const installed = this.#snapshots.install(group, snapshot)
      assert(installed !== undefined, 'a snapshot that was checked before is not whole')
      checkpointStable(this.#core, group, writes.checkpoint, snapshot.index)
      const skip = this.#core.mutant === 'skip-after-snapshot' ? group.replica : undefined
      group.replica = skip === undefined ? installed.replica : { ...skip, applied: snapshot.index }
      this.#core.onInstalled(group.id, snapshot.index)
      group.last = snapshot.index
      group.lastTerm = snapshot.term
      this.#care.follow()
    }
    const last = ready.entries.at(-1)
    if (last !== undefined) {
      group.last = last.index
      group.lastTerm = last.term
      group.quietTicks = 0
    }
    for (const { context, index } of reads) {
      const text = new TextDecoder().decode(context)
      for (const read of group.reads) if (read.context === text) read.index = index
    }
  }

  #writesOf(ready: GroupReady): readonly Write[] {
    const group = this.#core.groups.get(ready.group)
    if (group === undefined) return []
    this.#core.groups.touch(group)
    this.#noteRole(group, ready)
    const { hardState, entries, snapshot } = ready
    const checkpoint = snapshot && this.#snapshots.install(group, snapshot)?.checkpoint
    const writes = {
      group: ready.group,
      checkpoint,
      entries: entries.length > 0 && this.#core.mutant !== 'drop-entries' ? entries : undefined,
      hardState: hardState ?? (checkpoint === undefined ? undefined : group.hard),
    }
    return [{ ready, writes }]
  }

  #noteRole(group: HostedGroup, { hardState, softState }: GroupReady): void {
    const before = { term: group.hard.term, leader: group.leader, role: group.role }
    if (hardState !== undefined) group.hard = hardState
    if (softState !== undefined) {
      group.role = softState.role
      group.leader = softState.leader
    }
    const isSame =
      before.term === group.hard.term && before.leader === group.leader && before.role === group.role
    if (isSame) return
    wake(this.#core, group)
    group.leadingTicks = 0
    group.sendingSince.clear()
    this.#exchange.forget(group)
    this.#core.outgoing.forget(group.id)
    forgetAsked(group.seals)
    this.#proposals.leaderChanged(group)
    for (const read of group.reads) if (read.index === undefined) read.context = ''
  }

  #send({ group: id, messages }: GroupReady, waits: boolean): void {
    const group = this.#core.groups.get(id)
    if (group === undefined) return
    for (const message of messages) {
      if (message.waits !== waits) continue
      this.#sendOne(group, message)
    }
  }

  #sendOne(group: HostedGroup, message: OutgoingMessage): void {
    const { type, to, entries, index } = message.head
    const { outgoing } = this.#core
    const item = { kind: 'message', group: group.id, bytes: message.bytes } as const
    if (type === 'snapshot') {
      const announced = this.#snapshots.announce(group, message)
      if (announced !== undefined) outgoing.add(to, announced)
    } else if (type !== 'append') outgoing.add(to, item)
    else if (entries > 0 || index !== group.last) outgoing.addAppend(to, item)
    else outgoing.hold(to, item)
  }

  #supply(group: HostedGroup, from: LogIndex): void {
    const { store, engine, settings } = this.#core
    const status = engine.status(group.id)
    if (!status.ok || from <= group.floor || from > status.value.memoryFloor) return
    const entries = store
      .readEntries(group.id, from, settings.group.messageBytesMax)
      .filter(({ index }) => index <= status.value.memoryFloor)
    if (entries.length > 0) engine.supplyEntries(group.id, entries)
  }

  #checkpointOf(group: HostedGroup): readonly GroupWrites[] {
    const isWriting = this.#unwritten.some(({ ready }) => ready.group === group.id)
    if (group.condition !== 'running' || isWriting) return []
    const due = dueCheckpoint(this.#core, group)
    return due === undefined ? [] : [due]
  }
}

/** Nothing must be stable of this: a commit index rides in a later row. */
function needsNoRoom({ ready, writes }: Write): boolean {
  return !ready.mustSync && writes.entries === undefined && writes.checkpoint === undefined
}
