import { assert } from '../../model/fault.ts'

const TWO_32 = 2 ** 32

/**
 * Takes fields off the front of bytes that the engine wrote. What is not there or out of range is a defect of
 * the engine, and crashes. Bytes are views of what was given.
 */
export class FrameReader {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  #at: number
  #end: number

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#at = 0
    this.#end = bytes.length
  }

  /** True when nothing is left. */
  get ended(): boolean {
    return this.#at === this.#end
  }

  /** Reads something length-prefixed, all of it. */
  within<Value>(read: () => Value): Value {
    const length = this.u32()
    const outer = this.#end
    assert(this.#at + length <= outer, 'an answer of the engine is cut short')
    this.#end = this.#at + length
    const value = read()
    assert(this.ended, 'an answer of the engine has too much in it')
    this.#end = outer
    return value
  }

  list<Value>(read: () => Value): Value[] {
    const list: Value[] = []
    for (let left = this.u32(); left > 0; left--) list.push(read())
    return list
  }

  u8(): number {
    return this.#view.getUint8(this.#take(1))
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4), true)
  }

  /** A u64 up to 2^53 - 1. */
  number(): number {
    const at = this.#take(8)
    const value = this.#view.getUint32(at, true) + TWO_32 * this.#view.getUint32(at + 4, true)
    assert(Number.isSafeInteger(value), 'a number of the engine is beyond 2^53')
    return value
  }

  flag(): boolean {
    const value = this.u8()
    assert(value <= 1, 'a flag of the engine is neither 0 nor 1')
    return value === 1
  }

  bytes(): Uint8Array {
    const length = this.u32()
    const at = this.#take(length)
    return this.#bytes.subarray(at, at + length)
  }

  text(): string {
    return new TextDecoder().decode(this.bytes())
  }

  #take(size: number): number {
    const at = this.#at
    assert(at + size <= this.#end, 'an answer of the engine is cut short')
    this.#at = at + size
    return at
  }
}
