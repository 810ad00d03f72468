/**
 * Reads an export of either form, block after block. Invariants:
 * 1. Every block is the one that the root names at this place: a changed, dropped, doubled or swapped one is found
 *    where it stands, and by nothing more than hashing.
 * 2. At most one block, one index and one piece of the file are in memory.
 */
import { type Rejection, reject } from '../../model/rejection.ts'
import { err, ok, type Result } from '../../model/result.ts'
import type { Sha256 } from '../../ports/crypto.ts'
import { equalBytes } from '../bytes.ts'
import { type CID, cidOf, DAG_CBOR, RAW } from '../cid.ts'
import { decodeDagCbor } from '../dag-cbor/decode.ts'
import { encodeDagCbor } from '../dag-cbor/encode.ts'
import type { Ipld } from '../ipld.ts'
import { type BundleBlock, parseBlock } from './block.ts'
import { ByteQueue } from './byte-queue.ts'
import { readCarBlocks, readCarHeader } from './car.ts'
import { readJsonlBlocks, readJsonlHeader } from './jsonl.ts'
import { BLOCK_BYTES_MAX, BLOCK_ITEMS_MAX, PART_LINKS_MAX } from './limits.ts'
import type { Place, RawBlock } from './raw-block.ts'
import { type BundleRoot, parsePart, parseRoot } from './root.ts'

/** What a file held at a place. `bytes` are those of the block's name, in either form. */
export type ReadBlock = { readonly place: Place; readonly cid: CID; readonly bytes: Uint8Array } & (
  | { readonly kind: 'root'; readonly root: BundleRoot }
  | { readonly kind: 'index' }
  | { readonly kind: 'block'; readonly block: BundleBlock }
  | { readonly kind: 'content' }
  /** Its bytes are those of its name; what they say somebody else reads. */
  | { readonly kind: 'unread' }
)

/** What is wrong with a file, and where. */
export interface Misread {
  readonly place: Place
  readonly rejection: Rejection
}

const JSON_START = 0x7b

/** Says which blocks stay unread; asked when it is a block's turn. */
export type LeavesUnread = (bytes: Uint8Array) => boolean

/**
 * Yields every block in order, and ends with the first thing that is wrong. `leavesUnread` is asked in a CAR alone: a line of
 * JSON must be read to know its bytes.
 */
export function* readBundle(
  chunks: Iterable<Uint8Array>,
  sha256: Sha256,
  leavesUnread: LeavesUnread = () => false,
): Generator<Result<ReadBlock, Misread>> {
  const queue = new ByteQueue(chunks)
  const isJson = queue.peek(1)[0] === JSON_START
  const start: Place = { unit: isJson ? 'line' : 'block', number: isJson ? 1 : 0, byte: 0 }
  const header = isJson ? readJsonlHeader(queue) : readCarHeader(queue)
  if (!header.ok) {
    yield misread(start, header)
    return
  }
  const reader = new OrderedReader(
    isJson ? readJsonlBlocks(queue) : readCarBlocks(queue),
    queue,
    isJson,
    sha256,
    leavesUnread,
  )
  yield* readFrom(reader, header.value)
}

function* readFrom(reader: OrderedReader, rootLink: CID): Generator<Result<ReadBlock, Misread>> {
  const first = reader.next(rootLink)
  const root = first.ok ? parseRoot(first.value.value) : first
  if (!root.ok || !first.ok) {
    yield first.ok ? misread(first.value.place, root as { ok: false; error: Rejection }) : first
    return
  }
  yield ok({ ...named(first.value), kind: 'root', root: root.value })
  for (const [at, link] of root.value.parts.entries()) {
    const index = reader.next(link)
    const links = index.ok ? linksOf(index.value.value, root.value, at) : index
    if (!index.ok || !links.ok) {
      yield index.ok ? misread(index.value.place, links as { ok: false; error: Rejection }) : index
      return
    }
    yield ok({ ...named(index.value), kind: 'index' })
    for (const one of links.value) {
      const block = reader.nextBlock(one)
      yield block
      if (!block.ok) return
    }
  }
  if (!reader.isAtEnd())
    yield misread(reader.place(), reject('MALFORMED', 'the file goes on after its last block'))
}

/** All but the last index are full, so that the same blocks have one root. */
function linksOf(value: Ipld, { blocks }: BundleRoot, at: number): Result<readonly CID[], Rejection> {
  const links = parsePart(value)
  if (!links.ok) return links
  const expected = Math.min(PART_LINKS_MAX, blocks - at * PART_LINKS_MAX)
  return links.value.length === expected
    ? links
    : reject('MALFORMED', `${links.value.length} links where ${expected} are expected`, 'index')
}

/** A block that is the one it should be. */
interface Expected {
  readonly place: Place
  readonly cid: CID
  readonly bytes: Uint8Array
  readonly value: Ipld
}

class OrderedReader {
  readonly #raw: Generator<Result<RawBlock, Rejection>>
  readonly #queue: ByteQueue
  readonly #sha256: Sha256
  readonly #unit: Place['unit']
  readonly #leavesUnread: LeavesUnread
  #number: number

  constructor(
    raw: Generator<Result<RawBlock, Rejection>>,
    queue: ByteQueue,
    isJson: boolean,
    sha256: Sha256,
    leavesUnread: LeavesUnread,
  ) {
    this.#raw = raw
    this.#queue = queue
    this.#sha256 = sha256
    this.#leavesUnread = leavesUnread
    this.#unit = isJson ? 'line' : 'block'
    this.#number = isJson ? 2 : 1
  }

  /** Where the next block stands. */
  place(): Place {
    return { unit: this.#unit, number: this.#number, byte: this.#queue.offset }
  }

  isAtEnd(): boolean {
    return this.#queue.peek(1).length === 0
  }

  next(link: CID): Result<Expected, Misread> {
    const found = this.#named(link)
    if (!found.ok) return found
    const { place, bytes, raw } = found.value
    const value = valueOf(raw, link)
    return value.ok ? ok({ place, cid: link, bytes, value: value.value }) : misread(place, value)
  }

  /** The next block, which is that of the link; nothing of it is read. */
  #named(link: CID): Result<Omit<Expected, 'value' | 'cid'> & { readonly raw: RawBlock }, Misread> {
    const place = this.place()
    const raw = this.#raw.next()
    this.#number += 1
    if (raw.done === true)
      return misread(place, reject('MALFORMED', `the file ends where ${link.toString()} follows`))
    if (!raw.value.ok) return misread(place, raw.value)
    const bytes = bytesOf(raw.value.value, link)
    if (!bytes.ok) return misread(place, bytes)
    const found = cidOf(bytes.value, this.#sha256, link.code === RAW ? RAW : DAG_CBOR)
    if (!equalBytes(found.bytes, link.bytes)) {
      const message = `the block is ${found.toString()}, not ${link.toString()}`
      return misread(place, reject('CONFLICT', message))
    }
    return ok({ place, bytes: bytes.value, raw: raw.value.value })
  }

  nextBlock(link: CID): Result<ReadBlock, Misread> {
    const found = this.#named(link)
    if (!found.ok) return found
    const { place, bytes, raw } = found.value
    const block = { place, cid: link, bytes }
    if (link.code !== DAG_CBOR) return ok({ ...block, kind: 'content' })
    if (raw.form === 'bytes' && this.#leavesUnread(bytes)) return ok({ ...block, kind: 'unread' })
    const value = valueOf(raw, link)
    const read = value.ok ? parseBlock(value.value) : value
    return read.ok ? ok({ ...block, kind: 'block', block: read.value }) : misread(place, read)
  }
}

function named({ place, cid, bytes }: Expected): { place: Place; cid: CID; bytes: Uint8Array } {
  return { place, cid, bytes }
}

/** The bytes that the name is of. A CAR names its blocks once more: that must be the same name. */
function bytesOf(raw: RawBlock, link: CID): Result<Uint8Array, Rejection> {
  if (raw.form === 'bytes') {
    return equalBytes(raw.cid.bytes, link.bytes)
      ? ok(raw.bytes)
      : reject('CONFLICT', `block ${raw.cid.toString()} where ${link.toString()} follows`)
  }
  if (link.code === RAW) {
    return raw.value instanceof Uint8Array ? ok(raw.value) : reject('MALFORMED', 'expected bytes')
  }
  const bytes = encodeDagCbor(raw.value)
  return bytes.length <= BLOCK_BYTES_MAX ? ok(bytes) : reject('TOO_LARGE', `a block of ${bytes.length} bytes`)
}

function valueOf(raw: RawBlock, link: CID): Result<Ipld, Rejection> {
  if (raw.form === 'value') return ok(raw.value)
  if (link.code === RAW) return ok(raw.bytes)
  return decodeDagCbor(raw.bytes, { bytesMax: BLOCK_BYTES_MAX, itemsMax: BLOCK_ITEMS_MAX })
}

/** What a block that was left unread says. Rejects as reading does. */
export function decodeBlock(bytes: Uint8Array): Result<BundleBlock, Rejection> {
  const value = decodeDagCbor(bytes, { bytesMax: BLOCK_BYTES_MAX, itemsMax: BLOCK_ITEMS_MAX })
  return value.ok ? parseBlock(value.value) : value
}

function misread(
  place: Place,
  { error }: { readonly error: Rejection },
): { readonly ok: false; readonly error: Misread } {
  return err({ place, rejection: error })
}
