import { Cursor, REFUSED } from '../dag-cbor/cursor.ts'
import {
  ARRAY,
  BYTES,
  CID_TAG,
  FALSE,
  MAP,
  NEGATIVE,
  NULL,
  TAG,
  TEXT,
  TRUE,
  UINT,
} from '../dag-cbor/major.ts'
import { READ_LIMITS } from '../read-limits.ts'
import type { JsonWriter } from './json-writer.ts'

const ascii = (text: string) => new TextEncoder().encode(text)
const LINK = ascii('{"/":"b')
const LINK_END = ascii('"}')
const BYTES_VALUE = ascii('{"/":{"bytes":"')
const BYTES_VALUE_END = ascii('"}}')
const NULL_WORD = ascii('null')
const TRUE_WORD = ascii('true')
const FALSE_WORD = ascii('false')
const COMMA = 0x2c
const COLON = 0x3a
const LIST_BEGIN = 0x5b
const LIST_END = 0x5d
const MAP_BEGIN = 0x7b
const MAP_END = 0x7d

/**
 * Writes the bytes of canonical dag-cbor as dag-json without making a value of them, in half the time. Keys stay in
 * the order of dag-cbor, so the text says what canonical dag-json says, mostly in another order. False where the
 * bytes are no dag-cbor of at most 32 containers inside one another; what is not canonical may still be written, and
 * texts are copied as they are.
 * Source: IPLD DAG-JSON specification.
 */
export function writeDagJson(cbor: Uint8Array, writer: JsonWriter): boolean {
  writer.reset()
  return new Transcriber(cbor, writer).writeWhole()
}

class Transcriber extends Cursor {
  private readonly writer: JsonWriter

  constructor(bytes: Uint8Array, writer: JsonWriter) {
    super(bytes)
    this.writer = writer
  }

  writeWhole(): boolean {
    return this.writeItem(0) && this.at === this.bytes.length
  }

  private writeItem(depth: number): boolean {
    const head = this.bytes[this.at]
    if (head === undefined) return false
    switch (head & 0xe0) {
      case UINT:
      case NEGATIVE:
        return this.writeInteger(head)
      case TEXT:
        return this.writeText(head)
      case BYTES:
        return this.writeBytes(head)
      case ARRAY:
        return this.writeList(head, depth)
      case MAP:
        return this.writeMap(head, depth)
      case TAG:
        return this.writeLink(head)
      default:
        return this.writeWord(head)
    }
  }

  private writeInteger(head: number): boolean {
    const argument = this.readArgument(head)
    const value = head < NEGATIVE ? argument : -1 - argument
    if (argument === REFUSED || !Number.isSafeInteger(value)) return false
    this.writer.writeInteger(value)
    return true
  }

  private writeText(head: number): boolean {
    const length = this.readLength(head)
    if (length === REFUSED) return false
    this.writer.writeQuoted(this.bytes, this.at, this.at + length)
    this.at += length
    return true
  }

  private writeBytes(head: number): boolean {
    const length = this.readLength(head)
    if (length === REFUSED) return false
    this.writer.writeAscii(BYTES_VALUE)
    this.writer.writeBase64(this.bytes, this.at, this.at + length)
    this.writer.writeAscii(BYTES_VALUE_END)
    this.at += length
    return true
  }

  /** The first byte is the zero that every link begins with. */
  private writeLink(head: number): boolean {
    if (this.readArgument(head) !== CID_TAG) return false
    const inner = this.bytes[this.at] ?? 0
    const length = (inner & 0xe0) === BYTES ? this.readLength(inner) : REFUSED
    if (length < 1) return false
    this.writer.writeAscii(LINK)
    this.writer.writeBase32(this.bytes, this.at + 1, this.at + length)
    this.writer.writeAscii(LINK_END)
    this.at += length
    return true
  }

  private writeList(head: number, depth: number): boolean {
    const count = this.readArgument(head)
    if (count === REFUSED || depth >= READ_LIMITS.depthMax) return false
    this.writer.writeByte(LIST_BEGIN)
    for (let i = 0; i < count; i++) {
      if (i > 0) this.writer.writeByte(COMMA)
      if (!this.writeItem(depth + 1)) return false
    }
    this.writer.writeByte(LIST_END)
    return true
  }

  private writeMap(head: number, depth: number): boolean {
    const count = this.readArgument(head)
    if (count === REFUSED || depth >= READ_LIMITS.depthMax) return false
    this.writer.writeByte(MAP_BEGIN)
    for (let i = 0; i < count; i++) {
      if (i > 0) this.writer.writeByte(COMMA)
      const key = this.bytes[this.at] ?? 0
      if ((key & 0xe0) !== TEXT || !this.writeText(key)) return false
      this.writer.writeByte(COLON)
      if (!this.writeItem(depth + 1)) return false
    }
    this.writer.writeByte(MAP_END)
    return true
  }

  private writeWord(head: number): boolean {
    const word = wordOf(head)
    if (word === undefined) return false
    this.writer.writeAscii(word)
    this.at += 1
    return true
  }
}

function wordOf(head: number): Uint8Array | undefined {
  if (head === NULL) return NULL_WORD
  if (head === TRUE) return TRUE_WORD
  return head === FALSE ? FALSE_WORD : undefined
}
