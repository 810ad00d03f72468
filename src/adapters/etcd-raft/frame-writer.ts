import { assert } from '../../model/fault.ts'
import { FRAME_VERSION, HEADER_BYTES, type Operation } from './frame-format.ts'

const BYTES_FIRST = 65_536
const BYTES_KEPT = 4_194_304
const TWO_32 = 2 ** 32

/** Writes one frame after another, into one buffer: a frame is good until the next `begin`. */
export class FrameWriter {
  #bytes = new Uint8Array(BYTES_FIRST)
  #view = new DataView(this.#bytes.buffer)
  #at = 0
  #items = 0
  #item = 0

  begin(operation: Operation): void {
    if (this.#bytes.length > BYTES_KEPT) this.#resize(BYTES_FIRST)
    this.#at = HEADER_BYTES
    this.#items = 0
    this.#view.setUint32(0, 0, true)
    this.#bytes[0] = FRAME_VERSION
    this.#bytes[1] = operation
  }

  /** One item: what `write` writes. */
  item(write: () => void): void {
    this.#item = this.#at
    this.u32(0)
    write()
    this.#view.setUint32(this.#item, this.#at - this.#item - 4, true)
    this.#items++
  }

  finish(): Uint8Array {
    this.#view.setUint32(4, this.#items, true)
    return this.#bytes.subarray(0, this.#at)
  }

  u8(value: number): void {
    this.#room(1)
    this.#bytes[this.#at++] = value
  }

  flag(value: boolean): void {
    this.u8(value ? 1 : 0)
  }

  u32(value: number): void {
    this.#room(4)
    this.#view.setUint32(this.#at, value, true)
    this.#at += 4
  }

  /** Any safe integer from 0 on, as a u64. */
  number(value: number): void {
    assert(Number.isSafeInteger(value) && value >= 0, 'only integers in [0, 2^53) go into a frame')
    this.#room(8)
    this.#view.setUint32(this.#at, value % TWO_32, true)
    this.#view.setUint32(this.#at + 4, Math.floor(value / TWO_32), true)
    this.#at += 8
  }

  numbers(list: readonly number[]): void {
    this.u32(list.length)
    for (const value of list) this.number(value)
  }

  bytes(value: Uint8Array): void {
    this.u32(value.length)
    this.#room(value.length)
    this.#bytes.set(value, this.#at)
    this.#at += value.length
  }

  #room(size: number): void {
    if (this.#at + size > this.#bytes.length) this.#resize(Math.max(2 * this.#bytes.length, this.#at + size))
  }

  #resize(length: number): void {
    const old = this.#bytes
    this.#bytes = new Uint8Array(length)
    this.#bytes.set(old.subarray(0, Math.min(this.#at, length)))
    this.#view = new DataView(this.#bytes.buffer)
  }
}
