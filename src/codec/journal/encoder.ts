import { assert } from '../../model/fault.ts'
import type { Sha256Hex } from '../../ports/crypto.ts'
import type { LineDraft } from './drafts.ts'
import type { HashHex, NanoText } from './kinds.ts'
import { LINE_BYTES_MAX } from './limits.ts'
import { CHAIN_FIELD_BYTES, type Head, lineText, START } from './line.ts'

export interface EncodedLine {
  readonly head: Head
  /** The line with its newline: a view that the next call overwrites. */
  readonly bytes: Uint8Array
}

const utf8 = new TextEncoder()

/** `canswarm/journal/1` as dag-cbor in a list of three, then the head of a text of 64 bytes. */
const LEAD = Uint8Array.of(0x83, 0x72, ...utf8.encode('canswarm/journal/1'), 0x78, 0x40)
const HASH_CHARS = 64
const LENGTH_BYTES_MAX = 5
/** Where the line starts in the scratch bytes: what is hashed before it always fits in front of it. */
const LINE_AT = LEAD.length + HASH_CHARS + LENGTH_BYTES_MAX
const COVERED_BYTES_MAX = LINE_BYTES_MAX - CHAIN_FIELD_BYTES - 1
/** From the start of the chain field to the chain. */
const CHAIN_AT = ',"chain":"'.length
/** Stands where the hash of the data will be put. */
const UNHASHED = START.chain
/** From the start of a line's hash to its data: `…","data":`. */
const HASH_TO_DATA = HASH_CHARS + '","data":'.length

/**
 * Makes lines and their chain: SHA-256 of canonical dag-cbor
 * ["canswarm/journal/1", chain of the line before as text, the line up to its chain field as bytes].
 * Keeps one buffer of a line's size.
 * Source: record.md, "Journal"; a hash over several things is over a list (protocol.md, "Signed types").
 */
export class LineEncoder {
  readonly #sha256Hex: Sha256Hex
  readonly #scratch = new Uint8Array(LINE_AT + LINE_BYTES_MAX)
  readonly #line = this.#scratch.subarray(LINE_AT)
  /** The end of a line, with a place for a chain: views are made once, they cost as much as a copy. */
  readonly #tail = utf8.encode(`,"chain":"${UNHASHED}"}\n`)
  readonly #tailChain = this.#tail.subarray(CHAIN_AT, CHAIN_AT + HASH_CHARS)

  constructor(sha256Hex: Sha256Hex) {
    this.#sha256Hex = sha256Hex
  }

  /** The line after `head`. Asserts that it is within LINE_BYTES_MAX, which every draft is. */
  encode(head: Head, ts: NanoText, draft: LineDraft): EncodedLine {
    const { kind, thread, data } = draft
    const n = head.n + 1
    const text = lineText(n, ts, kind, thread, draft.hash ?? UNHASHED, data)
    const { read, written } = utf8.encodeInto(text, this.#line)
    assert(read === text.length && written <= COVERED_BYTES_MAX, 'a line is made of bounded parts')
    if (draft.hash === undefined) this.#hashData(text.length - data.length, written)
    const chain = this.#chainOver(head.chain, written)
    utf8.encodeInto(chain, this.#tailChain)
    this.#line.set(this.#tail, written)
    return { head: { n, chain }, bytes: this.#line.subarray(0, written + this.#tail.length) }
  }

  /** Chain of a line that has `covered` bytes up to its chain field. */
  chainOf(previous: HashHex, covered: Uint8Array): HashHex {
    this.#line.set(covered)
    return this.#chainOver(previous, covered.length)
  }

  /** Puts the hash of the data into its place: the bytes are there, and cost less to hash than the text. */
  #hashData(dataAt: number, end: number): void {
    const hash = this.#sha256Hex(this.#line.subarray(dataAt, end))
    utf8.encodeInto(hash, this.#line.subarray(dataAt - HASH_TO_DATA))
  }

  #chainOver(previous: HashHex, length: number): HashHex {
    const scratch = this.#scratch
    const lengthAt = LINE_AT - writeBytesHead(scratch, LINE_AT, length)
    const start = lengthAt - HASH_CHARS - LEAD.length
    scratch.set(LEAD, start)
    utf8.encodeInto(previous, this.#tailChain)
    scratch.set(this.#tailChain, lengthAt - HASH_CHARS)
    return this.#sha256Hex(scratch.subarray(start, LINE_AT + length)) as HashHex
  }
}

/** Writes the shortest head of a byte string that ends before `end`; its size (a line has 24 bytes or more). */
function writeBytesHead(into: Uint8Array, end: number, length: number): number {
  const size = length < 0x100 ? 2 : length < 0x1_0000 ? 3 : LENGTH_BYTES_MAX
  into[end - size] = size === 2 ? 0x58 : size === 3 ? 0x59 : 0x5a
  for (let i = 1; i < size; i++) into[end - i] = length >>> (8 * (i - 1))
  return size
}
