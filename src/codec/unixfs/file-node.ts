import { type Rejection, reject } from '../../model/rejection.ts'
import { ok, type Result } from '../../model/result.ts'
import { type CID, decodeCid, isContentCid } from '../cid.ts'
import { type ProtoField, readProtobuf } from './protobuf.ts'

/** A part of a file: another block, and how many bytes of the file it and what is below it hold. */
export interface FilePart {
  readonly cid: CID
  /** Integer from 1: a part without bytes would cost without end. */
  readonly size: number
}

/** An inner block of a UnixFS file: bytes of its own first, then its parts in order. */
export interface FileNode {
  readonly data: Uint8Array
  readonly parts: readonly FilePart[]
  /** Bytes of all of it. */
  readonly size: number
}

const RAW_TYPE = 0
const FILE_TYPE = 2
const NOTHING = new Uint8Array(0)

/**
 * Reads a dag-pb block as a node of a UnixFS file; views the bytes. Rejects MALFORMED what is no such node: directories,
 * links by other hashes, sizes that do not add up. Mode and time, if there are any, are passed over.
 * Source: DAG-PB and UnixFS specifications of IPFS.
 */
export function decodeFileNode(bytes: Uint8Array): Result<FileNode, Rejection> {
  const outer = readProtobuf(bytes)
  if (outer === undefined) return malformed('no dag-pb')
  const links = outer.filter(({ field }) => field === 2).map(({ value }) => linkOf(value))
  const inner = outer.filter(({ field }) => field === 1)
  const unixFs = inner.length === 1 ? fileFieldsOf(inner[0]?.value) : undefined
  if (unixFs === undefined || links.length + inner.length !== outer.length)
    return malformed('no node of a UnixFS file')
  if (links.length !== unixFs.sizes.length) return malformed('a size for each part')
  const parts: FilePart[] = []
  for (const [at, cid] of links.entries()) {
    const size = unixFs.sizes[at] ?? 0
    if (cid === undefined || size < 1) return malformed('a part is a link by sha2-256 to at least one byte')
    parts.push({ cid, size })
  }
  const size = parts.reduce((sum, part) => sum + part.size, unixFs.data.length)
  if (!Number.isSafeInteger(size) || (unixFs.size !== undefined && unixFs.size !== size))
    return malformed('sizes do not add up')
  return ok({ data: unixFs.data, parts, size })
}

/** PBLink: its Hash (1). Its Name and Tsize say nothing of a file. */
function linkOf(value: number | Uint8Array): CID | undefined {
  const fields = typeof value === 'number' ? undefined : readProtobuf(value)
  const hash = fields?.find(({ field }) => field === 1)?.value
  const cid = hash instanceof Uint8Array ? decodeCid(hash) : undefined
  return cid !== undefined && isContentCid(cid) ? cid : undefined
}

interface FileFields {
  readonly data: Uint8Array
  readonly size: number | undefined
  readonly sizes: readonly number[]
}

/** UnixFS Data: Type (1), Data (2), filesize (3), blocksizes (4). */
function fileFieldsOf(value: number | Uint8Array | undefined): FileFields | undefined {
  const fields = value instanceof Uint8Array ? readProtobuf(value) : undefined
  if (fields === undefined) return undefined
  const type = lastOf(fields, 1)
  const data = lastOf(fields, 2) ?? NOTHING
  const size = lastOf(fields, 3)
  const sizes = fields.filter(({ field }) => field === 4).map((one) => one.value)
  const isFile = type === FILE_TYPE || type === RAW_TYPE
  if (!isFile || typeof data === 'number' || size instanceof Uint8Array || !areNumbers(sizes))
    return undefined
  return { data, size, sizes }
}

function lastOf(fields: readonly ProtoField[], wanted: number): number | Uint8Array | undefined {
  return fields.findLast(({ field }) => field === wanted)?.value
}

function areNumbers(values: readonly (number | Uint8Array)[]): values is readonly number[] {
  return values.every((value) => typeof value === 'number')
}

function malformed(why: string): Result<never, Rejection> {
  return reject('MALFORMED', `a block of a file: ${why}`)
}
