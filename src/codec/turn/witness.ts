import type { Checksum } from '../../ports/checksum.ts'
import type { StoreOrigin } from '../../ports/turn-store.ts'
import { equalBytes } from '../bytes.ts'
import { ByteReader } from './byte-reader.ts'
import { ByteWriter } from './byte-writer.ts'

/**
 * What is remembered of a store outside of it, so that an older one in its place is noticed: which store it was, how
 * often it was opened, and a turn that it had reached. Source: raft-host-catalogue B5.
 */
export interface Witness {
  /** STORE_ID_BYTES of chance, made with the store. */
  readonly store: Uint8Array
  readonly incarnation: number
  /** 0: none. */
  readonly turn: number
}

export const STORE_ID_BYTES = 16
/** Version, store, incarnation, turn, checksum. */
export const WITNESS_BYTES = 1 + STORE_ID_BYTES + 8 + 8 + 4

const WITNESS_VERSION = 1

export function encodeWitness({ store, incarnation, turn }: Witness, checksum: Checksum): Uint8Array {
  const writer = new ByteWriter()
  writer.u8(WITNESS_VERSION)
  for (const byte of store) writer.u8(byte)
  writer.u64(incarnation)
  writer.u64(turn)
  writer.u32(checksum(writer.since(0)))
  return writer.taken()
}

/** Undefined for anything but a whole witness. */
export function decodeWitness(bytes: Uint8Array, checksum: Checksum): Witness | undefined {
  const reader = new ByteReader(bytes)
  if (reader.u8() !== WITNESS_VERSION) return undefined
  const store = reader.bytes(STORE_ID_BYTES)
  const incarnation = reader.u64()
  const turn = reader.u64()
  const covered = bytes.subarray(0, reader.at)
  if (reader.u32() !== checksum(covered)) return undefined
  reader.end()
  return reader.refused ? undefined : { store: store.slice(), incarnation, turn }
}

/**
 * Whether a store is the one that its witness saw last; `incarnation` is that of this opening. `stored` is what the
 * store says of itself, undefined when there is none. The store is written before the witness, so it may be ahead.
 */
export function judgeOrigin(stored: Witness | undefined, witness: Witness | 'none' | 'damaged'): StoreOrigin {
  const seen = typeof witness === 'string' ? undefined : witness
  const incarnation = Math.max(stored?.incarnation ?? 0, seen?.incarnation ?? 0) + 1
  const reason = whatIsLost(stored, witness)
  if (reason !== undefined) return { history: 'lost', incarnation, reason }
  return { history: stored === undefined || stored.turn === 0 ? 'new' : 'continued', incarnation, reason: '' }
}

const TODO = 'This node must not vote as before: it forgets its groups and rejoins them under new raft ids.'

function whatIsLost(stored: Witness | undefined, witness: Witness | 'none' | 'damaged'): string | undefined {
  if (typeof witness === 'string') {
    // Whoever made the store ended before its first witness was whole, and wrote nothing else.
    const isUnused = stored === undefined ? witness === 'none' : stored.incarnation === 1 && stored.turn === 0
    if (isUnused) return undefined
    return `The witness of the store is ${witness === 'none' ? 'missing' : 'damaged'}, so nobody knows whether the store is its latest. ${TODO}`
  }
  if (stored === undefined)
    return `The store is gone; it had been opened ${witness.incarnation} times. ${TODO}`
  if (!equalBytes(stored.store, witness.store)) return `Another store is in its place. ${TODO}`
  const isOlder = stored.incarnation < witness.incarnation || stored.turn < witness.turn
  if (!isOlder) return undefined
  const is = `incarnation ${stored.incarnation}, turn ${stored.turn}`
  return `The store is an older one: ${is}, where incarnation ${witness.incarnation}, turn ${witness.turn} was seen. ${TODO}`
}
