import {
  closeSync,
  constants,
  existsSync,
  fdatasyncSync,
  fsyncSync,
  openSync,
  readSync,
  writeSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { crc32 } from 'node:zlib'
import { decodeWitness, encodeWitness, WITNESS_BYTES, type Witness } from '../../codec/turn/witness.ts'

/** A slot lies in a disk sector of its own, so that a torn write of one leaves the other. */
const SLOT_BYTES = 4_096
const SLOTS = 2

/**
 * A witness in a file of two slots that are written in turns, in place: nothing is allocated, so a full disk does not
 * hinder it. The newest whole slot counts.
 */
export class WitnessFile {
  readonly #file: number
  #slot: number
  #found: Witness | 'none' | 'damaged'

  private constructor(file: number, slots: readonly (Witness | undefined)[], isUnwritten: boolean) {
    this.#file = file
    const newest = newestOf(slots)
    this.#found = newest ?? (isUnwritten ? 'none' : 'damaged')
    this.#slot = newest === slots[0] ? 1 : 0
  }

  /** Made empty, and its name durable, when there is none. The caller closes it. */
  static open(path: string): WitnessFile {
    const isNew = !existsSync(path)
    const file = openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600)
    try {
      if (isNew) makeDurable(file, path)
      const slots = Array.from({ length: SLOTS }, (_, slot) => readSlot(file, slot))
      return new WitnessFile(file, slots, isBlank(file))
    } catch (error) {
      closeSync(file)
      throw error
    }
  }

  /** What it said when it was opened, or what was written since. `none`: it was made and never written. */
  get found(): Witness | 'none' | 'damaged' {
    return this.#found
  }

  /** Durable when it returns. */
  write(witness: Witness): void {
    const bytes = encodeWitness(witness, crc32)
    writeSync(this.#file, bytes, 0, bytes.length, this.#slot * SLOT_BYTES)
    fdatasyncSync(this.#file)
    this.#slot = (this.#slot + 1) % SLOTS
    this.#found = witness
  }

  close(): void {
    closeSync(this.#file)
  }
}

function makeDurable(file: number, path: string): void {
  const blank = new Uint8Array(SLOTS * SLOT_BYTES)
  writeSync(file, blank, 0, blank.length, 0)
  fsyncSync(file)
  const directory = openSync(dirname(path), constants.O_RDONLY)
  try {
    fsyncSync(directory)
  } finally {
    closeSync(directory)
  }
}

function readSlot(file: number, slot: number): Witness | undefined {
  const bytes = new Uint8Array(WITNESS_BYTES)
  const count = readSync(file, bytes, 0, bytes.length, slot * SLOT_BYTES)
  return count === bytes.length ? decodeWitness(bytes, crc32) : undefined
}

function isBlank(file: number): boolean {
  const bytes = new Uint8Array(SLOTS * SLOT_BYTES)
  readSync(file, bytes, 0, bytes.length, 0)
  return bytes.every((byte) => byte === 0)
}

function newestOf(slots: readonly (Witness | undefined)[]): Witness | undefined {
  return slots.reduce<Witness | undefined>(
    (newest, one) => (one !== undefined && (newest === undefined || isNewer(one, newest)) ? one : newest),
    undefined,
  )
}

function isNewer(a: Witness, b: Witness): boolean {
  return a.incarnation > b.incarnation || (a.incarnation === b.incarnation && a.turn > b.turn)
}
