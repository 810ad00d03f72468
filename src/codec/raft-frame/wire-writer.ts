import { assert } from '../../model/fault.ts'

const TWO_32 = 2 ** 32
const START_BYTES = 1024

/** Puts fields one after another into bytes that grow; little-endian, lists and bytes prefixed by a u32 of their length. */
export class WireWriter {
  #bytes = new Uint8Array(START_BYTES)
  #view = new DataView(this.#bytes.buffer)
  #at = 0

  get size(): number {
    return this.#at
  }

  u8(value: number): void {
    const at = this.#grow(1)
    this.#bytes[at] = value
  }

  u32(value: number): void {
    const at = this.#grow(4)
    this.#view.setUint32(at, value, true)
  }

  /** An integer in [0, 2^53). */
  number(value: number): void {
    assert(Number.isSafeInteger(value) && value >= 0, 'only integers in [0, 2^53) are written')
    const at = this.#grow(8)
    this.#view.setUint32(at, value % TWO_32, true)
    this.#view.setUint32(at + 4, Math.floor(value / TWO_32), true)
  }

  flag(value: boolean): void {
    this.u8(value ? 1 : 0)
  }

  bytes(value: Uint8Array): void {
    this.u32(value.length)
    this.raw(value)
  }

  /** Without a length. */
  raw(value: Uint8Array): void {
    const at = this.#grow(value.length)
    this.#bytes.set(value, at)
  }

  text(value: string): void {
    this.bytes(new TextEncoder().encode(value))
  }

  list<Item>(items: readonly Item[], write: (item: Item) => void): void {
    this.u32(items.length)
    for (const item of items) write(item)
  }

  /** A copy of what was written; the writer starts again. */
  finish(): Uint8Array {
    const whole = this.#bytes.slice(0, this.#at)
    this.#at = 0
    return whole
  }

  #grow(size: number): number {
    const at = this.#at
    this.#at += size
    if (this.#at > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(this.#at, this.#bytes.length * 2))
      larger.set(this.#bytes)
      this.#bytes = larger
      this.#view = new DataView(larger.buffer)
    }
    return at
  }
}
