import type { Certificate } from '../../codec/certificate/certificate.ts'
import type { DoubleSigning } from '../../codec/certificate/double-signing.ts'
import type { VoterLink } from '../../codec/certificate/voter-chain.ts'
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
import { DeposedLeaders } from './deposed-leaders.ts'
import { Exchange } from './exchange.ts'
import { FrameIntake } from './frame-intake.ts'
import { GroupCare } from './group-care.ts'
import { openNew, openOrHalt } from './group-opening.ts'
import { foundedGroup, joinStored } from './group-store.ts'
import { type AppliedNotice, type HostCore, type HostEvent, type LeafNotice, wake } from './host-core.ts'
import type { HostedGroup } from './hosted-group.ts'
import { HostedGroups, isCheckpointAsked } from './hosted-groups.ts'
import { namedChange } from './membership.ts'
import { OutcomeMemory } from './outcome-memory.ts'
import { Outgoing } from './outgoing.ts'
import { Oversight } from './oversight.ts'
import { brokenProofs } from './proofs.ts'
import { Proposals } from './proposals.ts'
import { ReadService } from './read-service.ts'
import type { ReadOutcome } from './reads.ts'
import { rememberingProofs } from './remembered-proofs.ts'
import { Seals } from './seals.ts'
import type { Mutant } from './seam.ts'
import type { HostSettings } from './settings.ts'
import { Snapshots } from './snapshots.ts'
import { TurnDriver } from './turn-driver.ts'
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
  /** Every leaf of every group's tree, in order: for whoever keeps the logs. Groups without certificates have none. */
  readonly onLeaf?: (notice: LeafNotice) => void
  /**
   * False: the group's entries wait, and with them its part in the group, until a turn in which it is true: whoever keeps
   * the log has a gap to fill first, after `onInstalled`.
   */
  readonly mayApply?: (group: GroupId) => boolean
  /** A checkpoint of a group is about to be made: who keeps something of what it applied makes it durable now. */
  readonly beforeCheckpoint?: (group: GroupId) => void
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
  /** For a voter who sees to it that leaders leave nothing out. */
  readonly oversight: Oversight
  readonly #core: HostCore
  readonly #machineOf: (group: GroupId) => StateMachine
  readonly #proposals: Proposals
  readonly #care: GroupCare
  readonly #reads: ReadService
  readonly #seals: Seals
  readonly #intake: FrameIntake
  readonly #writer: TurnWriter
  readonly #driver: TurnDriver

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
      groups: new HostedGroups(),
      heardAt: new Map(),
      tell: deps.tell ?? (() => undefined),
      onApplied: deps.onApplied ?? (() => undefined),
      onLeaf: deps.onLeaf,
      mayApply: deps.mayApply ?? (() => true),
      beforeCheckpoint: deps.beforeCheckpoint ?? (() => undefined),
      onInstalled: deps.onInstalled ?? (() => undefined),
      onSeal: deps.onSeal ?? (() => undefined),
      certification: deps.certification,
      proofs: brokenProofs(
        mutant,
        rememberingProofs(
          proofCheck(deps.certification?.rules, (heard, isGood) =>
            this.#seals.hearCertificate(heard, isGood),
          ),
        ),
      ),
      mutant,
      tick: 0,
      // An answer to a request of an earlier life is not taken for one of this.
      serial: mutant === 'requests-again' ? 1 : (store.origin.incarnation % 2 ** 20) * 2 ** 32 + 1,
      stopping: false,
      isWriting: false,
    }
    this.#machineOf = deps.machineOf
    const core = this.#core
    const proposals = new Proposals(core)
    const snapshots = new Snapshots(core)
    const exchange = new Exchange(core)
    const applying = new Applying(core, proposals, exchange)
    const deposed = new DeposedLeaders(core)
    const care = new GroupCare(core, snapshots, deposed)
    const seals = new Seals(core)
    const outcomes = new OutcomeMemory(core)
    const reads = new ReadService(core)
    const shared = { proposals, snapshots, exchange, applying, care, seals, outcomes, deposed }
    const intake = new FrameIntake(core, shared)
    const rebuild = (group: GroupId, detail: string): void => this.#driver.rebuild(group, detail)
    const writer = new TurnWriter(core, { ...shared, rebuild })
    this.#driver = new TurnDriver(core, { ...shared, reads, intake, writer }, deps.nowMs)
    this.#proposals = proposals
    this.oversight = new Oversight(core, deposed)
    this.#care = care
    this.#reads = reads
    this.#seals = seals
    this.#intake = intake
    this.#writer = writer
  }

  /**
   * Opens all that is stored. A group that cannot be started is there as `halted`, saying why and what to do. Refuses
   * when the store is not the one that this node last had: its votes are forgotten, so its raft id is over (B5).
   */
  start(): Result<undefined, string> {
    const { store, groups } = this.#core
    if (store.origin.history === 'lost') return err(store.origin.reason)
    for (const stored of store.readGroups(store.groups())) {
      groups.put(openOrHalt(this.#core, this.#machineOf(stored.group), stored))
    }
    this.#care.follow()
    return ok(undefined)
  }

  /** A new group with these voters, made on each of them; not while a turn is underway in the store. False: no room. */
  found(group: GroupId, voters: readonly RaftId[], generation = 0): boolean {
    return this.foundAll([group], voters, generation)
  }

  /** The same for many groups, in one write: all of them, or none. */
  foundAll(groups: readonly GroupId[], voters: readonly RaftId[], generation = 0): boolean {
    const founded = groups.map((group) => {
      assert(!this.#core.groups.has(group), `group ${group} is there already`)
      return foundedGroup(this.#core, group, this.#machineOf(group), generation, voters)
    })
    if (founded.length === 0) return true
    const { store } = this.#core
    if (store.stage(founded.flatMap(({ chunks }) => chunks)) === 'full') return false
    if (store.commit({ groups: founded.map(({ writes }) => writes) }).kind === 'full') return false
    for (const group of groups) this.#openOne(group)
    return true
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
    this.#driver.tick()
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
    for (const group of this.#core.groups.all()) if (group.role === 'leader') wake(this.#core, group)
  }

  /** The states of all groups are stored with the coming turns: the next start applies nothing again. */
  storeStates(): void {
    const { groups } = this.#core
    for (const group of groups.all()) {
      if (group.sinceCheckpoint.entries === 0) continue
      group.checkpointDue = true
      groups.touch(group)
    }
  }

  /** A state that is to be stored is not yet. */
  get isStoring(): boolean {
    return [...this.#core.groups.all()].some(isCheckpointAsked)
  }

  /** What nobody needs any more goes from the store, much of it at once, unless that is at a turn. True: there is more. */
  trim(): boolean {
    return this.#core.isWriting || this.#care.trimMuch()
  }

  /** Whether a leader of every group that runs here is known. */
  get isLed(): boolean {
    for (const { condition, leader } of this.#core.groups.all())
      if (condition === 'running' && leader === undefined) return false
    return true
  }

  /** Groups that this node leads. */
  leads(): readonly GroupId[] {
    return [...this.#core.groups.all()].filter(({ role }) => role === 'leader').map(({ id }) => id)
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

  /** Where it is told that a turn which was underway in the store is over: the next one may be taken. One listener. */
  onSettled(listener: () => void): void {
    this.#writer.onSettled = listener
  }

  /** A turn is underway in the store: one taken now could write nothing. */
  get isWriting(): boolean {
    return this.#writer.isUnderway && !this.#writer.hasSettled
  }

  /** One turn. True: there is more to do at once. */
  turn(): boolean {
    return this.#driver.turn()
  }

  #openOne(group: GroupId): boolean {
    openNew(this.#core, this.#machineOf(group), group)
    this.#care.follow()
    return true
  }

  #wakeOne(group: GroupId): void {
    const hosted = this.#core.groups.get(group)
    if (hosted !== undefined) wake(this.#core, hosted)
  }
}
