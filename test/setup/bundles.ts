import type { BundleBlock } from '../../src/codec/bundle/block.ts'
import { type ReadBlock, readBundle } from '../../src/codec/bundle/read-bundle.ts'
import {
  BundleWriter,
  carFile,
  jsonlFile,
  type NamedBlock,
  type Spool,
} from '../../src/codec/bundle/write-bundle.ts'
import { cidOf } from '../../src/codec/cid.ts'
import type { ThreadId } from '../../src/model/ids.ts'
import { hashOf, sha256 } from './certificates.ts'

/** A spool in memory. */
export class MemorySpool implements Spool {
  readonly #blocks: Uint8Array[] = []
  push(bytes: Uint8Array): void {
    this.#blocks.push(bytes)
  }
  all(): Iterable<Uint8Array> {
    return this.#blocks
  }
}

/** Blocks of an export that means nothing: their form is right. */
export function handMadeBlocks(items: number): readonly NamedBlock[] {
  const writer = new BundleWriter(new MemorySpool(), sha256)
  writer.add({ kind: 'genesis', genesis: { v: 1 } })
  writer.add({ kind: 'bucket', bucket: 7, certificate: [] })
  for (let at = 0; at < items; at++) {
    const block: BundleBlock = { kind: 'item', at, item: [0, { n: at, text: 'ä"\\\n' }], reads: [] }
    writer.add(block)
  }
  writer.addContent(hashOf('content'))
  const info = { net: cidOf(hashOf('net'), sha256), thread: 'a'.repeat(32) as ThreadId }
  return [...writer.blocks({ ...info, finished: true, content: 'inline' })]
}

export const FORMS = { CAR: carFile, JSONL: jsonlFile } as const

export function fileOf(pieces: Iterable<Uint8Array>): Uint8Array {
  return new Uint8Array(Buffer.concat([...pieces]))
}

/** Everything that a file holds, or the first thing that is wrong with it as text. */
export function readAllOf(file: Uint8Array, pieceBytes = 1_000): readonly ReadBlock[] | string {
  const blocks: ReadBlock[] = []
  for (const read of readBundle(piecesOf(file, pieceBytes), sha256)) {
    if (!read.ok) {
      const { place, rejection } = read.error
      return `${place.unit} ${place.number}: ${rejection.code} ${rejection.message}`
    }
    blocks.push(read.value)
  }
  return blocks
}

export function* piecesOf(file: Uint8Array, pieceBytes: number): Generator<Uint8Array> {
  for (let at = 0; at < file.length; at += pieceBytes) yield file.subarray(at, at + pieceBytes)
}
