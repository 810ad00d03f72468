import { encodeEntry } from '../../codec/raft-frame/entry.ts'
import type { FrameItem } from '../../codec/raft-frame/frame.ts'
import { isExpired } from '../../core/replica/outcomes.ts'
import { keyText } from '../../core/replica/step.ts'
import { assert } from '../../model/fault.ts'
import type { GroupId, LogIndex, RaftId } from '../../model/raft.ts'
import {
  type EntryItem,
  type Outcome,
  type RefusedWhy,
  TICKET_KEY_BYTES_MAX,
  type Ticket,
  type Verdict,
} from '../../model/replicated.ts'
import type { Proposal, Refused } from '../../ports/consensus-engine.ts'
import { type HostCore, wake } from './host-core.ts'
import type { HostedGroup } from './hosted-group.ts'
import { Relay } from './relay.ts'
import { TakenRequests } from './taken-requests.ts'
import type { Asker, Waiting } from './waiting.ts'

/** A command to propose, with how long its outcome is waited for. */
export interface ProposalRequest {
  readonly group: GroupId
  readonly ticket: Ticket
  readonly body: Uint8Array
  readonly deadlineTicks: number
}

const WAITING_OVERHEAD = 256
/** So many commands are an entry worth its messages, whatever else is on its way. */
const COMMANDS_WORTH_AN_ENTRY = 64
const NONE: readonly Refused[] = []

/**
 * Commands on their way: from whoever proposes, to the leader, into an entry, and the outcome back.
 * Rules: a command is in at most one attempt at a time; what may have reached a log ends in a verdict or unknown.
 * Source: raft-host-catalogue F1 to F5.
 */
export class Proposals {
  readonly #core: HostCore
  /** Requests that were passed on to a leader. */
  readonly #passed = new Map<number, { readonly group: GroupId; readonly key: string }>()

  /** When there was room: looking it up takes calls of the system, and the reserve is many ticks of writing. */
  #roomyTick = -1

  readonly #requests = new TakenRequests()
  /** For groups that this node does not host. */
  readonly relay: Relay

  constructor(core: HostCore) {
    this.#core = core
    this.relay = new Relay(core)
  }

  /**
   * Of a group that this node does not host it may know too little: the first ticket is then refused `expired`, and a
   * new one is born later.
   */
  ticket(group: GroupId, key: Uint8Array): Ticket {
    const hosted = this.#core.groups.get(group)
    const born = hosted === undefined ? this.relay.position(group) : hosted.replica?.position
    return { born: born ?? 0, key }
  }

  add(request: ProposalRequest, asker: Asker, hops: number): void {
    if (asker.kind === 'peer' && !this.#requests.take(asker.peer, asker.request)) return
    const condition = this.#core.groups.get(request.group)?.condition ?? 'removed'
    if (condition === 'removed' && asker.kind === 'local') return this.relay.add(request, asker.done)
    const refused = this.#take(request, asker, hops)
    if (refused?.why === 'expired' && asker.kind === 'peer') this.#tellPosition(asker.peer, request.group)
    if (refused !== undefined) this.#tell(asker, { kind: 'refused', ...refused })
  }

  /** An outcome of a proposal that was passed on. */
  hear(from: RaftId, request: number, outcome: Outcome): void {
    const passed = this.#passed.get(request)
    if (passed === undefined) return this.relay.hear(from, request, outcome)
    const group = passed && this.#core.groups.get(passed.group)
    const waiting = passed && group?.waiting.get(passed.key)
    if (group === undefined || waiting?.state.kind !== 'passed') return
    if (waiting.state.request !== request || waiting.state.to !== from) return
    this.#passed.delete(request)
    if (outcome.kind === 'settled') return this.#finish(group, waiting, outcome)
    if (outcome.kind === 'unknown') return this.#requeue(group, waiting, this.#core.settings.retryTicks)
    waiting.taken = waiting.state.takenBefore
    if (outcome.why !== 'no-leader') return this.#finish(group, waiting, outcome)
    this.#requeue(group, waiting, 1)
  }

  /** A command was applied here: whoever waits for it learns what came of it, if its ticket was not too old. */
  settle(group: HostedGroup, key: string, verdict: Verdict | undefined, index: LogIndex): void {
    const waiting = group.waiting.get(key)
    if (waiting === undefined) return
    if (verdict === undefined) this.#finish(group, waiting, this.#ending(waiting, 'expired', 'too old'))
    else this.#finish(group, waiting, { kind: 'settled', verdict, index })
  }

  /** Proposes on groups that this node leads, an entry a group; passes on what others lead. */
  flush(): readonly Refused[] {
    this.relay.flush()
    const proposals: Proposal[] = []
    const batches: { group: HostedGroup; taken: readonly Waiting[]; internal: readonly EntryItem[] }[] = []
    for (const group of this.#core.groups.busy()) {
      if (group.queue.length === 0 && group.internal.length === 0) continue
      if (group.condition !== 'running' || group.replica === undefined) continue
      wake(this.#core, group)
      if (group.role !== 'leader') this.#passOn(group)
      else if (mayPropose(group)) this.#collect(group, proposals, batches)
    }
    if (proposals.length === 0) return NONE
    const refused = this.#core.engine.proposeMany(proposals)
    const refusals = new Map(refused.map((one) => [one.at, one]))
    for (const [at, { group, taken, internal }] of batches.entries()) {
      const refusal = refusals.get(at)
      if (refusal === undefined) continue
      for (const waiting of taken) {
        if (waiting.state.kind === 'proposed') waiting.taken = waiting.state.takenBefore
        waiting.state = { kind: 'queued', notBefore: this.#core.tick + 1 }
        group.queue.push(waiting.key)
      }
      group.internal.unshift(...internal)
    }
    return refused.map((one) => ({ ...one, at: batches[one.at]?.group.id ?? 0 }))
  }

  /** Deadlines, leaders that changed, answers that do not come. Once a tick. */
  tick(): void {
    this.relay.tick()
    for (const group of this.#core.groups.busy()) {
      for (const waiting of group.waiting.values()) this.#age(group, waiting)
      if (group.role !== 'leader') group.internal.length = 0 // the new leader makes its own
    }
  }

  /** The term or the leader changed: what was proposed here may be lost. */
  leaderChanged(group: HostedGroup): void {
    for (const waiting of group.waiting.values()) {
      const { state } = waiting
      const isLost = state.kind === 'proposed' || (state.kind === 'passed' && state.to !== group.leader)
      if (isLost && this.#core.mutant === 'ack-on-lost-leader') {
        const verdict: Verdict = { kind: 'applied', result: waiting.body }
        this.#finish(group, waiting, { kind: 'settled', verdict, index: group.last })
      } else if (isLost) this.#requeue(group, waiting, 0)
    }
  }

  /** Everybody who waits for a group learns that nobody here can say. */
  abandon(group: HostedGroup): void {
    for (const waiting of group.waiting.values()) {
      this.#finish(group, waiting, this.#ending(waiting, 'halted', group.why))
    }
  }

  #take(
    { group: id, ticket, body, deadlineTicks }: ProposalRequest,
    asker: Asker,
    hops: number,
  ): { why: RefusedWhy; detail: string } | undefined {
    const { settings, groups, stopping, tick } = this.#core
    const group = groups.get(id)
    if (group === undefined) return { why: 'unknown-group', detail: `group ${id} is not here` }
    if (group.condition !== 'running') return { why: 'halted', detail: group.why }
    const { length } = ticket.key
    if (length === 0 || length > TICKET_KEY_BYTES_MAX) return { why: 'too-large', detail: 'the key' }
    if (body.length > settings.commandBytesMax) return { why: 'too-large', detail: `${body.length} bytes` }
    const key = keyText(ticket.key)
    const before = group.replica?.settled.get(key)
    if (before !== undefined) {
      this.#tell(asker, { kind: 'settled', verdict: before.verdict, index: before.index })
      return undefined
    }
    // Before its age: an attempt that is on its way may still be applied.
    const known = group.waiting.get(key)
    if (known !== undefined) {
      known.askers.push(asker)
      known.deadline = Math.max(known.deadline, tick + deadlineTicks)
      return undefined
    }
    if (group.replica !== undefined && isExpired(ticket, group.replica)) {
      return { why: 'expired', detail: `born at ${ticket.born}, now ${group.replica.position}` }
    }
    if (stopping && asker.kind === 'local') return { why: 'stopping', detail: 'this node is shutting down' }
    const bytes = body.length + WAITING_OVERHEAD
    if (group.waiting.size >= settings.waitingMax || group.waitingBytes + bytes > settings.waitingBytesMax) {
      return { why: 'queue-full', detail: `${group.waiting.size} commands wait` }
    }
    if (group.role === 'leader' && !this.#hasRoom()) {
      return { why: 'no-room', detail: 'the disk is nearly full' }
    }
    if (this.#core.mutant === 'ack-at-propose') {
      this.#tell(asker, {
        kind: 'settled',
        verdict: { kind: 'applied', result: new Uint8Array(0) },
        index: group.last,
      })
    }
    group.waiting.set(key, {
      key,
      ticket,
      body,
      askers: [asker],
      hops,
      deadline: tick + deadlineTicks,
      state: { kind: 'queued', notBefore: 0 },
      taken: false,
    })
    group.waitingBytes += bytes
    group.queue.push(key)
    groups.touch(group)
    return undefined
  }

  #hasRoom(): boolean {
    const { store, settings, tick } = this.#core
    if (this.#roomyTick !== tick && store.room().freeBytes >= settings.reserveBytes) this.#roomyTick = tick
    return this.#roomyTick === tick
  }

  #collect(
    group: HostedGroup,
    proposals: Proposal[],
    batches: { group: HostedGroup; taken: readonly Waiting[]; internal: readonly EntryItem[] }[],
  ): void {
    const { settings, tick } = this.#core
    const internal = group.internal.splice(0)
    const items: EntryItem[] = [...internal]
    const taken: Waiting[] = []
    const later: string[] = []
    let bytes = 0
    let at = 0
    for (; at < group.queue.length && bytes < settings.entryBytesTarget; at++) {
      const waiting = group.waiting.get(group.queue[at] as string)
      if (waiting?.state.kind !== 'queued') continue
      if (waiting.state.notBefore > tick) {
        later.push(waiting.key)
        continue
      }
      items.push({ kind: 'command', ticket: waiting.ticket, body: waiting.body })
      bytes += waiting.body.length + 64
      waiting.state = { kind: 'proposed', term: group.hard.term, takenBefore: waiting.taken }
      waiting.taken = true
      taken.push(waiting)
    }
    group.queue = [...later, ...group.queue.slice(at)]
    if (items.length === 0) return
    proposals.push({ group: group.id, commands: [encodeEntry(items)] })
    batches.push({ group, taken, internal })
  }

  #passOn(group: HostedGroup): void {
    const { self, settings, tick, outgoing } = this.#core
    const { leader } = group
    if (leader === undefined || leader === self) return
    const later: string[] = []
    for (const key of group.queue) {
      const waiting = group.waiting.get(key)
      if (waiting?.state.kind !== 'queued') continue
      if (waiting.state.notBefore > tick) {
        later.push(key)
        continue
      }
      if (waiting.hops >= settings.hopsMax) {
        this.#finish(group, waiting, this.#ending(waiting, 'no-leader', 'passed on too often'))
        continue
      }
      const request = this.#core.serial++
      waiting.state = { kind: 'passed', to: leader, request, tick, takenBefore: waiting.taken }
      waiting.taken = true
      this.#passed.set(request, { group: group.id, key })
      outgoing.add(leader, {
        kind: 'propose',
        request,
        group: group.id,
        hops: waiting.hops + 1,
        ticks: Math.max(1, waiting.deadline - tick),
        ticket: waiting.ticket,
        body: waiting.body,
      })
    }
    group.queue = later
  }

  #age(group: HostedGroup, waiting: Waiting): void {
    const { settings, tick } = this.#core
    const { state } = waiting
    if (waiting.deadline <= tick) {
      return this.#finish(group, waiting, this.#ending(waiting, 'no-leader', 'not taken in time'))
    }
    if (state.kind === 'passed' && tick - state.tick >= settings.retryTicks) {
      return this.#requeue(group, waiting, 0)
    }
    if (state.kind !== 'queued' || waiting.taken) return
    if (group.role !== 'leader' && group.leaderlessTicks > settings.noLeaderTicks) {
      this.#finish(group, waiting, { kind: 'refused', why: 'no-leader', detail: `group ${group.id}` })
    }
  }

  #requeue(group: HostedGroup, waiting: Waiting, ticks: number): void {
    if (waiting.state.kind === 'passed') this.#passed.delete(waiting.state.request)
    waiting.state = { kind: 'queued', notBefore: this.#core.tick + ticks }
    group.queue.push(waiting.key)
  }

  #ending(waiting: Waiting, why: RefusedWhy, detail: string): Outcome {
    const isTaken = waiting.taken && this.#core.mutant !== 'ack-unknown'
    return isTaken ? { kind: 'unknown' } : { kind: 'refused', why, detail }
  }

  #finish(group: HostedGroup, waiting: Waiting, outcome: Outcome): void {
    assert(group.waiting.delete(waiting.key), 'a command that nobody waits for')
    if (waiting.state.kind === 'passed') this.#passed.delete(waiting.state.request)
    group.waitingBytes -= waiting.body.length + WAITING_OVERHEAD
    for (const asker of waiting.askers) {
      const isRefusedRetry =
        outcome.kind === 'refused' && waiting.taken && this.#core.mutant !== 'ack-unknown'
      this.#tell(asker, isRefusedRetry ? { kind: 'unknown' } : outcome)
    }
  }

  #tellPosition(peer: RaftId, group: GroupId): void {
    const position = this.#core.groups.get(group)?.replica?.position
    if (position !== undefined) this.#core.outgoing.add(peer, { kind: 'position', group, position })
  }

  #tell(asker: Asker, outcome: Outcome): void {
    if (asker.kind === 'local') return asker.done(outcome)
    const item: FrameItem = { kind: 'outcome', request: asker.request, outcome }
    this.#core.outgoing.add(asker.peer, item)
  }
}

/**
 * Commands wait while an entry of their group is on its way, and go together in the next: an entry costs the same messages
 * and steps on every replica, whether it holds one command or a hundred. After Nagle, RFC 896.
 */
export function mayPropose({ last, replica, internal, queue }: HostedGroup): boolean {
  const isOnItsWay = replica !== undefined && last > replica.applied
  return !isOnItsWay || internal.length > 0 || queue.length >= COMMANDS_WORTH_AN_ENTRY
}
