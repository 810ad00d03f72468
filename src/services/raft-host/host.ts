import type { Certificate } from '../../codec/certificate/certificate.ts'
import type { DoubleSigning } from '../../codec/certificate/double-signing.ts'
import type { VoterLink } from '../../codec/certificate/voter-chain.ts'
import type { FrameItem } from '../../codec/raft-frame/frame.ts'
import { certifiedLinks } from '../../core/certificate/sealed-log.ts'
import { proofCheck } from '../../core/replica/proof-check.ts'
import { assert } from '../../model/fault.ts'
import { type GroupId, type LogIndex, type RaftId } from '../../model/raft.ts'
import type { Outcome, Ticket } from '../../model/replicated.ts'
import { err, ok, type Result } from '../../model/result.ts'
import type { ConsensusEngine, GroupStatus, MembershipChange, Refusal } from '../../ports/consensus-engine.ts'
import type { Sha256 } from '../../ports/crypto.ts'
import type { RaftDirectory, RaftTransport, RaftTransportListener } from '../../ports/raft-transport.ts'
import type { StateMachine } from '../../ports/state-machine.ts'
import type { TurnStore } from '../../ports/turn-store.ts'
import { Applying } from './applying.ts'
import type { Certification, SealNotice } from './certification.ts'
import { Exchange } from './exchange.ts'
import { FrameIntake } from './frame-intake.ts'
import { GroupCare } from './group-care.ts'
import { openNew, openOrHalt, rebuild } from './group-opening.ts'
import { foundStored, joinStored } from './group-store.ts'
import { type AppliedNotice, type HostCore, type HostEvent, wake } from './host-core.ts'
import { type HostedGroup, isAlone, membersOf } from './hosted-group.ts'
import { bestSuccessor, namedChange } from './membership.ts'
import { Outgoing } from './outgoing.ts'
import { brokenProofs } from './proofs.ts'
import { mayPropose, Proposals } from './proposals.ts'
import { ReadService } from './read-service.ts'
import type { ReadOutcome } from './reads.ts'
import { Seals } from './seals.ts'
import type { Mutant } from './seam.ts'
import type { HostSettings } from './settings.ts'
import { lacksMembers, Snapshots } from './snapshots.ts'
import { TurnWriter } from './turn-writer.ts'

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
  /** Keys and rules of certificates; undefined: groups have none, and believe each other. */
  readonly certification?: Certification | undefined
  /** Milliseconds of a monotonic clock: bounds what a turn applies. */
  readonly nowMs: () => number
  readonly tell?: (event: HostEvent) => void
  readonly onApplied?: (notice: AppliedNotice) => void
  readonly onInstalled?: (group: GroupId, index: LogIndex) => void
  /** Every time that this node signs, completes a certificate, or catches a liar. */
  readonly onSeal?: (notice: SealNotice) => void
  /** Tests alone. */
  readonly mutant?: Mutant | undefined
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
  readonly #reads: ReadService
  readonly #seals: Seals
  readonly #intake: FrameIntake
  readonly #writer: TurnWriter
  #ticksDue = 0
  #turns = 0
  #mayCommit = false // entries became stable: no message need come for the engine to commit them

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
      onSeal: deps.onSeal ?? (() => undefined),
      certification: deps.certification,
      proofs: brokenProofs(mutant, proofCheck(deps.certification?.rules)),
      mutant,
      tick: 0,
      // An answer to a request of an earlier life is not taken for one of this.
      serial: mutant === 'requests-again' ? 1 : (store.origin.incarnation % 2 ** 20) * 2 ** 32 + 1,
      stopping: false,
      isWriting: false,
    }
    this.#machineOf = deps.machineOf
    this.#nowMs = deps.nowMs
    this.#proposals = new Proposals(this.#core)
    this.#snapshots = new Snapshots(this.#core)
    this.#exchange = new Exchange(this.#core)
    this.#applying = new Applying(this.#core, this.#proposals, this.#exchange)
    this.#care = new GroupCare(this.#core, this.#snapshots)
    this.#reads = new ReadService(this.#core)
    this.#seals = new Seals(this.#core)
    const parts = {
      proposals: this.#proposals,
      snapshots: this.#snapshots,
      exchange: this.#exchange,
      applying: this.#applying,
      care: this.#care,
      seals: this.#seals,
      rebuild: (group: GroupId, detail: string) => this.#rebuild(group, detail),
    }
    this.#intake = new FrameIntake(this.#core, parts)
    this.#writer = new TurnWriter(this.#core, parts)
    this.#core.outgoing.onLost = (to, item) => this.#lost(to, item)
  }

  /**
   * Opens all that is stored. A group that cannot be started is there as `halted`, saying why and what to do. Refuses
   * when the store is not the one that this node last had: its votes are forgotten, so its raft id is over (B5).
   */
  start(): Result<undefined, string> {
    const { store, groups } = this.#core
    if (store.origin.history === 'lost') return err(store.origin.reason)
    for (const stored of store.readGroups(store.groups())) {
      groups.set(stored.group, openOrHalt(this.#core, this.#machineOf(stored.group), stored))
    }
    this.#care.follow()
    return ok(undefined)
  }

  /** A new group with these voters, made on each of them; not while a turn is underway in the store. False: no room. */
  found(group: GroupId, voters: readonly RaftId[], generation = 0): boolean {
    assert(!this.#core.groups.has(group), `group ${group} is there already`)
    return foundStored(this.#core, group, this.#machineOf(group), generation, voters) && this.#openOne(group)
  }

  /** A replica of a group that exists elsewhere and will have it as a member, as `found`. False: no room. */
  join(group: GroupId): boolean {
    assert(!this.#core.groups.has(group), `group ${group} is there already`)
    return joinStored(this.#core, group) && this.#openOne(group)
  }

  /** Deletes a group, with the next turn, that this node left or cannot start: its raft id is over in it. */
  forget(group: GroupId): void {
    this.#core.engine.close(group)
    this.#core.groups.delete(group)
    this.#writer.forget(group)
  }

  onFrame(from: RaftId, frame: Uint8Array): void {
    this.#intake.onFrame(from, frame)
  }

  tick(): void {
    this.#ticksDue = Math.min(this.#ticksDue + 1, 3)
  }

  /** A ticket for a new command: born at what this node knows of the group. */
  ticket(group: GroupId, key: Uint8Array): Ticket {
    return this.#proposals.ticket(group, key)
  }

  /** On any node, whether it hosts the group or not. Calls `done` once: at once when refused, else in a later turn. */
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
    this.#reads.read(group, deadlineTicks, done)
  }

  /** What this replica has, as stale as it may be, and at which index (I3). */
  readStale(group: GroupId): { readonly index: LogIndex; readonly state: unknown } | undefined {
    const replica = this.#core.groups.get(group)?.replica
    return replica && { index: replica.applied, state: replica.state }
  }

  /** On the leader. What the engine refuses says why: a change is underway, adding who is there, nobody left (M1, M6). */
  changeMembership(group: GroupId, change: MembershipChange): Result<undefined, Refusal> {
    this.#wakeOne(group)
    const named = namedChange(this.#core, group, change)
    return named.ok ? this.#core.engine.proposeChange(group, named.value) : named
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

  /** The newest certificate that was complete here: on the leader, in its term. */
  certificate(group: GroupId): Certificate | undefined {
    return this.#core.groups.get(group)?.seals.certificate
  }

  /** Certified changes of a group's voters, from genesis on: for who verifies its certificates. */
  voterLinks(group: GroupId): readonly VoterLink[] {
    const sealed = this.#core.groups.get(group)?.replica?.sealed
    return sealed === undefined ? [] : certifiedLinks(sealed)
  }

  /** Voters that this node caught signing two roots for one size. */
  evidence(): readonly DoubleSigning[] {
    return this.#seals.evidence
  }

  status(group: GroupId): Result<GroupStatus, Refusal> {
    return this.#core.engine.status(group)
  }

  /** One turn. True: there is more to do at once. */
  turn(): boolean {
    this.#mayCommit = this.#writer.hasSettled
    this.#writer.takeSettled()
    this.#takeTicks()
    const messages = this.#intake.take()
    this.#refusals(
      this.#core.engine.stepMany(messages),
      (at) => messages[at]?.group,
      (at) => messages[at]?.from,
    )
    for (const group of this.#core.groups.values()) {
      if (group.condition !== 'running') continue
      this.#snapshots.complete(group)
      this.#reads.ask(group)
    }
    for (const { at, detail } of this.#proposals.flush().filter(({ reason }) => reason === 'failed')) {
      this.#rebuild(at as GroupId, detail)
    }
    if (!this.#writer.isUnderway) this.#writer.write()
    this.#applyAll()
    for (const group of this.#core.groups.values()) {
      this.#exchange.flush(group)
      this.#seals.lead(group)
      if (group.sleepDue) this.#care.putToSleep(group)
    }
    this.#core.outgoing.flush(this.#core.tick)
    return this.#hasMore()
  }

  #hasMore(): boolean {
    if (this.#mayCommit || !this.#intake.isEmpty || this.#ticksDue > 0 || this.#writer.hasSettled) return true
    if (!this.#writer.isUnderway && !this.#writer.isFull && this.#seals.isDue) return true
    for (const group of this.#core.groups.values()) if (this.#hasWork(group)) return true
    return false
  }

  #hasWork(group: HostedGroup): boolean {
    const { out, internal, queue, role, condition, waiting } = group
    if (condition !== 'running') return false
    if (out !== undefined) return true
    if (role !== 'leader' || !mayPropose(group)) return false
    return internal.length > 0 || queue.some((key) => isDue(waiting.get(key), this.#core.tick))
  }

  #takeTicks(): void {
    const { engine, groups, settings, outgoing } = this.#core
    for (; this.#ticksDue > 0; this.#ticksDue--) {
      this.#core.tick++
      outgoing.releaseAll()
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

  #refusals(
    refused: readonly { readonly at: number; readonly reason: string; readonly detail: string }[],
    groupAt: (at: number) => GroupId | undefined,
    senderAt: (at: number) => RaftId | undefined = () => undefined,
  ): void {
    for (const { at, reason, detail } of refused) {
      const [group, sender] = [groupAt(at), senderAt(at)]
      if (group === undefined) continue
      if (reason === 'failed') this.#rebuild(group, detail, sender)
      else if (sender !== undefined) this.#intake.unfit(sender, group, reason, false)
    }
  }

  #lost(to: RaftId, item: FrameItem): void {
    if (item.kind === 'message') this.#core.engine.reportUnreachable(item.group, to)
    else if (item.kind === 'snapshot') this.#core.engine.reportSnapshot(item.group, to, false)
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
      this.#mayCommit ||= group.out.ready.entries.length > 0 && isAlone(group)
      group.out = undefined
      done.push(group.id)
      if (isChanged) this.#membershipChanged(group)
    }
    this.#refusals(engine.advanceMany(done), (at) => done[at])
    for (const group of groups.values()) if (group.reads.length > 0) this.#reads.serve(group)
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

  #rebuild(group: GroupId, detail: string, sender?: RaftId): void {
    if (this.#core.groups.get(group)?.condition !== 'running') return
    if (sender !== undefined) this.#core.transport.distrust(sender, 'its message made the engine panic')
    this.#writer.drop(group)
    const rebuilt = rebuild(this.#core, group, detail)
    if (rebuilt?.condition === 'halted') this.#proposals.abandon(rebuilt)
  }

  #openOne(group: GroupId): boolean {
    openNew(this.#core, this.#machineOf(group), group)
    this.#care.follow()
    return true
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
