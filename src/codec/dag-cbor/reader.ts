import { assert } from '../../model/fault.ts'
import type { Rejection, RejectionCode } from '../../model/rejection.ts'
import { decodeCid } from '../cid.ts'
import { type Ipld, isReserved, setOwn } from '../ipld.ts'
import type { ReadLimits } from '../read-limits.ts'
import { readUtf8 } from './utf8.ts'

const UINT = 0
const NEGATIVE = 1
const BYTES = 2
const TEXT = 3
const ARRAY = 4
const MAP = 5

const FALSE = 0xf4
const TRUE = 0xf5
const NULL = 0xf6

const CID_TAG = 42
const SLASH = 0x2f
const REFUSED = -1
/** The least number that needs 1, 2, 4 and 8 bytes after its head. */
const LEAST_OF_WIDTH = [24, 0x100, 0x1_0000, 0x1_0000_0000] as const

/** One pass over one input. A `read` returns undefined (a length -1) once something was refused. */
export class Reader {
  private readonly bytes: Uint8Array
  private readonly limits: ReadLimits
  private at = 0
  private items = 0
  private refusal: Rejection | undefined

  constructor(bytes: Uint8Array, limits: ReadLimits) {
    this.bytes = bytes
    this.limits = limits
  }

  /** The value that fills the whole input; undefined: see `rejection`. */
  readWhole(): Ipld | undefined {
    const size = this.bytes.length
    if (size > this.limits.bytesMax) {
      this.refusal = {
        code: 'TOO_LARGE',
        message: `${size} bytes, where ${this.limits.bytesMax} are allowed`,
      }
      return undefined
    }
    const value = this.readItem(0)
    if (value !== undefined && this.at !== size) return this.refuse('MALFORMED', 'bytes left over', this.at)
    return value
  }

  rejection(): Rejection {
    assert(this.refusal !== undefined, 'a reader that has no value has a rejection')
    return this.refusal
  }

  private readItem(depth: number): Ipld | undefined {
    const start = this.at
    const head = this.bytes[start]
    if (head === undefined) return this.refuse('MALFORMED', 'cut short', start)
    if (head >= 0xe0) return this.readSimple(head, start)
    const argument = this.readArgument(head)
    if (argument === REFUSED) return undefined
    switch (head >> 5) {
      case UINT:
        return argument <= Number.MAX_SAFE_INTEGER ? argument : this.refuseInteger(start)
      case NEGATIVE:
        return argument < Number.MAX_SAFE_INTEGER ? -1 - argument : this.refuseInteger(start)
      case BYTES:
        return this.readBytes(argument, start)
      case TEXT:
        return this.readText(argument, start)
      case ARRAY:
        return this.readArray(argument, depth, start)
      case MAP:
        return this.readMap(argument, depth, start)
      default:
        return this.readLink(argument, start)
    }
  }

  /** The number in and after a head, in its shortest form; beyond 2^53 - 1 it is not exact. */
  private readArgument(head: number): number {
    const start = this.at
    const info = head & 0x1f
    this.at = start + 1
    if (info < 24) return info
    if (info > 27) return this.refuseInfo(head, info, start)
    const width = 1 << (info - 24)
    if (start + width >= this.bytes.length) return this.refuseHead('MALFORMED', 'cut short', start)
    this.at = start + 1 + width
    const value = bigEndian(this.bytes, start + 1, width)
    return value >= (LEAST_OF_WIDTH[info - 24] as number)
      ? value
      : this.refuseHead('NOT_CANONICAL', 'a number that has a shorter form', start)
  }

  private readSimple(head: number, start: number): Ipld | undefined {
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

  private readBytes(length: number, start: number): Uint8Array | undefined {
    const from = this.at
    if (length > this.bytes.length - from) return this.refuse('MALFORMED', 'cut short', start)
    this.at = from + length
    // not `subarray`: of a Buffer it would make a Buffer, at twice the cost
    return new Uint8Array(this.bytes.buffer, this.bytes.byteOffset + from, length)
  }

  private readText(length: number, start: number): string | undefined {
    const from = this.at
    if (length > this.bytes.length - from) return this.refuse('MALFORMED', 'cut short', start)
    this.at = from + length
    return (
      readUtf8(this.bytes, from, from + length) ?? this.refuse('MALFORMED', 'text that is not UTF-8', start)
    )
  }

  private readArray(count: number, depth: number, start: number): Ipld[] | undefined {
    if (!this.enter(count, depth, start)) return undefined
    const list: Ipld[] = []
    for (let i = 0; i < count; i++) {
      const value = this.readItem(depth + 1)
      if (value === undefined) return undefined
      list.push(value)
    }
    return list
  }

  private readMap(count: number, depth: number, start: number): Ipld | undefined {
    if (!this.enter(count * 2, depth, start)) return undefined
    const map: { [key: string]: Ipld } = {}
    let previousFrom = 0
    let previousTo = -1
    for (let i = 0; i < count; i++) {
      const keyStart = this.at
      const length = this.readKeyLength()
      if (length === REFUSED) return undefined
      const from = this.at
      if (previousTo >= 0 && !this.isKeyAfter(previousFrom, previousTo, from, length)) {
        return this.refuse('NOT_CANONICAL', 'a key twice or out of order', keyStart)
      }
      previousFrom = from
      previousTo = from + length
      const key = this.readText(length, keyStart)
      if (key === undefined) return undefined
      const value = this.readItem(depth + 1)
      if (value === undefined) return undefined
      if (length === 1 && this.bytes[from] === SLASH && isReserved(value)) {
        return this.refuse('NOT_CANONICAL', 'a map that dag-json takes for a link or bytes', keyStart)
      }
      setOwn(map, key, value)
    }
    return map
  }

  private readKeyLength(): number {
    const start = this.at
    const head = this.bytes[start]
    if (head === undefined) return this.refuseHead('MALFORMED', 'cut short', start)
    if (head >> 5 !== TEXT) {
      // an item that is none is malformed, whatever its place
      const value = head >= 0xe0 ? this.readSimple(head, start) : this.readArgument(head)
      if (this.refusal !== undefined) return REFUSED
      return this.refuseHead('NOT_CANONICAL', `a key that is no text (${typeof value})`, start)
    }
    const length = this.readArgument(head)
    if (length > this.bytes.length - this.at) return this.refuseHead('MALFORMED', 'cut short', start)
    return length
  }

  /** The order of DAG-CBOR: the shorter key first, then byte by byte. */
  private isKeyAfter(previousFrom: number, previousTo: number, from: number, length: number): boolean {
    const previousLength = previousTo - previousFrom
    if (length !== previousLength) return length > previousLength
    const { bytes } = this
    for (let i = 0; i < length; i++) {
      const difference = (bytes[from + i] as number) - (bytes[previousFrom + i] as number)
      if (difference !== 0) return difference > 0
    }
    return false
  }

  private readLink(tag: number, start: number): Ipld | undefined {
    if (tag !== CID_TAG) return this.refuse('NOT_CANONICAL', `tag ${tag}, where 42 alone is allowed`, start)
    const head = this.bytes[this.at]
    if (head === undefined) return this.refuse('MALFORMED', 'cut short', start)
    if (head >> 5 !== BYTES) return this.refuse('NOT_CANONICAL', 'a link that is no byte string', start)
    const length = this.readArgument(head)
    if (length === REFUSED) return undefined
    const content = this.readBytes(length, start)
    if (content === undefined) return undefined
    const cid = content[0] === 0 ? decodeCid(content.subarray(1)) : undefined
    return cid ?? this.refuse('NOT_CANONICAL', 'a link that is no CIDv1 behind 0x00', start)
  }

  /** Counts the items of a container before anything is made for them. */
  private enter(count: number, depth: number, start: number): boolean {
    if (count > this.bytes.length - this.at) this.refuse('MALFORMED', 'cut short', start)
    else if (depth >= this.limits.depthMax) {
      this.refuse('TOO_LARGE', `deeper than ${this.limits.depthMax}`, start)
    } else {
      this.items += count
      if (this.items <= this.limits.itemsMax) return true
      this.refuse('TOO_LARGE', `more than ${this.limits.itemsMax} items`, start)
    }
    return false
  }

  private refuse(code: RejectionCode, what: string, at: number): undefined {
    this.refusal = { code, message: `${what}, at byte ${at}` }
    return undefined
  }

  private refuseHead(code: RejectionCode, what: string, at: number): number {
    this.refuse(code, what, at)
    return REFUSED
  }

  private refuseInteger(at: number): undefined {
    return this.refuse('NOT_CANONICAL', 'an integer beyond 2^53 - 1', at)
  }

  private refuseInfo(head: number, info: number, at: number): number {
    const major = head >> 5
    return info === 31 && major >= BYTES && major <= MAP
      ? this.refuseHead('NOT_CANONICAL', 'an indefinite length', at)
      : this.refuseHead('MALFORMED', 'no item of CBOR begins like this', at)
  }
}

function bigEndian(bytes: Uint8Array, at: number, width: number): number {
  let value = 0
  for (let i = at; i < at + width; i++) value = value * 0x100 + (bytes[i] as number)
  return value
}
