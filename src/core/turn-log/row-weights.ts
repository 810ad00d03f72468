import { assert } from '../../model/fault.ts'
import type { Turn } from '../../model/turn.ts'

interface Weight {
  bytes: number
  /** Bytes of it that are still needed, about. */
  needed: number
  /** Things in it that are still needed. */
  uses: number
}

/** Which rows there are, and how much of each is still needed. */
export class RowWeights {
  /** In order of turns. */
  readonly #rows = new Map<Turn, Weight>()
  readonly #unneeded = new Set<Turn>()

  get size(): number {
    return this.#rows.size
  }

  add(turn: Turn, bytes: number): void {
    this.#rows.set(turn, { bytes, needed: 0, uses: 0 })
    this.#unneeded.add(turn)
  }

  /** Another row of the same turn, of which nothing is in use yet. */
  replace(turn: Turn, bytes: number): void {
    const row = this.#row(turn)
    row.bytes = bytes
    row.needed = 0
    row.uses = 0
    this.#unneeded.add(turn)
  }

  remove(turn: Turn): void {
    this.#rows.delete(turn)
    this.#unneeded.delete(turn)
  }

  /** Something of so many bytes in the row is needed. */
  use(turn: Turn, bytes: number): void {
    const row = this.#row(turn)
    row.uses += 1
    row.needed += bytes
    this.#unneeded.delete(turn)
  }

  /** It is no more. */
  release(turn: Turn, bytes: number): void {
    const row = this.#row(turn)
    assert(row.uses > 0, 'what is released was in use')
    row.uses -= 1
    row.needed -= bytes
    if (row.uses === 0) this.#unneeded.add(turn)
  }

  bytesOf(turn: Turn): number {
    return this.#row(turn).bytes
  }

  /** True for a row that is mostly no longer needed: copying the rest gives more room than it takes. */
  isMostlyUnneeded(turn: Turn): boolean {
    const { bytes, needed } = this.#row(turn)
    return needed * 2 < bytes
  }

  oldest(): Turn | undefined {
    return this.#rows.keys().next().value
  }

  /** Rows of which nothing is needed, in no order. */
  unneeded(): IterableIterator<Turn> {
    return this.#unneeded.values()
  }

  /** True when nothing is needed of some row other than this one. */
  hasUnneededBeside(turn: Turn | 0): boolean {
    return this.#unneeded.size > (turn !== 0 && this.#unneeded.has(turn) ? 1 : 0)
  }

  /** All rows in order of turns; rows may go while it runs, and new ones come at its end. */
  turns(): IterableIterator<Turn> {
    return this.#rows.keys()
  }

  #row(turn: Turn): Weight {
    const row = this.#rows.get(turn)
    assert(row !== undefined, `there is a row of turn ${turn}`)
    return row
  }
}
