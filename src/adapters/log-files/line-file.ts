import { closeSync, constants, fstatSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs'
import { FaultError } from '../../model/fault.ts'
import { guarded } from './fault.ts'

const BLOCK_BYTES = 65_536
const NEWLINE = 0x0a
/** Of a line, its number. */
const HEAD = /^\{"n":(\d+)[,}]/
const HEAD_BYTES = 32

/**
 * A file of lines of JSON that begin with ascending numbers `n`, of which what one wants is found without reading all. Faults
 * `store-io`, `store-full`, `store-damaged`.
 */
export class LineFile<Line extends { readonly n: number }> {
  readonly #path: string
  readonly #file: number
  #size: number

  /** Half a line at the end is cut off. The caller closes it. */
  constructor(path: string) {
    this.#path = path
    this.#file = guarded(`open ${path}`, () => openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600))
    this.#size = guarded(`read ${path}`, () => fstatSync(this.#file).size)
    const whole = this.#endOfLines()
    if (whole < this.#size) guarded(`write ${path}`, () => ftruncateSync(this.#file, whole))
    this.#size = whole
  }

  get bytes(): number {
    return this.#size
  }

  /** Whole lines. */
  append(text: string): void {
    const bytes = Buffer.from(text)
    guarded(`write ${this.#path}`, () => writeSync(this.#file, bytes, 0, bytes.length, this.#size))
    this.#size += bytes.length
  }

  /** Those with lower numbers than `before`, the newest first. */
  *backwards(before: number): Generator<Line> {
    let rest: Uint8Array = Buffer.alloc(0)
    for (let end = this.#endBefore(before); end > 0; end -= BLOCK_BYTES) {
      const begin = Math.max(0, end - BLOCK_BYTES)
      const block = Buffer.concat([this.#read(begin, end - begin), rest])
      // What stands before the first line feed may begin in the block before.
      const from = begin === 0 ? 0 : block.indexOf(NEWLINE) + 1
      const lines = block
        .toString('utf8', from)
        .split('\n')
        .filter((line) => line !== '')
      for (const text of lines.toReversed()) {
        const line = JSON.parse(text) as Line
        if (line.n < before) yield line
      }
      rest = block.subarray(0, from)
    }
  }

  close(): void {
    closeSync(this.#file)
  }

  /** The end of a line behind which all numbers are `before` or more; of what is in front of it a block at most is. */
  #endBefore(before: number): number {
    if (before > Number.MAX_SAFE_INTEGER - 1) return this.#size
    let [low, high] = [0, this.#size]
    while (high - low > BLOCK_BYTES) {
      const middle = Math.floor((low + high) / 2)
      const start = this.#lineAfter(middle)
      if (start < high && this.#numberAt(start) < before) low = start
      else high = middle
    }
    return this.#lineAfter(high)
  }

  /** Where the first line begins that does so behind an offset, or the end. */
  #lineAfter(offset: number): number {
    for (let at = offset; at < this.#size; at += BLOCK_BYTES) {
      const found = this.#read(at, Math.min(BLOCK_BYTES, this.#size - at)).indexOf(NEWLINE)
      if (found >= 0) return at + found + 1
    }
    return this.#size
  }

  #numberAt(start: number): number {
    const head = this.#read(start, Math.min(HEAD_BYTES, this.#size - start)).toString('latin1')
    const [, number] = HEAD.exec(head) ?? []
    if (number === undefined) throw new FaultError('store-damaged', `${this.#path} has no number at ${start}`)
    return Number(number)
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
