/**
 * What the meter keeps of the bodies: one row for each reachable instruction that it may have to do something about.
 * All others between two rows are only counted. Rows lie in one array, function after function.
 */
export const EVENT = {
  unreachable: 0x00,
  block: 0x02,
  loop: 0x03,
  if: 0x04,
  else: 0x05,
  end: 0x0b,
  br: 0x0c,
  brIf: 0x0d,
  brTable: 0x0e,
  return: 0x0f,
  call: 0x10,
  callIndirect: 0x11,
  grow: 0x40,
  /** memory.copy, memory.fill, memory.init. */
  move: 0xfc,
  /** A float operator that can make a NaN, giving f32 or f64. */
  float32: 0x7d,
  float64: 0x7c,
} as const

/** `aux` of `end`: nothing can be paid of what follows the label before it, for some branch to it cannot pay. */
export const LABEL_UNPAID = 1
/** `aux` of `loop`: calls something inside, so that the gas left changes elsewhere. */
export const LOOP_CALLS = 2
/** `aux` of `loop`: every branch back is a plain `br`, which can pay before it goes. */
export const LOOP_PAID_BACK = 4

const WIDTH = 6

/** The label of a whole body, which no row opens, by the first row of the body. */
export function labelOfBody(first: number): number {
  return -2 - first
}

/**
 * Columns of a row:
 * - op: one of `EVENT`; at, next: offsets of its first byte and of the byte after it;
 * - plain: reachable instructions with a cost that stand between the row before and this one;
 * - aux: for branches the label's depth; `call` the function; `callIndirect` the type; `float32`, `float64` 1 when
 *   the bits of the result can be seen; `brTable` one of its labels; `end` and `loop` the flags above;
 * - mate: `end` and `else` the row that opened, an opening row its `end`.
 */
export class EventLog {
  #rows = new Int32Array(WIDTH * 1024)
  readonly #groups = new Map<number, number>()
  count = 0

  push(op: number, at: number, next: number, plain: number, aux: number, mate: number): number {
    const from = this.count * WIDTH
    if (from === this.#rows.length) this.#grow()
    const rows = this.#rows
    rows[from] = op
    rows[from + 1] = at
    rows[from + 2] = next
    rows[from + 3] = plain
    rows[from + 4] = aux
    rows[from + 5] = mate
    return this.count++
  }

  op(row: number): number {
    return this.#rows[row * WIDTH] as number
  }

  at(row: number): number {
    return this.#rows[row * WIDTH + 1] as number
  }

  next(row: number): number {
    return this.#rows[row * WIDTH + 2] as number
  }

  plain(row: number): number {
    return this.#rows[row * WIDTH + 3] as number
  }

  aux(row: number): number {
    return this.#rows[row * WIDTH + 4] as number
  }

  mate(row: number): number {
    return this.#rows[row * WIDTH + 5] as number
  }

  /** One `br_table` goes to both labels, so they are prepaid alike. A label is the row that opens it. */
  joinLabels(a: number, b: number): void {
    const [first, second] = [this.groupOf(a) ?? a, this.groupOf(b) ?? b]
    this.#groups.set(first, first)
    this.#groups.set(second, first)
  }

  /** The label that stands for all that are prepaid like this one; undefined for a label of no `br_table`. */
  groupOf(label: number): number | undefined {
    let row = label
    for (;;) {
      const parent = this.#groups.get(row)
      if (parent === undefined || parent === row) return parent
      const above = this.#groups.get(parent) as number
      this.#groups.set(row, above)
      row = above
    }
  }

  setAux(row: number, aux: number): void {
    this.#rows[row * WIDTH + 4] = aux
  }

  setMate(row: number, mate: number): void {
    this.#rows[row * WIDTH + 5] = mate
  }

  #grow(): void {
    const bigger = new Int32Array(this.#rows.length * 2)
    bigger.set(this.#rows)
    this.#rows = bigger
  }
}
