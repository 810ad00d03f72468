import { ERRNO, WasiError } from './errno.ts'

/**
 * The module's memory. Every address and size is the module's word: what lies outside is answered with `fault`, and
 * nothing is touched. Numbers are little-endian; addresses and sizes integers in [0, 2^32).
 */
export class GuestMemory {
  readonly #current: () => ArrayBuffer

  /** `current`: another buffer after the memory has grown. */
  constructor(current: () => ArrayBuffer) {
    this.#current = current
  }

  /** Valid until the module runs again. */
  bytes(at: number, size: number): Uint8Array {
    const buffer = this.#current()
    if (at + size > buffer.byteLength) throw new WasiError(ERRNO.fault)
    return new Uint8Array(buffer, at, size)
  }

  /** The same, to read and write numbers in. */
  view(at: number, size: number): DataView {
    const buffer = this.#current()
    if (at + size > buffer.byteLength) throw new WasiError(ERRNO.fault)
    return new DataView(buffer, at, size)
  }

  setU32(at: number, value: number): void {
    this.view(at, 4).setUint32(0, value, true)
  }

  setU64(at: number, value: bigint): void {
    this.view(at, 8).setBigUint64(0, value, true)
  }
}
