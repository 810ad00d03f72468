import type { GroupId } from '../../model/raft.ts'
import type { Outcome, Ticket } from '../../model/replicated.ts'
import type { Chance } from './chance.ts'
import { type Ask, gotOf, type Operation } from './history.ts'
import { type Board, type BoardCommand, encodeBoardCommand } from './machines.ts'
import { Violation } from './violation.ts'
import type { World } from './world.ts'

const DEADLINE_TICKS = 30
const PATIENCE_MS = 6000
const CELLS = 40

/** What is known of a command: its verdict, or that an attempt may have had an effect. */
interface Known {
  verdict: string | undefined
  maybe: boolean
}

/** Callers that put, add, read and tell on any node, try again with the same ticket, and write down what they saw. */
export class Callers {
  readonly history: Operation[] = []
  readonly #world: World
  readonly #chance: Chance
  /** The cell that a put was last acknowledged for. */
  readonly #written = new Map<GroupId, string>()
  #serial = 0
  /** Operations without an answer. */
  open = 0
  acknowledged = 0
  refused = 0
  expired = 0
  /** Refused and not tried again: they must never take effect. */
  readonly abandoned: { readonly group: GroupId; readonly key: Uint8Array }[] = []
  /** Commands of which nobody can say any more what came of them: their keys, and what was asked. */
  readonly forgotten = new Set<Uint8Array>()
  readonly unknown = new Set<Operation>()
  /** Texts that were told by group to group, in no particular order, and how many of them took effect. */
  readonly told: {
    readonly source: GroupId
    readonly target: GroupId
    readonly text: string
    readonly key: Uint8Array
  }[] = []

  constructor(world: World, chance: Chance) {
    this.#world = world
    this.#chance = chance
  }

  /** One operation of a random kind; it goes on until it is answered. */
  begin(): void {
    const group = this.#chance.pick(this.#world.groups)
    const cell = `c${this.#chance.below(CELLS) + Math.floor(this.#serial / 20)}`
    const serial = ++this.#serial
    const kind = this.#chance.below(10)
    if (kind < 3) return this.#read(group, this.#cellToRead(group, cell))
    if (kind < 7)
      return void this.#command(
        group,
        { kind: 'put', cell, value: `v${serial}` },
        { kind: 'put', cell, value: `v${serial}` },
      )
    if (kind < 9) return void this.#command(group, { kind: 'add', amount: 1 }, { kind: 'add' })
    const others = this.#world.groups.filter((other) => other !== group)
    if (others.length === 0) return
    const target = this.#chance.pick(others)
    const text = `t${serial}`
    const key = this.#command(group, { kind: 'tell', target, text }, undefined)
    this.told.push({ source: group, target, text, key })
  }

  #command(group: GroupId, command: BoardCommand, ask: Ask | undefined): Uint8Array {
    const body = encodeBoardCommand(command)
    const node = this.#node()
    const key = this.#chance.bytes(12)
    const ticket: Ticket = node === undefined ? { born: 0, key } : this.#world.host(node).ticket(group, key)
    const operation: Operation = {
      group,
      ask: ask ?? { kind: 'add' },
      begun: this.#now(),
      ended: Number.POSITIVE_INFINITY,
      got: undefined,
    }
    if (ask !== undefined) this.history.push(operation)
    this.open++
    this.#attempt(operation, ticket, body, { verdict: undefined, maybe: false })
    return key
  }

  #attempt(operation: Operation, ticket: Ticket, body: Uint8Array, known: Known): void {
    let isOver = false
    const again = (): void => {
      if (isOver) return
      isOver = true
      if (known.verdict === undefined) this.#later(() => this.#attempt(operation, ticket, body, known))
    }
    const done = (outcome: Outcome): void => {
      if (outcome.kind === 'settled') this.#settled(operation, ticket, outcome, known)
      else if (outcome.kind === 'refused') {
        this.refused++
        if (outcome.why === 'expired') this.#expired(operation, ticket, known)
        else if (!known.maybe && known.verdict === undefined && this.#chance.is(0.3)) {
          known.verdict = 'abandoned'
          this.abandoned.push({ group: operation.group, key: ticket.key })
          this.open--
        }
      } else known.maybe = true
      again()
    }
    const node = this.#node()
    if (node === undefined) return again()
    this.#world.act(node, (host) => host.propose(operation.group, ticket, body, DEADLINE_TICKS, done))
    this.#world.events.after(PATIENCE_MS, () => {
      known.maybe ||= !isOver
      again()
    })
  }

  /** The same ticket is refused for ever: what came of earlier attempts is not told any more. */
  #expired(operation: Operation, ticket: Ticket, known: Known): void {
    if (known.verdict !== undefined) return
    known.verdict = known.maybe ? 'forgotten' : 'abandoned'
    this.expired++
    if (!known.maybe) this.abandoned.push({ group: operation.group, key: ticket.key })
    else {
      this.forgotten.add(ticket.key)
      this.unknown.add(operation)
    }
    this.open--
  }

  #settled(operation: Operation, ticket: Ticket, outcome: Outcome & { kind: 'settled' }, known: Known): void {
    const verdict = JSON.stringify(outcome.verdict)
    if (known.verdict === 'forgotten') return
    if (known.verdict === 'abandoned') throw new Violation('refused-applied', verdict)
    if (known.verdict !== undefined && known.verdict !== verdict) {
      throw new Violation('verdict-differs', `${known.verdict} and ${verdict}`)
    }
    if (known.verdict !== undefined) return
    known.verdict = verdict
    this.open--
    this.acknowledged++
    operation.ended = this.#now()
    operation.got = gotOf(operation.ask, outcome)
    if (operation.ask.kind === 'put') this.#written.set(operation.group, operation.ask.cell)
    this.#world.checks.acknowledged(operation.group, ticket.key, outcome.index)
  }

  /** Mostly one that was written a moment ago: a stale answer shows there. */
  #cellToRead(group: GroupId, cell: string): string {
    const recent = this.#written.get(group)
    return recent === undefined || this.#chance.is(0.3) ? cell : recent
  }

  #read(group: GroupId, cell: string): void {
    const node = this.#node()
    if (node === undefined) return
    const operation: Operation = {
      group,
      ask: { kind: 'read', cell },
      begun: this.#now(),
      ended: Number.POSITIVE_INFINITY,
      got: undefined,
    }
    this.#world.act(node, (host) =>
      host.read(group, DEADLINE_TICKS, (outcome) => {
        if (outcome.kind !== 'served') return
        operation.ended = this.#now()
        operation.got = { kind: 'seen', value: (outcome.state as Board).cells.get(cell) }
        this.history.push(operation)
      }),
    )
  }

  /** What was refused and given up never takes effect. Throws Violation. */
  checkAbandoned(): void {
    for (const { group, key } of this.abandoned) {
      const index = this.#world.checks.indexOf(group, key)
      if (index !== undefined) throw new Violation('refused-applied', `group ${group} index ${index}`)
    }
  }

  #later(act: () => void): void {
    this.#world.events.after(50 + this.#chance.next() * 400, act)
  }

  #node(): number | undefined {
    const up = this.#world.up()
    return up.length === 0 ? undefined : this.#chance.pick(up).id
  }

  #instant = 0

  /** Virtual time, and no instant twice. */
  #now(): number {
    this.#instant = Math.max(this.#instant + 1e-6, this.#world.events.now)
    return this.#instant
  }
}
