import type { FrameItem } from '../../codec/raft-frame/frame.ts'
import type { GroupId, RaftId } from '../../model/raft.ts'
import type { Applying } from './applying.ts'
import type { DeposedLeaders } from './deposed-leaders.ts'
import type { Exchange } from './exchange.ts'
import type { FrameIntake } from './frame-intake.ts'
import type { GroupCare } from './group-care.ts'
import { rebuild } from './group-opening.ts'
import { type HostCore, wake } from './host-core.ts'
import { type HostedGroup, isAlone, membersOf } from './hosted-group.ts'
import { bestSuccessor } from './membership.ts'
import type { OutcomeMemory } from './outcome-memory.ts'
import { mayPropose, type Proposals } from './proposals.ts'
import type { ReadService } from './read-service.ts'
import type { Seals } from './seals.ts'
import { lacksMembers, type Snapshots } from './snapshots.ts'
import type { TurnWriter } from './turn-writer.ts'

/** What a turn leads through. */
export interface DriverParts {
  readonly proposals: Proposals
  readonly snapshots: Snapshots
  readonly exchange: Exchange
  readonly applying: Applying
  readonly care: GroupCare
  readonly reads: ReadService
  readonly seals: Seals
  readonly outcomes: OutcomeMemory
  readonly deposed: DeposedLeaders
  readonly intake: FrameIntake
  readonly writer: TurnWriter
}

/** Ticks that one turn makes up for; a node that slept longer has not lived in between. */
const TICKS_DUE_MAX = 3

/**
 * The order of a turn: what settled in the store, ticks, what came in, what is to be proposed, what is ready, the write,
 * what is to be applied, what other groups and peers are to hear. Source: architecture.md, "Batching".
 */
export class TurnDriver {
  readonly #core: HostCore
  readonly #parts: DriverParts
  readonly #nowMs: () => number
  #ticksDue = 0
  #turns = 0
  #mayCommit = false // entries became stable: no message need come for the engine to commit them

  constructor(core: HostCore, parts: DriverParts, nowMs: () => number) {
    this.#core = core
    this.#parts = parts
    this.#nowMs = nowMs
    core.outgoing.onLost = (to, item) => this.#lost(to, item)
  }

  tick(): void {
    this.#ticksDue = Math.min(this.#ticksDue + 1, TICKS_DUE_MAX)
  }

  /** One turn. True: there is more to do at once. */
  turn(): boolean {
    const { writer, intake, exchange, seals, care } = this.#parts
    const { engine, groups, outgoing } = this.#core
    this.#mayCommit = writer.hasSettled
    writer.takeSettled()
    this.#takeTicks()
    const messages = intake.take()
    this.#refusals(
      engine.stepMany(messages),
      (at) => messages[at]?.group,
      (at) => messages[at]?.from,
    )
    this.#ask()
    // With all asleep and nothing said there is nothing to ask the engine for.
    const isQuiet = messages.length === 0 && !groups.isAnyBusy && !writer.hasUnwritten
    care.trim()
    if (!writer.isUnderway && !isQuiet) writer.write()
    this.#applyAll()
    for (const group of groups.busy()) {
      exchange.flush(group)
      seals.lead(group)
      if (group.sleepDue) care.putToSleep(group)
    }
    groups.settle()
    outgoing.flush(this.#core.tick)
    return this.#hasMore()
  }

  /** The engine panicked in a group: it is opened again from what is stored. Source: V3. */
  rebuild(group: GroupId, detail: string, sender?: RaftId): void {
    if (this.#core.groups.get(group)?.condition !== 'running') return
    if (sender !== undefined) this.#core.transport.distrust(sender, 'its message made the engine panic')
    this.#parts.writer.drop(group)
    const rebuilt = rebuild(this.#core, group, detail)
    if (rebuilt?.condition === 'halted') this.#parts.proposals.abandon(rebuilt)
  }

  #ask(): void {
    const { snapshots, reads, proposals } = this.#parts
    for (const group of this.#core.groups.busy()) {
      if (group.condition !== 'running') continue
      snapshots.complete(group)
      reads.ask(group)
    }
    for (const { at, detail } of proposals.flush().filter(({ reason }) => reason === 'failed')) {
      this.rebuild(at as GroupId, detail)
    }
  }

  #hasMore(): boolean {
    const { intake, writer, seals } = this.#parts
    if (this.#mayCommit || !intake.isEmpty || this.#ticksDue > 0 || writer.hasSettled) return true
    if (!writer.isUnderway && !writer.isFull && seals.isDue) return true
    for (const group of this.#core.groups.busy()) if (this.#hasWork(group)) return true
    return false
  }

  #hasWork(group: HostedGroup): boolean {
    const { out, internal, queue, role, condition, waiting } = group
    if (condition !== 'running') return false
    if (out !== undefined) return !out.isHeld
    if (role !== 'leader' || !mayPropose(group)) return false
    return internal.length > 0 || queue.some((key) => isDue(waiting.get(key), this.#core.tick))
  }

  #takeTicks(): void {
    const { engine, groups, settings, outgoing } = this.#core
    const { care, proposals, outcomes } = this.#parts
    for (; this.#ticksDue > 0; this.#ticksDue--) {
      this.#core.tick++
      outgoing.releaseAll()
      const awake = [...groups.busy()].filter(({ asleep }) => !asleep)
      const ticked = awake.filter((one) => one.condition === 'running' && one.receiving === undefined)
      this.#refusals(engine.tickMany(ticked.map(({ id }) => id)), (at) => ticked[at]?.id)
      for (const group of awake) care.tick(group)
      proposals.tick()
      care.peers(outgoing)
      if (this.#core.stopping) this.#handOver()
      if (this.#core.tick % settings.aliveTicks !== 0) continue
      care.follow()
      outcomes.check()
    }
  }

  #handOver(): void {
    const { engine, groups, self } = this.#core
    for (const group of groups.all()) {
      if (group.role !== 'leader') continue
      const status = engine.status(group.id)
      const isFree = status.ok && status.value.transferee === undefined
      const mayLead = (peer: RaftId): boolean => this.#parts.deposed.mayLead(group.id, peer)
      const to = isFree ? bestSuccessor(status.value, self, mayLead) : undefined
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
      if (reason === 'failed') this.rebuild(group, detail, sender)
      else if (sender !== undefined) this.#parts.intake.unfit(sender, group, reason, false)
    }
  }

  #lost(to: RaftId, item: FrameItem): void {
    if (item.kind === 'message') this.#core.engine.reportUnreachable(item.group, to)
    else if (item.kind === 'snapshot') this.#core.engine.reportSnapshot(item.group, to, false)
  }

  #applyAll(): void {
    const { groups, settings, engine } = this.#core
    const { applying, reads } = this.#parts
    const end = this.#nowMs() + settings.turnMs
    const isOver = (): boolean => this.#nowMs() > end
    const done: GroupId[] = []
    // Each group its share, and another one first each turn: a backlog delays nobody else.
    const full = [...groups.busy()].filter(({ out }) => out !== undefined)
    const share = Math.max(1, Math.floor(settings.turnItemsMax / Math.max(1, full.length)))
    const first = this.#turns++ % Math.max(1, full.length)
    const order = [...full.slice(first), ...full.slice(0, first)]
    for (const group of heldAgain(order)) {
      if (group.out === undefined) continue
      if (!applying.go(group, { items: share, isOver }) || group.out === undefined) continue
      const isChanged = group.out.ready.committed.some(({ kind }) => kind === 'change')
      this.#mayCommit ||= group.out.ready.entries.length > 0 && isAlone(group)
      group.out = undefined
      done.push(group.id)
      if (isChanged) this.#membershipChanged(group)
    }
    this.#refusals(engine.advanceMany(done), (at) => done[at])
    for (const group of groups.busy()) if (group.reads.length > 0) reads.serve(group)
  }

  /** A replica that was removed stops; what it has stays until it is forgotten (M5). */
  #membershipChanged(group: HostedGroup): void {
    this.#parts.care.follow()
    wake(this.#core, group)
    group.checkpointDue ||= lacksMembers(group)
    const isIn = membersOf(group.replica).has(this.#core.self)
    // A newcomer's snapshot may be older than its own addition: only who was in can be put out.
    if (!isIn && group.wasIn) group.leavingAt ??= this.#core.tick
    group.wasIn = isIn
  }
}

/** All, and once more those that waited for another when their turn came: it may have been applied since. */
function* heldAgain(groups: readonly HostedGroup[]): Generator<HostedGroup> {
  yield* groups
  for (const group of groups) if (group.out?.isHeld === true) yield group
}

function isDue(
  waiting: { readonly state: { readonly kind: string; readonly notBefore?: number } } | undefined,
  tick: number,
): boolean {
  return waiting?.state.kind === 'queued' && (waiting.state.notBefore ?? 0) <= tick
}
