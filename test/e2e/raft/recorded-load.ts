import { expect } from 'vitest'
import type { GroupId } from '../../../src/model/raft.ts'
import { checkCells, type Operation } from '../../../src/sim/raft/history.ts'
import { type Answer, type NodeProcess, pause, until } from './node-process.ts'

const ATTEMPTS_MAX = 40
/** Every so many values another cell: several callers try for each. */
const CELLS = 300
/** Of what is asked one in so many is a read. */
const READ_EVERY = 4

/**
 * Callers that put values into cells that can be set once, and read them, on any node and again after failures, and
 * write down when each thing began, ended, and what it got.
 */
export class RecordedLoad {
  readonly #nodes: readonly NodeProcess[]
  readonly #groups: number
  readonly #callers: readonly Promise<void>[]
  readonly #history: Operation[] = []
  readonly #acknowledged = new Map<string, string>()
  /** By group, how many commands are known to be applied: no ticket is born after its group's position. */
  readonly #applied: number[]
  #serial = 0
  #isOver = false

  constructor(nodes: readonly NodeProcess[], groups: number, callers: number) {
    this.#nodes = nodes
    this.#groups = groups
    this.#applied = Array.from({ length: groups }, () => 0)
    this.#callers = Array.from({ length: callers }, (_, from) => this.#call(from))
  }

  get acknowledged(): number {
    return this.#acknowledged.size
  }

  /** The history is linearizable, and all that was acknowledged is on every node. Returns its length. */
  async finish(): Promise<number> {
    this.#isOver = true
    await Promise.all(this.#callers)
    expect(() => checkCells(this.#history)).not.toThrow()
    const cells = async (): Promise<readonly string[]> =>
      (await Promise.all(this.#nodes.map((node) => node.ask({ kind: 'cells' })))).map((answer) =>
        JSON.stringify(answer?.['cells']),
      )
    await until('all nodes have the same', async () => new Set(await cells()).size === 1)
    const [text = '[]'] = await cells()
    const boards = (JSON.parse(text) as [string, string][][]).map((board) => new Map(board))
    for (const [place, value] of this.#acknowledged) {
      const [group = '', cell = ''] = place.split(' ')
      expect(boards[Number(group)]?.get(cell), `cell ${place}`).toBe(value)
    }
    return this.#history.length
  }

  async #call(from: number): Promise<void> {
    for (let turn = 0; !this.#isOver; turn++) {
      const number = ++this.#serial
      const isRead = turn % READ_EVERY === READ_EVERY - 1
      // Cells are aimed at by all callers for a while, then others are: so there are always empty ones.
      const cell = `c${Math.floor(number / CELLS) * CELLS + (number % (CELLS / 10))}`
      await this.#one(from + turn, from, number % this.#groups, cell, isRead ? undefined : `v${number}`)
    }
  }

  async #one(first: number, from: number, group: number, cell: string, value?: string): Promise<void> {
    const operation: Operation = {
      group: group as GroupId,
      ask: value === undefined ? { kind: 'read', cell } : { kind: 'put', cell, value },
      begun: performance.now(),
      ended: Number.POSITIVE_INFINITY,
      got: undefined,
    }
    this.#history.push(operation)
    const question = { ...operation.ask, group, key: `${from}-${value}`, born: this.#applied[group] }
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
      const answer = await this.#nodes[(first + attempt) % this.#nodes.length]?.ask(question)
      if (this.#note(operation, answer)) return
      if (value === undefined || (attempt > 0 && this.#isOver)) return
      await pause(50)
    }
  }

  #note(operation: Operation, answer: Answer | undefined): boolean {
    const outcome = answer?.['outcome']
    if (outcome !== 'took' && outcome !== 'seen') return false
    operation.ended = performance.now()
    const told = answer?.['value']
    const { ask, group } = operation
    operation.got =
      outcome === 'took'
        ? { kind: 'took' }
        : { kind: 'seen', value: typeof told === 'string' ? told : undefined }
    if (outcome !== 'took' || ask.kind !== 'put') return true
    this.#acknowledged.set(`${group} ${ask.cell}`, ask.value)
    this.#applied[group] = (this.#applied[group] ?? 0) + 1
    return true
  }
}
