import { type CID, DAG_PB, RAW } from '../../codec/cid.ts'
import { decodeFileNode, type FileNode } from '../../codec/unixfs/file-node.ts'
import { FaultError } from '../../model/fault.ts'

export type GetBlock = (cid: CID) => Promise<Uint8Array>

/** Blocks of one file: 64 MiB in parts of 8 KiB, and what joins them. */
const FILE_BLOCKS_MAX = 8_704
const FILE_DEPTH_MAX = 16
/** Parts of one file that are looked for at once. */
const PARTS_AT_ONCE = 2

interface Place {
  readonly cid: CID
  readonly at: number
  readonly size: number
  readonly depth: number
}

/** A node of a file; faults `content-malformed`. */
export function fileNodeOf(cid: CID, bytes: Uint8Array): FileNode {
  const node = decodeFileNode(bytes)
  if (node.ok) return node.value
  throw new FaultError('content-malformed', `${cid.toString()}: ${node.error.message}`)
}

/** Takes bytes of a file, by where they begin. */
export type FileSink = (at: number, bytes: Uint8Array) => void

/**
 * All bytes of a file, from its first block on, in any order: each part is at the place that the sizes say, and as long.
 * Faults `content-malformed` otherwise, and for more blocks or levels than an honest file has.
 */
export async function readFile(root: FileNode, getBlock: GetBlock, sink: FileSink): Promise<void> {
  const waiting = placesIn(root, 0, 0)
  sink(0, root.data)
  let blocks = 1
  const take = async (): Promise<void> => {
    for (let place = waiting.pop(); place !== undefined; place = waiting.pop()) {
      if (++blocks > FILE_BLOCKS_MAX) throw malformed(place.cid, `more than ${FILE_BLOCKS_MAX} blocks`)
      const block = await getBlock(place.cid)
      if (place.cid.code === RAW) putLeaf(sink, place, block)
      else waiting.push(...putNode(sink, place, block))
    }
  }
  // Who finds nothing to do for a moment must come again: what others read may bring more.
  while (waiting.length > 0) await Promise.all(Array.from({ length: PARTS_AT_ONCE }, take))
}

/** Where blocks of a file are looked for that may not all be here. */
export interface BlockLook {
  readonly has: (cid: CID) => Promise<boolean>
  /** Undefined for what is not here. */
  readonly read: (cid: CID) => Promise<Uint8Array | undefined>
}

export interface FoundBlock {
  readonly cid: CID
  readonly isHere: boolean
}

/** Every block of content, its own first, and whether it is here; below one that is not, nothing is known. */
export async function* blocksOf(root: CID, { has, read }: BlockLook): AsyncGenerator<FoundBlock> {
  const waiting: { readonly cid: CID; readonly depth: number }[] = [{ cid: root, depth: 0 }]
  let blocks = 0
  for (let next = waiting.pop(); next !== undefined && blocks < FILE_BLOCKS_MAX; next = waiting.pop()) {
    const { cid, depth } = next
    const block = cid.code === DAG_PB ? await read(cid) : undefined
    blocks++
    yield { cid, isHere: cid.code === DAG_PB ? block !== undefined : await has(cid) }
    const node = block === undefined || depth === FILE_DEPTH_MAX ? undefined : decodeFileNode(block)
    if (node?.ok === true)
      for (const part of node.value.parts) waiting.push({ cid: part.cid, depth: depth + 1 })
  }
}

/** In reverse, so that the first is taken first. */
function placesIn(node: FileNode, from: number, depth: number): Place[] {
  let at = from + node.data.length
  return node.parts
    .map(({ cid, size }) => {
      const place = { cid, at, size, depth }
      at += size
      return place
    })
    .toReversed()
}

function putLeaf(sink: FileSink, { cid, at, size }: Place, block: Uint8Array): void {
  if (block.length !== size) throw malformed(cid, `${block.length} bytes where ${size} were announced`)
  sink(at, block)
}

function putNode(sink: FileSink, { cid, at, size, depth }: Place, block: Uint8Array): Place[] {
  const node = fileNodeOf(cid, block)
  if (node.size !== size || depth === FILE_DEPTH_MAX) throw malformed(cid, `no part of ${size} bytes`)
  sink(at, node.data)
  return placesIn(node, at, depth + 1)
}

function malformed(cid: CID, why: string): FaultError {
  return new FaultError('content-malformed', `${cid.toString()}: ${why}`)
}
