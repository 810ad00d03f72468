import { decodeCid } from '../cid.ts'
import { type Ipld, isReserved, setOwn } from '../ipld.ts'
import type { ReadLimits } from '../read-limits.ts'
import { Cursor, REFUSED } from './cursor.ts'
import { ARRAY, BYTES, CID_TAG, FALSE, MAP, NEGATIVE, NULL, SIMPLE, TAG, TEXT, TRUE, UINT } from './major.ts'
import { readKey, readUtf8 } from './utf8.ts'

const SLASH = 0x2f

/** One pass over one input. A `read` returns undefined (a length -1) once something was refused. */
export class Reader extends Cursor {
  private readonly limits: ReadLimits
  private items = 0

  constructor(bytes: Uint8Array, limits: ReadLimits) {
    super(bytes)
    this.limits = limits
  }

  /** The value that fills the whole input; undefined: see `rejection`. */
  readWhole(): Ipld | undefined {
    const size = this.bytes.length
    const { bytesMax } = this.limits
    if (size > bytesMax) return this.refuseWhole('TOO_LARGE', `${size} bytes, where ${bytesMax} are allowed`)
    const value = this.readItem(0)
    if (value !== undefined && this.at !== size) return this.refuse('MALFORMED', 'bytes left over', this.at)
    return value
  }

  private readItem(depth: number): Ipld | undefined {
    const start = this.at
    const head = this.bytes[start]
    if (head === undefined) return this.refuse('MALFORMED', 'cut short', start)
    switch (head & 0xe0) {
      case UINT:
      case NEGATIVE:
        return this.readInteger(head)
      case BYTES:
        return this.readBytes(head)
      case TEXT:
        return this.readText(head)
      case ARRAY:
        return this.readArray(head, depth)
      case MAP:
        return this.readMap(head, depth)
      case TAG:
        return this.readLink(head)
      default:
        return this.readSimple(head)
    }
  }

  private readInteger(head: number): number | undefined {
    const start = this.at
    const argument = this.readArgument(head)
    if (argument === REFUSED) return undefined
    const value = head < NEGATIVE ? argument : -1 - argument
    return Number.isSafeInteger(value)
      ? value
      : this.refuse('NOT_CANONICAL', 'an integer beyond 2^53 - 1', start)
  }

  private readBytes(head: number): Uint8Array | undefined {
    const length = this.readLength(head)
    if (length === REFUSED) return undefined
    const from = this.at
    this.at = from + length
    // not `subarray`: of a Buffer it would make a Buffer
    return new Uint8Array(this.bytes.buffer, this.bytes.byteOffset + from, length)
  }

  private readText(head: number): string | undefined {
    const start = this.at
    const length = this.readLength(head)
    if (length === REFUSED) return undefined
    const from = this.at
    this.at = from + length
    return readUtf8(this.bytes, from, this.at) ?? this.refuse('MALFORMED', 'text that is not UTF-8', start)
  }

  private readArray(head: number, depth: number): Ipld[] | undefined {
    const count = this.readCount(head, depth, 1)
    const list: Ipld[] = []
    for (let i = 0; i < count; i++) {
      const value = this.readItem(depth + 1)
      if (value === undefined) return undefined
      list.push(value)
    }
    return count === REFUSED ? undefined : list
  }

  private readMap(head: number, depth: number): Ipld | undefined {
    const count = this.readCount(head, depth, 2)
    const map: { [key: string]: Ipld } = {}
    let previousFrom = 0
    let previousTo = -1
    for (let i = 0; i < count; i++) {
      const start = this.at
      const length = this.readKeyLength()
      if (length === REFUSED) return undefined
      const from = this.at
      if (!this.isInOrder(previousFrom, previousTo, length)) {
        return this.refuse('NOT_CANONICAL', 'a key twice or out of order', start)
      }
      previousFrom = from
      previousTo = from + length
      this.at = previousTo
      const key = readKey(this.bytes, from, previousTo)
      if (key === undefined) return this.refuse('MALFORMED', 'a key that is not UTF-8', start)
      const value = this.readItem(depth + 1)
      if (value === undefined) return undefined
      if (length === 1 && this.bytes[from] === SLASH && isReserved(value)) {
        return this.refuse('NOT_CANONICAL', 'a map that dag-json takes for a link or for bytes', start)
      }
      setOwn(map, key, value)
    }
    return count === REFUSED ? undefined : map
  }

  private readKeyLength(): number {
    const start = this.at
    const head = this.bytes[start]
    if (head === undefined) return this.refuseNumber('MALFORMED', 'cut short', start)
    if ((head & 0xe0) === TEXT) return this.readLength(head)
    // what is no item at all is malformed, whatever its place
    if (head >= SIMPLE) this.readSimple(head)
    else this.readArgument(head)
    return this.refuseNumber('NOT_CANONICAL', 'a key that is no text', start)
  }

  /** The order of DAG-CBOR between the key before and the one that begins here: length, then bytes. */
  private isInOrder(previousFrom: number, previousTo: number, length: number): boolean {
    const previousLength = previousTo - previousFrom
    if (length !== previousLength) return length > previousLength
    const { bytes, at } = this
    for (let i = 0; i < length; i++) {
      const difference = (bytes[at + i] as number) - (bytes[previousFrom + i] as number)
      if (difference !== 0) return difference > 0
    }
    return false
  }

  private readLink(head: number): Ipld | undefined {
    const start = this.at
    const tag = this.readArgument(head)
    if (tag === REFUSED) return undefined
    if (tag !== CID_TAG) return this.refuse('NOT_CANONICAL', `tag ${tag}, where 42 alone is allowed`, start)
    const inner = this.bytes[this.at]
    if (inner === undefined) return this.refuse('MALFORMED', 'cut short', start)
    if ((inner & 0xe0) !== BYTES) return this.refuse('NOT_CANONICAL', 'a link that is no bytes', start)
    const length = this.readLength(inner)
    if (length === REFUSED) return undefined
    const from = this.at
    this.at = from + length
    const cid = length > 0 && this.bytes[from] === 0 ? decodeCid(this.bytes, from + 1, this.at) : undefined
    return cid ?? this.refuse('NOT_CANONICAL', 'a link that is no CIDv1 behind 0x00', start)
  }

  private readSimple(head: number): Ipld | undefined {
    const start = this.at
    this.at = start + 1
    if (head === NULL) return null
    if (head === TRUE) return true
    if (head === FALSE) return false
    const info = head & 0x1f
    if (info > 27) return this.refuse('MALFORMED', 'no item of CBOR begins like this', start)
    const width = info < 24 ? 0 : 1 << (info - 24)
    if (start + width >= this.bytes.length) return this.refuse('MALFORMED', 'cut short', start)
    if (info === 24 && (this.bytes[start + 1] as number) < 32) {
      return this.refuse('MALFORMED', 'a simple value that has no such form', start)
    }
    return this.refuse(
      'NOT_CANONICAL',
      info > 24 ? 'a float' : 'a simple value but true, false and null',
      start,
    )
  }

  /** Entries of a container, which are held against what is left and the limits before anything is made. */
  private readCount(head: number, depth: number, itemsOfEntry: number): number {
    const start = this.at
    const count = this.readArgument(head)
    if (count * itemsOfEntry > this.bytes.length - this.at) {
      return this.refuseNumber('MALFORMED', 'cut short', start)
    }
    const { depthMax, itemsMax } = this.limits
    if (depth >= depthMax) return this.refuseNumber('TOO_LARGE', `more than ${depthMax} deep`, start)
    this.items += count * itemsOfEntry
    return this.items <= itemsMax
      ? count
      : this.refuseNumber('TOO_LARGE', `more than ${itemsMax} items`, start)
  }
}
