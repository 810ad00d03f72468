import { assert } from '../../model/fault.ts'
import type { ThreadId } from '../../model/ids.ts'
import type { Sha256 } from '../../ports/crypto.ts'
import { type CID, cidOf, RAW } from '../cid.ts'
import { decodeDagCbor } from '../dag-cbor/decode.ts'
import { type BundleBlock, encodeBlock } from './block.ts'
import { carBlock, carHeader } from './car.ts'
import { jsonlHeader, jsonlLine } from './jsonl.ts'
import { BLOCK_BYTES_MAX, BLOCK_ITEMS_MAX, PART_LINKS_MAX } from './limits.ts'
import { encodeParts, encodeRoot } from './root.ts'

/** A block and its name. */
export interface NamedBlock {
  readonly cid: CID
  readonly bytes: Uint8Array
}

/** Where blocks wait until all of them are known: the root, which comes first in the file, names them. */
export interface Spool {
  push(bytes: Uint8Array): void
  /** What was pushed, in order. */
  all(): Iterable<Uint8Array>
}

export interface BundleInfo {
  readonly net: CID
  readonly thread: ThreadId
  readonly finished: boolean
  readonly content: 'inline' | 'linked'
}

/** Collects the blocks of an export in their order. 36 bytes of memory a block; the rest is in the spool. */
export class BundleWriter {
  readonly #spool: Spool
  readonly #sha256: Sha256
  readonly #links: CID[] = []

  constructor(spool: Spool, sha256: Sha256) {
    this.#spool = spool
    this.#sha256 = sha256
  }

  add(block: BundleBlock): void {
    this.#push(encodeBlock(block))
  }

  /** A block that was encoded before. */
  addEncoded(block: Uint8Array): void {
    this.#push(block)
  }

  /** Plain bytes, as they are. */
  addContent(bytes: Uint8Array): void {
    this.#push(bytes, RAW)
  }

  /** The file's blocks: root, then each index before its blocks. */
  *blocks(info: BundleInfo): Generator<NamedBlock> {
    const indexes = encodeParts(this.#links).map((bytes) => ({ cid: cidOf(bytes, this.#sha256), bytes }))
    const { net, thread, finished, content } = info
    const parts = indexes.map(({ cid }) => cid)
    const root = encodeRoot({ net, thread, finished, content, blocks: this.#links.length, parts })
    yield { cid: cidOf(root, this.#sha256), bytes: root }
    let at = 0
    for (const bytes of this.#spool.all()) {
      if (at % PART_LINKS_MAX === 0) yield indexes[at / PART_LINKS_MAX] as NamedBlock
      yield { cid: this.#links[at] as CID, bytes }
      at += 1
    }
  }

  #push(bytes: Uint8Array, codec?: typeof RAW): void {
    assert(bytes.length <= BLOCK_BYTES_MAX, 'a block of an export has a bounded size')
    this.#links.push(cidOf(bytes, this.#sha256, codec))
    this.#spool.push(bytes)
  }
}

/** A CAR of these blocks, piece by piece; the first block is the root. */
export function* carFile(blocks: Iterable<NamedBlock>): Generator<Uint8Array> {
  let isFirst = true
  for (const { cid, bytes } of blocks) {
    if (isFirst) yield carHeader(cid)
    isFirst = false
    yield carBlock(cid, bytes)
  }
}

/** The same as lines of dag-json. Asserts canonical blocks, as `BundleWriter` and `readBundle` give them. */
export function* jsonlFile(blocks: Iterable<NamedBlock>): Generator<Uint8Array> {
  const encoder = new TextEncoder()
  let isFirst = true
  for (const { cid, bytes } of blocks) {
    if (isFirst) yield encoder.encode(jsonlHeader(cid))
    isFirst = false
    yield encoder.encode(jsonlLine(cid.code === RAW ? bytes : valueOf(bytes)))
  }
}

function valueOf(bytes: Uint8Array) {
  const decoded = decodeDagCbor(bytes, { bytesMax: BLOCK_BYTES_MAX, itemsMax: BLOCK_ITEMS_MAX })
  assert(decoded.ok, 'a block of an export is canonical')
  return decoded.value
}
