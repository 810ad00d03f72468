import { closeSync, constants, fsyncSync, openSync, readSync, writeSync } from 'node:fs'
import { crc32 } from 'node:zlib'
import { FaultError } from '../../model/fault.ts'
import type { SlotFacts } from '../../model/slot-facts.ts'
import type { SlotStore } from '../../ports/slot-store.ts'
import { guarded } from './fault.ts'

const HASH_BYTES = 32
const CHECKED_BYTES = 3 * 8 + 1 + 3 * HASH_BYTES
/** What is checked, its CRC-32, and room. */
const RECORD_BYTES = 128
/** Slots that wait in memory until they are written. */
const WAITING_MAX = 1_024

/**
 * A file of slots, each at its own place: [n, time, clock: u64; 1 with a beacon, else 0; beacon, roster, registry: 32
 * bytes; CRC-32], little-endian, in 128 bytes. Slots are made one after another, so the file has no holes to speak of.
 */
export class SlotFile implements SlotStore {
  readonly #path: string
  readonly #file: number
  readonly #waiting = new Map<number, SlotFacts>()

  constructor(path: string) {
    this.#path = path
    this.#file = guarded(`open ${path}`, () => openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600))
  }

  put(facts: SlotFacts): void {
    this.#waiting.set(facts.n, facts)
    if (this.#waiting.size > WAITING_MAX) this.#write()
  }

  get(n: number): SlotFacts | undefined {
    const waiting = this.#waiting.get(n)
    if (waiting !== undefined) return waiting
    const record = new Uint8Array(RECORD_BYTES)
    const read = guarded(`read ${this.#path}`, () =>
      readSync(this.#file, record, 0, RECORD_BYTES, (n - 1) * RECORD_BYTES),
    )
    if (read < RECORD_BYTES || record.every((byte) => byte === 0)) return undefined
    const facts = decodeSlot(record)
    if (facts?.n === n) return facts
    throw new FaultError('store-damaged', `${this.#path} is damaged at slot ${n}`)
  }

  flush(): void {
    this.#write()
    guarded(`sync ${this.#path}`, () => fsyncSync(this.#file))
  }

  close(): void {
    this.#write()
    closeSync(this.#file)
  }

  /** Neighbours go in one write. */
  #write(): void {
    const slots = [...this.#waiting.values()].sort((a, b) => a.n - b.n)
    for (let from = 0; from < slots.length; ) {
      const first = slots[from] as SlotFacts
      let to = from + 1
      while (to < slots.length && slots[to]?.n === first.n + to - from) to++
      const bytes = Buffer.concat(slots.slice(from, to).map(encodeSlot))
      guarded(`write ${this.#path}`, () => {
        const place = (first.n - 1) * RECORD_BYTES
        for (let at = 0; at < bytes.length; )
          at += writeSync(this.#file, bytes, at, bytes.length - at, place + at)
      })
      from = to
    }
    this.#waiting.clear()
  }
}

function encodeSlot({ n, time, clock, beacon, roster, registry }: SlotFacts): Uint8Array {
  const record = new Uint8Array(RECORD_BYTES)
  const view = new DataView(record.buffer)
  for (const [at, value] of [n, time, clock].entries()) view.setBigUint64(8 * at, BigInt(value), true)
  record[24] = beacon === undefined ? 0 : 1
  for (const [at, hash] of [beacon, roster, registry].entries()) {
    if (hash !== undefined) record.set(hash, 25 + HASH_BYTES * at)
  }
  view.setUint32(CHECKED_BYTES, crc32(record.subarray(0, CHECKED_BYTES)), true)
  return record
}

function decodeSlot(record: Uint8Array): SlotFacts | undefined {
  const view = new DataView(record.buffer, record.byteOffset, RECORD_BYTES)
  if (view.getUint32(CHECKED_BYTES, true) !== crc32(record.subarray(0, CHECKED_BYTES))) return undefined
  const [n, time, clock] = [0, 8, 16].map((at) => Number(view.getBigUint64(at, true))) as [
    number,
    number,
    number,
  ]
  const [beacon, roster, registry] = [0, 1, 2].map((at) =>
    record.slice(25 + HASH_BYTES * at, 25 + HASH_BYTES * (at + 1)),
  ) as [Uint8Array, Uint8Array, Uint8Array]
  return { n, time, clock, ...(record[24] === 1 ? { beacon } : {}), roster, registry }
}
