import { closeSync, constants, fstatSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs'
import type { LedgerLog, LedgerRow } from '../../ports/ledger-log.ts'
import { guarded } from './fault.ts'

const BLOCK_BYTES = 65_536
const NEWLINE = 0x0a

/**
 * What the ledger did, a line of JSON each, in the order of their numbers. Lines leave at the end of a turn of the event loop; what a
 * crash took is written again when the entries are applied again, or is a gap in the numbers.
 */
export class LedgerFile implements LedgerLog {
  readonly #path: string
  readonly #file: number
  #size: number
  #last: number
  #waiting = ''

  /** Half a line at the end is cut off. Faults `store-io`. */
  constructor(path: string) {
    this.#path = path
    this.#file = guarded(`open ${path}`, () => openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600))
    this.#size = guarded(`read ${path}`, () => fstatSync(this.#file).size)
    const whole = this.#endOfLines()
    if (whole < this.#size) guarded(`write ${path}`, () => ftruncateSync(this.#file, whole))
    this.#size = whole
    const [row] = this.#backwards()
    this.#last = row?.n ?? 0
  }

  note(rows: readonly LedgerRow[]): void {
    const fresh = rows.filter(({ n }) => n > this.#last)
    if (fresh.length === 0) return
    if (this.#waiting === '') setImmediate(() => this.flush())
    for (const row of fresh) this.#waiting += `${JSON.stringify(row)}\n`
    this.#last = fresh.at(-1)?.n ?? this.#last
  }

  *backwards(): Iterable<LedgerRow> {
    this.flush()
    yield* this.#backwards()
  }

  flush(): void {
    if (this.#waiting === '') return
    const bytes = Buffer.from(this.#waiting)
    this.#waiting = ''
    guarded(`write ${this.#path}`, () => writeSync(this.#file, bytes, 0, bytes.length, this.#size))
    this.#size += bytes.length
  }

  close(): void {
    this.flush()
    closeSync(this.#file)
  }

  *#backwards(): Generator<LedgerRow> {
    let rest: Uint8Array = Buffer.alloc(0)
    for (let end = this.#size; end > 0; end -= BLOCK_BYTES) {
      const begin = Math.max(0, end - BLOCK_BYTES)
      const block = Buffer.concat([this.#read(begin, end - begin), rest])
      // What stands before the first line feed may begin in the block before.
      const from = begin === 0 ? 0 : block.indexOf(NEWLINE) + 1
      const lines = block
        .toString('utf8', from)
        .split('\n')
        .filter((line) => line !== '')
      for (const line of lines.toReversed()) yield JSON.parse(line) as LedgerRow
      rest = block.subarray(0, from)
    }
  }

  #endOfLines(): number {
    for (let end = this.#size; end > 0; end -= BLOCK_BYTES) {
      const begin = Math.max(0, end - BLOCK_BYTES)
      const at = this.#read(begin, end - begin).lastIndexOf(NEWLINE)
      if (at >= 0) return begin + at + 1
    }
    return 0
  }

  #read(at: number, length: number): Buffer {
    const bytes = Buffer.alloc(length)
    guarded(`read ${this.#path}`, () => readSync(this.#file, bytes, 0, length, at))
    return bytes
  }
}
