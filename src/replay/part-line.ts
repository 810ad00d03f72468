import { assert } from '../model/fault.ts'
import type { HubFacts } from './hub-side.ts'
import { type PartOptions, PartRunner, type PartUnderway } from './part-runner.ts'
import type { Part, PartGround, PartResult, PartSum, PartThreads } from './parts.ts'

/** A part while it is read. */
interface Reading {
  readonly number: number
  readonly hub: HubFacts
  readonly blocks: Uint8Array[]
  bytes: number
  /** Once it is too large to wait. */
  underway: PartUnderway | undefined
}

/**
 * The parts of a file in their order: each is given to a thread that has room, or done here, and what they come to is handed on
 * in the order of the file. What is wrong ends the line.
 */
export class PartLine {
  readonly #threads: PartThreads
  readonly #runner: PartRunner
  readonly #onSum: (sum: PartSum) => void
  readonly #results = new Map<number, PartResult>()
  #reading: Reading | undefined
  #read = 0
  #handedOn = 0
  isFlawed = false

  constructor(threads: PartThreads, options: PartOptions, ground: PartGround, onSum: (sum: PartSum) => void) {
    this.#threads = threads
    this.#runner = new PartRunner(options, ground)
    this.#onSum = onSum
    threads.begin(ground)
  }

  /** Parts were given whose result has not come. */
  get isWaiting(): boolean {
    return !this.isFlawed && this.#handedOn < this.#read
  }

  /** A bucket begins. `bytes`: of its block. */
  begin(bytes: Uint8Array, hub: HubFacts): void {
    this.end()
    this.#reading = { number: this.#read, hub, blocks: [bytes], bytes: 0, underway: undefined }
    this.#read += 1
  }

  /** A further block of the bucket; the bytes stay as they are. */
  take(bytes: Uint8Array): void {
    const reading = this.#reading
    assert(reading !== undefined, 'a block belongs to a bucket')
    if (reading.underway !== undefined) return reading.underway.take(bytes)
    reading.blocks.push(bytes)
    reading.bytes += bytes.length
    if (reading.bytes <= this.#threads.partBytesMax) return
    reading.underway = this.#runner.begin(reading.number, reading.hub)
    for (const block of reading.blocks.splice(0)) reading.underway.take(block)
  }

  /** The bucket is whole. */
  end(): void {
    const reading = this.#reading
    this.#reading = undefined
    if (reading === undefined) return
    const { number, hub, blocks, underway } = reading
    const part: Part = { number, hub, blocks }
    if (underway !== undefined) this.#results.set(number, underway.end())
    else if (this.#threads.hasRoom) this.#threads.give(part)
    else this.#results.set(number, this.#runner.run(part))
    this.settle()
  }

  /** Hands on what has come, as far as nothing before it is missing. */
  settle(): void {
    for (const result of this.#threads.take()) this.#results.set(result.number, result)
    while (!this.isFlawed) {
      const next = this.#results.get(this.#handedOn)
      if (next === undefined) return
      this.#results.delete(this.#handedOn)
      this.#handedOn += 1
      if ('isFlawed' in next) this.isFlawed = true
      else this.#onSum(next)
    }
  }
}

/** The first keys of the blocks of a bucket but its own: `at` alone has two characters. */
const AT_KEY = [0x62, 0x61, 0x74] as const

/** True for a block that may be one of a bucket's items or ends: who does the part reads it. */
export function isOfPart(bytes: Uint8Array): boolean {
  return AT_KEY.every((byte, at) => bytes[at + 1] === byte)
}
