import type { GroupId, LogIndex, RaftId } from '../../model/raft.ts'
import type { Result } from '../../model/result.ts'
import type {
  ConsensusEngine,
  GroupMessage,
  GroupReady,
  GroupStatus,
  JudgedChange,
  MembershipChange,
  Proposal,
  ReadyBatch,
  ReadyLimits,
  Refusal,
  Refused,
} from '../../ports/consensus-engine.ts'
import type { Entry, GroupSettings, Snapshot, StoredGroup } from '../../ports/consensus-group.ts'

/** What looks on, or breaks things, between a host and its engine. */
export interface EngineHooks {
  /** Before a call that the process may end at: it throws then. */
  readonly before: () => void
  readonly opened?: (stored: StoredGroup) => StoredGroup
  readonly ready: (ready: GroupReady) => GroupReady
  /** The host says that this ready is written, sent and applied. */
  readonly advanced: (ready: GroupReady) => void
}

/** The engine that a simulated host gets: the real one, and hooks around it. */
export class HookedEngine implements ConsensusEngine {
  readonly peekMessage: ConsensusEngine['peekMessage']
  readonly #engine: ConsensusEngine
  readonly #hooks: EngineHooks
  readonly #out = new Map<GroupId, GroupReady>()

  constructor(engine: ConsensusEngine, hooks: EngineHooks) {
    this.#engine = engine
    this.#hooks = hooks
    this.peekMessage = (bytes) => engine.peekMessage(bytes)
  }

  open(group: GroupId, settings: GroupSettings, stored: StoredGroup): Result<undefined, Refusal> {
    this.#out.delete(group)
    return this.#engine.open(group, settings, this.#hooks.opened?.(stored) ?? stored)
  }

  close(group: GroupId): void {
    this.#out.delete(group)
    this.#engine.close(group)
  }

  tickMany(groups: readonly GroupId[]): readonly Refused[] {
    this.#hooks.before()
    return this.#engine.tickMany(groups)
  }

  stepMany(messages: readonly GroupMessage[]): readonly Refused[] {
    this.#hooks.before()
    return this.#engine.stepMany(messages)
  }

  proposeMany(proposals: readonly Proposal[]): readonly Refused[] {
    this.#hooks.before()
    return this.#engine.proposeMany(proposals)
  }

  proposeChange(group: GroupId, change: MembershipChange): Result<undefined, Refusal> {
    return this.#engine.proposeChange(group, change)
  }

  transferLeadership(group: GroupId, to: RaftId): Result<undefined, Refusal> {
    return this.#engine.transferLeadership(group, to)
  }

  readIndex(group: GroupId, context: Uint8Array): Result<undefined, Refusal> {
    return this.#engine.readIndex(group, context)
  }

  campaign(group: GroupId): Result<undefined, Refusal> {
    return this.#engine.campaign(group)
  }

  forgetLeader(group: GroupId): Result<undefined, Refusal> {
    return this.#engine.forgetLeader(group)
  }

  readyMany(limits: ReadyLimits): ReadyBatch {
    this.#hooks.before()
    const batch = this.#engine.readyMany(limits)
    if (batch.ready.length === 0) return batch
    const ready = batch.ready.map(this.#hooks.ready)
    for (const one of ready) this.#out.set(one.group, one)
    return { ...batch, ready }
  }

  applyChange(group: GroupId, index: LogIndex): Result<JudgedChange, Refusal> {
    return this.#engine.applyChange(group, index)
  }

  passOverChange(group: GroupId, index: LogIndex): Result<JudgedChange, Refusal> {
    return this.#engine.passOverChange(group, index)
  }

  advanceMany(groups: readonly GroupId[]): readonly Refused[] {
    this.#hooks.before()
    for (const group of groups) {
      const ready = this.#out.get(group)
      if (ready !== undefined) this.#hooks.advanced(ready)
      this.#out.delete(group)
    }
    return this.#engine.advanceMany(groups)
  }

  supplyEntries(group: GroupId, entries: readonly Entry[]): Result<undefined, Refusal> {
    return this.#engine.supplyEntries(group, entries)
  }

  offerSnapshot(group: GroupId, snapshot: Snapshot): Result<undefined, Refusal> {
    return this.#engine.offerSnapshot(group, snapshot)
  }

  compact(group: GroupId, index: LogIndex): Result<undefined, Refusal> {
    this.#hooks.before()
    return this.#engine.compact(group, index)
  }

  reportUnreachable(group: GroupId, peer: RaftId): Result<undefined, Refusal> {
    return this.#engine.reportUnreachable(group, peer)
  }

  reportSnapshot(group: GroupId, peer: RaftId, delivered: boolean): Result<undefined, Refusal> {
    return this.#engine.reportSnapshot(group, peer, delivered)
  }

  status(group: GroupId): Result<GroupStatus, Refusal> {
    return this.#engine.status(group)
  }

  memoryBytes(): number {
    return this.#engine.memoryBytes()
  }
}
