import { readValueType } from './read-types.ts'
import type { Reader } from './reader.ts'

/** Types of the locals of one body, parameters first. */
export class BodyLocals {
  readonly #reader: Reader
  readonly #types: Uint8Array
  count = 0

  constructor(reader: Reader, localsMax: number) {
    this.#reader = reader
    this.#types = new Uint8Array(localsMax)
  }

  /** Reads the groups that a body declares. */
  read(params: Uint8Array, groups: number): void {
    const reader = this.#reader
    this.count = 0
    this.#add(params.length, 0)
    this.#types.set(params.subarray(0, this.count))
    for (let i = 0; i < groups && reader.refusal === undefined; i++) {
      const count = reader.u32()
      this.#add(count, readValueType(reader))
    }
  }

  /** Undefined when there is no such local. */
  typeOf(index: number): number | undefined {
    return index < this.count ? this.#types[index] : undefined
  }

  #add(count: number, type: number): void {
    const total = this.count + count
    const max = this.#types.length
    if (total > max) return void this.#reader.refuse('LIMIT', `${total} locals, ${max} allowed`)
    this.#types.fill(type, this.count, total)
    this.count = total
  }
}
