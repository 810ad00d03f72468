import { type Rejection, reject } from '../../model/rejection.ts'
import { ok, type Result } from '../../model/result.ts'
import { concatBytes } from '../bytes.ts'
import { readVarint, varintBytes, varintOf } from '../varint.ts'

/** What a peer has since a common point: hashes of that point and a Bloom filter over the changes after it. */
export interface SyncHave {
  readonly lastSync: readonly Uint8Array[]
  readonly bloom: Uint8Array
}

/** A message of Automerge's sync protocol, version 1. Hashes have 32 bytes. */
export interface SyncParts {
  readonly heads: readonly Uint8Array[]
  readonly need: readonly Uint8Array[]
  readonly have: readonly SyncHave[]
  /** Chunks as they came, not looked into. */
  readonly changes: readonly Uint8Array[]
}

/** Of one message. */
export const SYNC_MESSAGE_BYTES_MAX = 1_048_576
const HASHES_MAX = 4_096
const HAVES_MAX = 16
const SYNC_CHANGES_MAX = 4_096

const VERSION_1 = 0x42
const HASH_BYTES = 32
/** The library's own figures; others would cost whoever asks the filter. */
const BITS_PER_ENTRY = 10
const PROBES = 7

/**
 * Takes a message apart; views the bytes. What follows the changes (the peer's capabilities) is passed over. Rejects
 * MALFORMED, TOO_LARGE. Source: Automerge binary format and sync protocol.
 */
export function decodeSyncMessage(bytes: Uint8Array): Result<SyncParts, Rejection> {
  if (bytes.length > SYNC_MESSAGE_BYTES_MAX)
    return reject('TOO_LARGE', `a sync message has at most ${SYNC_MESSAGE_BYTES_MAX} bytes`)
  const reader = new Reader(bytes)
  if (reader.byte() !== VERSION_1) return malformed('version')
  const heads = reader.hashes()
  const need = reader.hashes()
  const have = reader.list(HAVES_MAX, () => reader.have())
  const changes = reader.list(SYNC_CHANGES_MAX, () => reader.bytes())
  if (heads === undefined || need === undefined) return malformed('hashes')
  if (have === undefined || !have.every(isFilterOfOurs)) return malformed('filters')
  return changes === undefined ? malformed('changes') : ok({ heads, need, have, changes })
}

/** The same without changes and without capabilities, so that whoever reads it answers in version 1. */
export function encodeBareSyncMessage({ heads, need, have }: SyncParts): Uint8Array {
  const filters = have.flatMap(({ lastSync, bloom }) => [
    ...hashList(lastSync),
    varintOf(bloom.length),
    bloom,
  ])
  const noChanges = varintOf(0)
  const lists = [...hashList(heads), ...hashList(need), varintOf(have.length), ...filters, noChanges]
  return concatBytes(Uint8Array.of(VERSION_1), ...lists)
}

function hashList(hashes: readonly Uint8Array[]): readonly Uint8Array[] {
  return [varintOf(hashes.length), ...hashes]
}

/** Empty, or as many bits as so many entries have. */
function isFilterOfOurs({ bloom }: SyncHave): boolean {
  if (bloom.length === 0) return true
  const reader = new Reader(bloom)
  const entries = reader.varint() ?? -1
  const isOurs = reader.varint() === BITS_PER_ENTRY && reader.varint() === PROBES
  return isOurs && entries > 0 && reader.left === Math.ceil((entries * BITS_PER_ENTRY) / 8)
}

function malformed(where: string): Result<never, Rejection> {
  return reject('MALFORMED', 'no message of the sync protocol', where)
}

/** Reads from the front; undefined, from then on, where it cannot. */
class Reader {
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  get left(): number {
    return this.#bytes.length - this.#at
  }

  byte(): number | undefined {
    return this.#bytes[this.#at++]
  }

  varint(): number | undefined {
    const value = readVarint(this.#bytes, this.#at, this.#bytes.length)
    if (value < 0) return undefined
    this.#at += varintBytes(value)
    return value
  }

  bytes(): Uint8Array | undefined {
    const length = this.varint()
    return length === undefined ? undefined : this.take(length)
  }

  take(length: number): Uint8Array | undefined {
    if (length > this.left) return undefined
    this.#at += length
    return this.#bytes.subarray(this.#at - length, this.#at)
  }

  hashes(): readonly Uint8Array[] | undefined {
    return this.list(HASHES_MAX, () => this.take(HASH_BYTES))
  }

  have(): SyncHave | undefined {
    const lastSync = this.hashes()
    const bloom = lastSync === undefined ? undefined : this.bytes()
    return lastSync === undefined || bloom === undefined ? undefined : { lastSync, bloom }
  }

  list<Item>(max: number, item: () => Item | undefined): readonly Item[] | undefined {
    const count = this.varint()
    if (count === undefined || count > max) return undefined
    const items: Item[] = []
    for (let at = 0; at < count; at++) {
      const one = item()
      if (one === undefined) return undefined
      items.push(one)
    }
    return items
  }
}
