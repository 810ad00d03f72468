import { Stop } from './stop.ts'
import type { WasmMemory } from './web-assembly.ts'

const PAGE_BYTES = 65_536
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const UTF8_WRITER = new TextEncoder()

/** A module's memory, which may grow, and shrink never. Addresses come from the module: none is trusted. */
export class ModuleMemory {
  readonly #memory: WasmMemory
  #view: Uint8Array

  constructor(memory: WasmMemory) {
    this.#memory = memory
    this.#view = new Uint8Array(memory.buffer)
  }

  /** Valid until the module runs again. */
  view(): Uint8Array {
    // A memory that grew has a new buffer; the old one has lost its bytes.
    if (this.#view.length === 0) this.#view = new Uint8Array(this.#memory.buffer)
    return this.#view
  }

  pages(): number {
    return this.view().length / PAGE_BYTES
  }

  /** Text up to the next zero byte, at most `bytesMax` bytes of UTF-8. Stops with `failure` for anything else. */
  textAt(at: number, bytesMax: number, failure: 'output' | 'builtin'): string {
    const view = this.view()
    const end = view.subarray(at, at + bytesMax + 1).indexOf(0)
    if (end === -1) throw new Stop(failure, `no text of at most ${bytesMax} bytes where the policy says`)
    try {
      return UTF8.decode(view.subarray(at, at + end))
    } catch {
      throw new Stop(failure, 'the text of the policy is not UTF-8')
    }
  }

  /** For people: as much of the text at `at` as can be read, for a message. */
  wordsAt(at: number, bytesMax: number): string {
    const bytes = this.view().subarray(at, at + bytesMax)
    const end = bytes.indexOf(0)
    return new TextDecoder().decode(end === -1 ? bytes : bytes.subarray(0, end))
  }

  /** False, with nothing written, when the bytes do not fit before the end. */
  writeBytes(at: number, bytes: Uint8Array): boolean {
    const view = this.view()
    if (at + bytes.length > view.length) return false
    view.set(bytes, at)
    return true
  }

  /** Bytes written from `at` on, or -1 when the text does not fit before the end. */
  writeText(at: number, text: string): number {
    const { read, written } = UTF8_WRITER.encodeInto(text, this.view().subarray(at))
    return read === text.length ? written : -1
  }
}
