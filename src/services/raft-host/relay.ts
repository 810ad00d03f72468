import type { GroupId, RaftId } from '../../model/raft.ts'
import { isSafeRetry, type Outcome, type Ticket } from '../../model/replicated.ts'
import type { HostCore } from './host-core.ts'

/** A proposal for a group that this node does not host, on its way to one that does. */
interface Relayed {
  readonly group: GroupId
  readonly ticket: Ticket
  readonly body: Uint8Array
  readonly deadline: number
  readonly done: (outcome: Outcome) => void
  /** An attempt may have reached a log: only a verdict or `unknown` can end this. */
  isTaken: boolean
  /** How many replicas were asked. */
  asked: number
  at:
    | { readonly kind: 'waiting'; readonly notBefore: number }
    | { readonly kind: 'asked'; readonly replica: RaftId; readonly request: number; readonly tick: number }
}

/**
 * Proposals on groups of others: each goes to a replica that the directory names, to another one when that cannot
 * say, until a verdict or the deadline. Only callers of this node are served, so nothing is passed around in circles.
 *
 *     waiting --sent--> asked --verdict--> settled      asked --no answer, no leader there--> waiting
 *     any --deadline--> unknown, or refused if no attempt was ever taken
 *
 * Source: consensus.md, "The raft host"; raft-host-catalogue F1, F2.
 */
export class Relay {
  readonly #core: HostCore
  readonly #relayed = new Set<Relayed>()
  readonly #positions = new Map<GroupId, number>()
  #bytes = 0

  constructor(core: HostCore) {
    this.#core = core
  }

  /** Commands that a group had applied, as far as its replicas said: where a ticket of this node is born. */
  position(group: GroupId): number {
    return this.#positions.get(group) ?? 0
  }

  hearPosition(from: RaftId, group: GroupId, position: number): void {
    if (!this.#core.directory.replicas(group).includes(from)) return
    this.#positions.set(group, Math.max(position, this.position(group)))
  }

  /** Calls `done` once, by the deadline. */
  add(
    {
      group,
      ticket,
      body,
      deadlineTicks,
    }: Pick<Relayed, 'group' | 'ticket' | 'body'> & { readonly deadlineTicks: number },
    done: (outcome: Outcome) => void,
  ): void {
    const { tick, settings, stopping } = this.#core
    const refuse = (why: 'unknown-group' | 'queue-full' | 'stopping' | 'too-large', detail: string): void =>
      done({ kind: 'refused', why, detail })
    if (this.#replicas(group).length === 0)
      return refuse('unknown-group', `nobody is known to have group ${group}`)
    if (stopping) return refuse('stopping', 'this node is shutting down')
    if (body.length > settings.commandBytesMax) return refuse('too-large', `${body.length} bytes`)
    const isFull =
      this.#relayed.size >= settings.waitingMax || this.#bytes + body.length > settings.waitingBytesMax
    if (isFull) return refuse('queue-full', `${this.#relayed.size} commands wait`)
    const deadline = tick + deadlineTicks
    const at = { kind: 'waiting', notBefore: tick } as const
    this.#bytes += body.length
    this.#relayed.add({ group, ticket, body, deadline, done, isTaken: false, asked: 0, at })
  }

  hear(from: RaftId, request: number, outcome: Outcome): void {
    for (const one of this.#relayed) {
      if (one.at.kind !== 'asked' || one.at.request !== request || one.at.replica !== from) continue
      if (outcome.kind === 'settled') return this.#finish(one, outcome)
      one.isTaken ||= outcome.kind === 'unknown'
      if (outcome.kind === 'refused' && !isSafeRetry(outcome.why)) return this.#finish(one, outcome)
      one.at = { kind: 'waiting', notBefore: this.#core.tick + 1 }
      return
    }
  }

  /** Sends what is due: once a turn. */
  flush(): void {
    const { tick, outgoing } = this.#core
    for (const one of this.#relayed) {
      if (one.at.kind !== 'waiting' || one.at.notBefore > tick) continue
      const replicas = this.#replicas(one.group)
      const replica = replicas[(one.asked++ + (one.ticket.key[0] ?? 0)) % Math.max(1, replicas.length)]
      if (replica === undefined) continue
      const request = this.#core.serial++
      const ticks = Math.max(1, one.deadline - tick)
      const { group, ticket, body } = one
      outgoing.add(replica, { kind: 'propose', request, group, hops: 1, ticks, ticket, body })
      one.at = { kind: 'asked', replica, request, tick }
    }
  }

  /** Deadlines, and answers that do not come. */
  tick(): void {
    const { tick, settings } = this.#core
    for (const one of this.#relayed) {
      if (one.deadline <= tick)
        this.#finish(one, { kind: 'refused', why: 'no-leader', detail: 'not taken in time' })
      else if (one.at.kind === 'asked' && tick - one.at.tick >= settings.retryTicks) {
        one.isTaken = true
        one.at = { kind: 'waiting', notBefore: tick }
      }
    }
  }

  #finish(one: Relayed, outcome: Outcome): void {
    this.#relayed.delete(one)
    this.#bytes -= one.body.length
    const mayHaveBeen =
      one.isTaken || (one.at.kind === 'asked' && outcome.kind === 'refused' && outcome.why === 'no-leader')
    one.done(outcome.kind === 'refused' && mayHaveBeen ? { kind: 'unknown' } : outcome)
  }

  #replicas(group: GroupId): readonly RaftId[] {
    return this.#core.directory.replicas(group).filter((replica) => replica !== this.#core.self)
  }
}
