import type { Checksum } from '../../ports/checksum.ts'

/** A digest of all that was sent, in order: two runs of one seed have the same, and any difference shows. */
export class Trace {
  readonly #checksum: Checksum
  #one = 0x811c9dc5
  #two = 0x9e3779b9
  frames = 0

  constructor(checksum: Checksum) {
    this.#checksum = checksum
  }

  add(from: number, to: number, frame: Uint8Array): void {
    this.frames++
    const sum = this.#checksum(frame) ^ Math.imul(from * 64 + to, 0x27d4eb2f)
    this.#one = Math.imul(this.#one ^ sum, 0x01000193) >>> 0
    this.#two = (Math.imul(this.#two + sum, 0x85ebca6b) ^ (this.#two >>> 15) ^ frame.length) >>> 0
  }

  /** Sixteen hex digits. */
  get digest(): string {
    return [this.#one, this.#two].map((lane) => lane.toString(16).padStart(8, '0')).join('')
  }
}
