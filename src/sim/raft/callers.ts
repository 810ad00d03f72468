import type { GroupId } from '../../model/raft.ts'
import type { Outcome, Ticket } from '../../model/replicated.ts'
import type { Chance } from './chance.ts'
import { Violation } from './checks.ts'
import { type Ask, gotOf, type Operation } from './history.ts'
import { type Board, type BoardCommand, encodeBoardCommand } from './machines.ts'
import type { World } from './world.ts'

const DEADLINE_TICKS = 30
const PATIENCE_MS = 6000
const CELLS = 40

/** Callers that put, add, read and tell on any node, try again with the same ticket, and write down what they saw. */
export class Callers {
  readonly history: Operation[] = []
  readonly #world: World
  readonly #chance: Chance
  #serial = 0
  /** Operations without an answer. */
  open = 0
  acknowledged = 0
  refused = 0
  /** Texts that were told by group to group, in no particular order, and how many of them took effect. */
  readonly told: { readonly source: GroupId; readonly target: GroupId; readonly text: string }[] = []

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
    if (kind < 2) return this.#read(group, cell)
    if (kind < 6)
      return this.#command(
        group,
        { kind: 'put', cell, value: `v${serial}` },
        { kind: 'put', cell, value: `v${serial}` },
      )
    if (kind < 9) return this.#command(group, { kind: 'add', amount: 1 }, { kind: 'add' })
    const others = this.#world.groups.filter((other) => other !== group)
    if (others.length === 0) return
    const target = this.#chance.pick(others)
    const text = `t${serial}`
    this.told.push({ source: group, target, text })
    this.#command(group, { kind: 'tell', target, text }, undefined)
  }

  #command(group: GroupId, command: BoardCommand, ask: Ask | undefined): void {
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
    this.#attempt(operation, ticket, body, { verdict: undefined })
  }

  #attempt(
    operation: Operation,
    ticket: Ticket,
    body: Uint8Array,
    known: { verdict: string | undefined },
  ): void {
    let isOver = false
    const again = (): void => {
      if (isOver) return
      isOver = true
      if (known.verdict === undefined) this.#later(() => this.#attempt(operation, ticket, body, known))
    }
    const done = (outcome: Outcome): void => {
      if (outcome.kind === 'settled') this.#settled(operation, ticket, outcome, known)
      else if (outcome.kind === 'refused') this.refused++
      again()
    }
    const node = this.#node()
    if (node === undefined) return again()
    this.#world.act(node, (host) => host.propose(operation.group, ticket, body, DEADLINE_TICKS, done))
    this.#world.events.after(PATIENCE_MS, again)
  }

  #settled(
    operation: Operation,
    ticket: Ticket,
    outcome: Outcome & { kind: 'settled' },
    known: { verdict: string | undefined },
  ): void {
    const verdict = JSON.stringify(outcome.verdict)
    if (known.verdict !== undefined && known.verdict !== verdict) {
      throw new Violation('verdict-differs', `${known.verdict} and ${verdict}`)
    }
    if (known.verdict !== undefined) return
    known.verdict = verdict
    this.open--
    this.acknowledged++
    operation.ended = this.#now()
    operation.got = gotOf(operation.ask, outcome)
    this.#world.checks.acknowledged(operation.group, ticket.key, outcome.index)
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
