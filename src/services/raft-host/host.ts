import { decodeFrame, type FrameItem } from '../../codec/raft-frame/frame.ts'
import { assert } from '../../model/fault.ts'
import { assertLogIndex, type GroupId, type LogIndex, type RaftId } from '../../model/raft.ts'
import type { Outcome, Ticket } from '../../model/replicated.ts'
import { err, ok, type Result } from '../../model/result.ts'
import type {
  ConsensusEngine,
  GroupReady,
  GroupStatus,
  MembershipChange,
  MessageHead,
  Refusal,
} from '../../ports/consensus-engine.ts'
import type { Sha256 } from '../../ports/crypto.ts'
import type { RaftDirectory, RaftTransport, RaftTransportListener } from '../../ports/raft-transport.ts'
import type { StateMachine } from '../../ports/state-machine.ts'
import type { CommitOutcome, GroupWrites, SettledOutcome, TurnStore } from '../../ports/turn-store.ts'
import { isSuspicious, judgeMessage } from './admission.ts'
import { Applying, hexOf } from './applying.ts'
import { type BatchProofs, Exchange } from './exchange.ts'
import { GroupCare } from './group-care.ts'
import { checkpointStable, dueCheckpoint, foundStored, joinStored, openStored } from './group-store.ts'
import { maySleepToo } from './hibernation.ts'
import { type AppliedNotice, type HostCore, type HostEvent, halt, isMember, wake } from './host-core.ts'
import { type HostedGroup, makeHostedGroup, membersOf } from './hosted-group.ts'
import { bestSuccessor } from './membership.ts'
import { Outgoing } from './outgoing.ts'
import { Proposals } from './proposals.ts'
import { type ReadOutcome, sortReads } from './reads.ts'
import type { Mutant } from './seam.ts'
import type { HostSettings } from './settings.ts'
import { lacksMembers, Snapshots } from './snapshots.ts'

/** What a host is made of. */
export interface HostDeps {
  readonly self: RaftId
  readonly engine: ConsensusEngine
  readonly store: TurnStore
  readonly transport: RaftTransport
  readonly directory: RaftDirectory
  readonly sha256: Sha256
  readonly settings: HostSettings
  readonly machineOf: (group: GroupId) => StateMachine
  readonly proofs: BatchProofs
  /** Milliseconds of a monotonic clock: bounds what a turn applies. */
  readonly nowMs: () => number
  readonly tell?: (event: HostEvent) => void
  readonly onApplied?: (notice: AppliedNotice) => void
  readonly onInstalled?: (group: GroupId, index: LogIndex) => void
  /** Tests alone. */
  readonly mutant?: Mutant | undefined
}

interface Write {
  readonly ready: GroupReady
  readonly writes: GroupWrites
}

interface Commit {
  readonly list: readonly Write[]
  readonly checkpoints: readonly GroupWrites[]
}

/**
 * All raft groups of one node. The shell calls `tick` at even intervals, `onFrame` with what came in, and `turn`
 * whenever anything was given or `turn` said that there is more. Nothing else happens by itself, nothing is awaited.
 *
 * A turn: inputs, ready, write, send, apply, advance. What promises something leaves only when the write under it is
 * stable; what the engine says need not wait leaves before it. Faults of the store (`store-io`, `store-damaged`) and
 * `engine-died` come out of `turn`: the process must end, and what is stored is right.
 * Source: consensus.md, "The raft host"; architecture.md, "Batching"; raft-host-catalogue.
 */
export class RaftHost implements RaftTransportListener {
  readonly #core: HostCore
  readonly #machineOf: (group: GroupId) => StateMachine
  readonly #nowMs: () => number
  readonly #proposals: Proposals
  readonly #snapshots: Snapshots
  readonly #exchange: Exchange
  readonly #applying: Applying
  readonly #care: GroupCare
  readonly #inbox: { readonly from: RaftId; readonly frame: Uint8Array }[] = []
  #inboxBytes = 0
  #ticksDue = 0
  #turns = 0
  /** Ready and not yet stable: the store was full, or is at it. */
  #unwritten: Write[] = []
  #underway: Commit | undefined
  #settled: SettledOutcome | undefined
  #fullAt: number | undefined

  constructor(deps: HostDeps) {
    const { self, engine, store, transport, directory, sha256, settings, mutant } = deps
    this.#core = {
      self,
      incarnation: store.origin.incarnation,
      engine,
      store,
      transport,
      directory,
      sha256,
      settings,
      outgoing: new Outgoing(transport, settings.frameBytesTarget),
      groups: new Map(),
      heardAt: new Map(),
      tell: deps.tell ?? (() => undefined),
      onApplied: deps.onApplied ?? (() => undefined),
      onInstalled: deps.onInstalled ?? (() => undefined),
      mutant,
      tick: 0,
      serial: 1,
      stopping: false,
    }
    this.#machineOf = deps.machineOf
    this.#nowMs = deps.nowMs
    this.#proposals = new Proposals(this.#core)
    this.#snapshots = new Snapshots(this.#core)
    this.#exchange = new Exchange(this.#core, deps.proofs)
    this.#applying = new Applying(this.#core, this.#proposals, this.#exchange)
    this.#care = new GroupCare(this.#core, this.#snapshots)
    this.#core.outgoing.onLost = (to, item) => this.#lost(to, item)
    store.onSettled((outcome) => {
      this.#settled = outcome
    })
  }

  /**
   * Opens all that is stored. A group that cannot be started is there as `halted`, saying why and what to do. Refuses
   * when the store is not the one that this node last had: its votes are forgotten, so its raft id is over (B5).
   */
  start(): Result<undefined, string> {
    const { store, groups } = this.#core
    if (store.origin.history === 'lost') return err(store.origin.reason)
    for (const stored of store.readGroups(store.groups())) {
      const opened: Result<HostedGroup, { what: string; todo: string }> =
        stored.kind === 'sound' ? openStored(this.#core, this.#machineOf(stored.group), stored) : err(stored)
      groups.set(stored.group, opened.ok ? opened.value : this.#broken(stored.group, opened.error))
    }
    this.#care.follow()
    return ok(undefined)
  }

  /** A new group with these voters, made on each of them. False: no room. */
  found(group: GroupId, voters: readonly RaftId[], generation = 0): boolean {
    assert(!this.#core.groups.has(group), `group ${group} is there already`)
    return foundStored(this.#core, group, this.#machineOf(group), generation, voters) && this.#openOne(group)
  }

  /** A replica of a group that exists elsewhere and will have it as a member. False: no room. */
  join(group: GroupId): boolean {
    assert(!this.#core.groups.has(group), `group ${group} is there already`)
    return joinStored(this.#core, group) && this.#openOne(group)
  }

  /** Deletes a group that this node left or cannot start: its raft id must not be used in it again. */
  forget(group: GroupId): void {
    this.#core.engine.close(group)
    this.#core.groups.delete(group)
    this.#unwritten = this.#unwritten.filter(({ ready }) => ready.group !== group)
    this.#core.store.commit({ groups: [{ group, forget: true }] })
  }

  onFrame(from: RaftId, frame: Uint8Array): void {
    const { inboxFramesMax, inboxBytesMax } = this.#core.settings
    if (this.#inbox.length >= inboxFramesMax || this.#inboxBytes + frame.length > inboxBytesMax) {
      this.#core.tell({ kind: 'dropped', peer: from, group: undefined, why: 'inbox-full' })
      return // raft sends again
    }
    this.#inbox.push({ from, frame })
    this.#inboxBytes += frame.length
  }

  tick(): void {
    this.#ticksDue = Math.min(this.#ticksDue + 1, 3)
  }

  /** A ticket for a new command: born at what this node knows of the group. */
  ticket(group: GroupId, key: Uint8Array): Ticket {
    return { born: this.#core.groups.get(group)?.replica?.position ?? 0, key }
  }

  /** Calls `done` once: at once when refused, else in a later turn. */
  propose(
    group: GroupId,
    ticket: Ticket,
    body: Uint8Array,
    deadlineTicks: number,
    done: (outcome: Outcome) => void,
  ): void {
    this.#proposals.add({ group, ticket, body, deadlineTicks }, { kind: 'local', done }, 0)
  }

  /** A linearizable read, on any replica: calls `done` once, by the deadline. Source: raft-host-catalogue I1, I2. */
  read(group: GroupId, deadlineTicks: number, done: (outcome: ReadOutcome) => void): void {
    const hosted = this.#core.groups.get(group)
    const { readsMax } = this.#core.settings
    if (hosted === undefined) return done({ kind: 'refused', why: 'unknown-group' })
    if (hosted.condition !== 'running') return done({ kind: 'refused', why: 'halted' })
    if (hosted.reads.length >= readsMax) return done({ kind: 'refused', why: 'queue-full' })
    wake(hosted)
    const deadline = this.#core.tick + deadlineTicks
    hosted.reads.push({ context: '', askedAt: 0, index: undefined, deadline, done })
  }

  /** What this replica has, as stale as it may be, and at which index (I3). */
  readStale(group: GroupId): { readonly index: LogIndex; readonly state: unknown } | undefined {
    const replica = this.#core.groups.get(group)?.replica
    return replica && { index: replica.applied, state: replica.state }
  }

  /** On the leader. What the engine refuses says why: a change is underway, adding who is there, nobody left (M1, M6). */
  changeMembership(group: GroupId, change: MembershipChange): Result<undefined, Refusal> {
    this.#wakeOne(group)
    return this.#core.engine.proposeChange(group, change)
  }

  transfer(group: GroupId, to: RaftId): Result<undefined, Refusal> {
    this.#wakeOne(group)
    return this.#core.engine.transferLeadership(group, to)
  }

  /** Hands leaderships over and takes no new proposals; `leads` says how many are left. Source: T1. */
  beginStop(): void {
    this.#core.stopping = true
    for (const group of this.#core.groups.values()) if (group.role === 'leader') wake(group)
  }

  /** Groups that this node leads. */
  leads(): readonly GroupId[] {
    return [...this.#core.groups.values()].filter(({ role }) => role === 'leader').map(({ id }) => id)
  }

  /** What is known of a group, for status and tests: a view, not to be kept. */
  group(group: GroupId): Readonly<HostedGroup> | undefined {
    return this.#core.groups.get(group)
  }

  status(group: GroupId): Result<GroupStatus, Refusal> {
    return this.#core.engine.status(group)
  }

  /** One turn. True: there is more to do at once. */
  turn(): boolean {
    this.#takeSettled()
    this.#takeTicks()
    this.#takeFrames()
    for (const group of this.#core.groups.values()) this.#prepare(group)
    for (const { at, detail } of this.#proposals.flush().filter(({ reason }) => reason === 'failed')) {
      this.#rebuild(at as GroupId, detail)
    }
    if (this.#underway === undefined) this.#write()
    this.#applyAll()
    for (const group of this.#core.groups.values()) {
      this.#exchange.flush(group)
      if (group.sleepDue) this.#care.putToSleep(group)
    }
    this.#core.outgoing.flush(this.#core.tick)
    return this.#hasMore()
  }

  #hasMore(): boolean {
    if (this.#inbox.length > 0 || this.#ticksDue > 0 || this.#settled !== undefined) return true
    return [...this.#core.groups.values()].some(
      ({ out, internal, queue, role, condition, waiting }) =>
        condition === 'running' &&
        (out !== undefined ||
          (role === 'leader' &&
            (internal.length > 0 || queue.some((key) => isDue(waiting.get(key), this.#core.tick))))),
    )
  }

  #takeTicks(): void {
    const { engine, groups, settings, outgoing } = this.#core
    for (; this.#ticksDue > 0; this.#ticksDue--) {
      this.#core.tick++
      const awake = [...groups.values()].filter(
        ({ asleep, condition, receiving }) => !asleep && condition === 'running' && receiving === undefined,
      )
      this.#refusals(engine.tickMany(awake.map(({ id }) => id)), (at) => awake[at]?.id)
      for (const group of groups.values()) if (!group.asleep) this.#care.tick(group)
      this.#proposals.tick()
      this.#care.peers(outgoing)
      if (this.#core.stopping) this.#handOver()
      if (this.#core.tick % settings.aliveTicks === 0) this.#care.follow()
    }
  }

  #handOver(): void {
    const { engine, groups, self } = this.#core
    for (const group of groups.values()) {
      if (group.role !== 'leader') continue
      const status = engine.status(group.id)
      const to =
        status.ok && status.value.transferee === undefined ? bestSuccessor(status.value, self) : undefined
      if (to !== undefined) engine.transferLeadership(group.id, to)
    }
  }

  #takeFrames(): void {
    const messages: { group: GroupId; bytes: Uint8Array; from: RaftId }[] = []
    let bytes = 0
    while (this.#inbox.length > 0 && bytes < this.#core.settings.turnBytesMax) {
      const { from, frame } = this.#inbox.shift() as { from: RaftId; frame: Uint8Array }
      bytes += frame.length
      this.#inboxBytes -= frame.length
      const items = decodeFrame(frame)
      if (items.ok) {
        this.#care.heard(from)
        for (const item of items.value) this.#takeItem(from, item, messages)
      } else this.#unfit(from, undefined, items.error.code, true)
    }
    this.#refusals(
      this.#core.engine.stepMany(messages),
      (at) => messages[at]?.group,
      (at) => messages[at]?.from,
    )
  }

  #takeItem(
    from: RaftId,
    item: FrameItem,
    messages: { group: GroupId; bytes: Uint8Array; from: RaftId }[],
  ): void {
    switch (item.kind) {
      case 'message':
        if (this.#admit(from, item.group, item.bytes) !== undefined) messages.push({ ...item, from })
        return
      case 'alive':
        return
      case 'outcome':
        return this.#proposals.hear(from, item.request, item.outcome)
      case 'effects':
        return this.#exchange.hearEffects(from, item.batch, item.hops)
      case 'answers':
        return this.#exchange.hearAnswers(from, item.batch, item.hops)
      case 'propose':
        return this.#proposals.add(
          {
            group: item.group,
            ticket: item.ticket,
            body: item.body,
            deadlineTicks: Math.min(item.ticks, 600),
          },
          { kind: 'peer', peer: from, request: item.request },
          item.hops,
        )
      case 'snapshot':
      case 'chunk-wanted':
      case 'chunk':
      case 'snapshot-failed':
      case 'sleep':
      case 'state-hash':
        return this.#takeMemberItem(from, item)
      default:
        return item satisfies never
    }
  }

  #takeMemberItem(
    from: RaftId,
    item: FrameItem & {
      kind: 'snapshot' | 'chunk-wanted' | 'chunk' | 'snapshot-failed' | 'sleep' | 'state-hash'
    },
  ): void {
    const group = this.#core.groups.get(item.group)
    if (group?.condition !== 'running' || !isMember(this.#core, group, from)) {
      return this.#unfit(from, item.group, 'not-a-member', false)
    }
    switch (item.kind) {
      case 'snapshot': {
        const head = this.#admit(from, item.group, item.message)
        if (head?.type === 'snapshot') this.#snapshots.begin(group, head, item.manifest, item.message)
        return
      }
      case 'chunk-wanted':
        return this.#snapshots.serve(group, from, item)
      case 'chunk':
        return this.#snapshots.take(group, from, item)
      case 'snapshot-failed':
        return this.#snapshots.failed(group, from)
      case 'sleep':
        return this.#sleepToo(group, from, item)
      case 'state-hash':
        return this.#applying.hearHash(group, from, item.index, hexOf(item.hash))
      default:
        return item satisfies never
    }
  }

  /** The head of a message that may reach the engine; the group wakes up for it. */
  #admit(from: RaftId, id: GroupId, bytes: Uint8Array): MessageHead | undefined {
    const { engine, groups, self, settings } = this.#core
    const peeked = engine.peekMessage(bytes)
    if (!peeked.ok) return this.#unfit(from, id, peeked.error.code, true)
    const group = groups.get(id)
    if (group?.condition !== 'running') return this.#unfit(from, id, 'no-such-group', false)
    const unfit = judgeMessage(peeked.value, {
      self,
      sender: from,
      isMember: isMember(this.#core, group, from),
      term: group.hard.term,
      last: group.last,
      commit: group.hard.commit,
      termJumpMax: settings.termJumpMax,
    })
    if (unfit !== undefined && this.#core.mutant !== 'admit-all')
      return this.#unfit(from, id, unfit, isSuspicious(unfit))
    // An answer to the last heartbeat before sleep is no reason to wake up.
    if (peeked.value.type !== 'heartbeat-response') wake(group)
    return peeked.value
  }

  #unfit(peer: RaftId, group: GroupId | undefined, why: string, isSuspect: boolean): undefined {
    this.#core.tell({ kind: 'dropped', peer, group, why })
    if (isSuspect) this.#core.transport.distrust(peer, why)
  }

  #refusals(
    refused: readonly { readonly at: number; readonly reason: string; readonly detail: string }[],
    groupAt: (at: number) => GroupId | undefined,
    senderAt: (at: number) => RaftId | undefined = () => undefined,
  ): void {
    for (const { at, reason, detail } of refused) {
      const [group, sender] = [groupAt(at), senderAt(at)]
      if (group === undefined) continue
      if (reason === 'failed') this.#rebuild(group, detail, sender)
      else if (sender !== undefined) this.#unfit(sender, group, reason, false)
    }
  }

  /** What goes to the engine once a turn, before it is asked what is ready. */
  #prepare(group: HostedGroup): void {
    if (group.condition !== 'running') return
    this.#snapshots.complete(group)
    const { tick, settings, engine, mutant } = this.#core
    const due = group.reads.filter(
      ({ index, context, askedAt }) =>
        index === undefined && (context === '' || tick - askedAt >= settings.readRetryTicks),
    )
    if (due.length === 0) return
    const context = `${this.#core.self}.${this.#core.incarnation}.${this.#core.serial++}`
    for (const read of due) {
      read.askedAt = tick
      read.context = context
      if (mutant === 'read-without-quorum') read.index = group.replica?.applied ?? (0 as LogIndex)
    }
    engine.readIndex(group.id, new TextEncoder().encode(context)) // refused: asked again until the deadline
  }

  /** What is ready is written at once, all groups together; then it is sent and begun to be applied. */
  #write(): void {
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
    const made = [...groups.values()].flatMap((group) => this.#checkpointOf(group))
    const list = this.#unwritten.splice(0)
    if (list.length === 0 && made.length === 0) return
    if (mutant === 'advance-before-write' || mutant === 'send-before-sync') {
      for (const { ready } of list) this.#send(ready, true)
    }
    const commit = { list, checkpoints: made }
    if (mutant === 'split-transaction') {
      const entries = list.map(({ writes }) => ({ ...writes, hardState: undefined }))
      const outcome = store.commit({ groups: entries.filter((one) => one.entries !== undefined) })
      if (outcome.kind === 'full') return this.#full(commit)
    }
    this.#afterCommit(commit, store.commit({ groups: [...list.map(({ writes }) => writes), ...made] }))
  }

  /** Without room, groups that have nothing to write go on: heartbeats, commit indexes. Source: S7. */
  #commitFree(): void {
    const free = this.#unwritten.filter(needsNoRoom)
    if (free.length === 0) return
    this.#unwritten = this.#unwritten.filter((one) => !free.includes(one))
    const outcome = this.#core.store.commit({ groups: free.map(({ writes }) => writes) })
    if (outcome.kind === 'full') this.#unwritten.push(...free)
    else this.#afterCommit({ list: free, checkpoints: [] }, outcome)
  }

  #afterCommit(commit: Commit, outcome: CommitOutcome): void {
    switch (outcome.kind) {
      case 'stable':
      case 'carried':
        this.#fullAt = undefined
        return this.#stable(commit)
      case 'underway':
        this.#underway = commit
        return
      case 'full':
        return this.#full(commit)
      default:
        return outcome satisfies never
    }
  }

  #full({ list }: Commit): void {
    this.#fullAt = this.#core.tick
    this.#unwritten.unshift(...list)
    this.#core.tell({ kind: 'store-full' })
    this.#commitFree()
  }

  #takeSettled(): void {
    const [settled, commit] = [this.#settled, this.#underway]
    if (settled === undefined || commit === undefined) return
    this.#settled = undefined
    this.#underway = undefined
    if (settled.kind === 'failed') throw settled.fault
    if (settled.kind === 'full') return this.#full(commit)
    this.#fullAt = undefined
    this.#stable(commit)
  }

  #stable({ list, checkpoints }: Commit): void {
    const { groups, mutant } = this.#core
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
      if (mutant !== 'send-before-sync' && mutant !== 'advance-before-write') this.#send(ready, true)
      this.#noteStable(group, ready, writes)
      group.out = { ready, at: 0, item: 0, items: undefined, settled: [] }
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
    wake(group)
    group.leadingTicks = 0
    group.sendingSince.clear()
    this.#exchange.forget(group)
    this.#proposals.leaderChanged(group)
    for (const read of group.reads) if (read.index === undefined) read.context = ''
  }

  #send({ group: id, messages }: GroupReady, waits: boolean): void {
    const group = this.#core.groups.get(id)
    if (group === undefined) return
    for (const message of messages) {
      if (message.waits !== waits) continue
      const { type, to } = message.head
      const item: FrameItem | undefined =
        type === 'snapshot'
          ? this.#snapshots.announce(group, message)
          : { kind: 'message', group: id, bytes: message.bytes }
      if (item !== undefined) this.#core.outgoing.add(to, item)
    }
  }

  #lost(to: RaftId, item: FrameItem): void {
    if (item.kind === 'message') this.#core.engine.reportUnreachable(item.group, to)
    else if (item.kind === 'snapshot') this.#core.engine.reportSnapshot(item.group, to, false)
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

  #applyAll(): void {
    const { groups, settings, engine } = this.#core
    const end = this.#nowMs() + settings.turnMs
    const isOver = (): boolean => this.#nowMs() > end
    const done: GroupId[] = []
    // Each group its share, and another one first each turn: a backlog delays nobody else.
    const busy = [...groups.values()].filter(({ out }) => out !== undefined)
    const share = Math.max(1, Math.floor(settings.turnItemsMax / Math.max(1, busy.length)))
    const first = this.#turns++ % Math.max(1, busy.length)
    for (const group of [...busy.slice(first), ...busy.slice(0, first)]) {
      if (!this.#applying.go(group, { items: share, isOver }) || group.out === undefined) continue
      const isChanged = group.out.ready.committed.some(({ kind }) => kind === 'change')
      group.out = undefined
      done.push(group.id)
      if (isChanged) this.#membershipChanged(group)
    }
    this.#refusals(engine.advanceMany(done), (at) => done[at])
    for (const group of groups.values()) if (group.reads.length > 0) this.#serveReads(group)
  }

  #serveReads(group: HostedGroup): void {
    const applied =
      this.#core.mutant === 'read-before-applied' ? Number.MAX_SAFE_INTEGER : group.replica?.applied
    const { served, late, left } = sortReads(group.reads, assertLogIndex(applied ?? 0), this.#core.tick)
    group.reads.splice(0, group.reads.length, ...left)
    for (const { done } of served) {
      if (group.replica !== undefined) {
        done({ kind: 'served', index: group.replica.applied, state: group.replica.state })
      }
    }
    for (const { done } of late) done({ kind: 'unknown' })
  }

  /** A replica that was removed stops; what it has stays until it is forgotten (M5). */
  #membershipChanged(group: HostedGroup): void {
    this.#care.follow()
    wake(group)
    group.checkpointDue ||= lacksMembers(group)
    const isIn = membersOf(group.replica).has(this.#core.self)
    // A newcomer's snapshot may be older than its own addition: only who was in can be put out.
    if (!isIn && group.wasIn) group.leavingAt ??= this.#core.tick
    group.wasIn = isIn
  }

  #sleepToo(group: HostedGroup, from: RaftId, said: FrameItem & { kind: 'sleep' }): void {
    if (group.replica === undefined || group.waiting.size > 0 || group.reads.length > 0) return
    const mine = {
      term: group.hard.term,
      last: group.last,
      commit: group.hard.commit,
      applied: group.replica.applied,
      leader: group.leader,
    }
    if (maySleepToo(mine, { from, term: said.term, index: said.index })) group.asleep = true
  }

  /** A panic inside a group is answered by opening it again from what is stored. Source: raft-host-catalogue V3. */
  #rebuild(id: GroupId, detail: string, sender?: RaftId): void {
    const { groups, store, transport } = this.#core
    const group = groups.get(id)
    if (group?.condition !== 'running') return
    if (sender !== undefined) transport.distrust(sender, 'its message made the engine panic')
    this.#unwritten = this.#unwritten.filter(({ ready }) => ready.group !== id)
    this.#core.engine.close(id)
    this.#core.tell({ kind: 'rebuilt', group: id, detail })
    const [stored] = store.readGroups([id])
    const opened =
      stored?.kind === 'sound' && group.rebuilds < this.#core.settings.rebuildsMax
        ? openStored(this.#core, group.machine, stored)
        : err({ what: detail, todo: 'see the log' })
    if (!opened.ok) {
      halt(this.#core, group, opened.error.what)
      return this.#proposals.abandon(group)
    }
    const { waiting, reads } = group
    groups.set(id, {
      ...opened.value,
      waiting,
      reads,
      waitingBytes: group.waitingBytes,
      rebuilds: group.rebuilds + 1,
    })
    const hosted = groups.get(id) as HostedGroup
    this.#core.onInstalled(id, hosted.replica?.applied ?? (0 as LogIndex))
    for (const one of waiting.values()) {
      one.state = { kind: 'queued', notBefore: 0 }
      hosted.queue.push(one.key)
    }
  }

  #openOne(id: GroupId): boolean {
    const [stored] = this.#core.store.readGroups([id])
    assert(stored?.kind === 'sound', `group ${id} was written and is not there`)
    const opened = openStored(this.#core, this.#machineOf(id), stored)
    assert(opened.ok, `a new group ${id} does not open`)
    this.#core.groups.set(id, opened.value)
    this.#core.onInstalled(id, opened.value.replica?.applied ?? (0 as LogIndex))
    this.#care.follow()
    return true
  }

  #broken(id: GroupId, { what, todo }: { readonly what: string; readonly todo: string }): HostedGroup {
    const hard = { term: 0, vote: undefined, commit: 0 } as unknown as HostedGroup['hard']
    const group = makeHostedGroup(id, this.#machineOf(id), hard)
    group.condition = 'halted'
    group.why = `${what}; ${todo}`
    this.#core.tell({ kind: 'halted', group: id, detail: group.why })
    return group
  }

  #wakeOne(group: GroupId): void {
    const hosted = this.#core.groups.get(group)
    if (hosted !== undefined) wake(hosted)
  }
}

function isDue(
  waiting: { readonly state: { readonly kind: string; readonly notBefore?: number } } | undefined,
  tick: number,
): boolean {
  return waiting?.state.kind === 'queued' && (waiting.state.notBefore ?? 0) <= tick
}

/** Nothing must be stable of this: a commit index rides in a later row. */
function needsNoRoom({ ready, writes }: Write): boolean {
  return !ready.mustSync && writes.entries === undefined && writes.checkpoint === undefined
}
