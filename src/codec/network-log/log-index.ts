/**
 * Where the frames of a log lie, beside it, so that a start need not read all of it: [magic, count: u32, checksum of the last
 * frame's payload: u32, per frame (kind: u8, length: u32), CRC-32 of all that: u32], numbers little-endian. It can be lost, and
 * be older than the log: what is behind its end is read.
 */
import type { Checksum } from '../../ports/checksum.ts'
import { equalBytes } from '../bytes.ts'

const MAGIC = new TextEncoder().encode('cslogix1')
const HEAD_BYTES = MAGIC.length + 8
const FRAME_BYTES = 5
const CHECKSUM_BYTES = 4

export interface LogIndex {
  /** Bytes of each frame's payload. */
  readonly lengths: readonly number[]
  /** Of each payload the byte that tells its kind. */
  readonly kinds: readonly number[]
  /** Of the last frame: whether the log is still the one that was looked at. */
  readonly lastChecksum: number
}

/** At least one frame. */
export function encodeLogIndex({ lengths, kinds, lastChecksum }: LogIndex, checksum: Checksum): Uint8Array {
  const bytes = new Uint8Array(HEAD_BYTES + lengths.length * FRAME_BYTES + CHECKSUM_BYTES)
  const view = new DataView(bytes.buffer)
  bytes.set(MAGIC)
  view.setUint32(MAGIC.length, lengths.length, true)
  view.setUint32(MAGIC.length + 4, lastChecksum, true)
  for (const [n, length] of lengths.entries()) {
    const at = HEAD_BYTES + n * FRAME_BYTES
    bytes[at] = kinds[n] ?? 0
    view.setUint32(at + 1, length, true)
  }
  const end = bytes.length - CHECKSUM_BYTES
  view.setUint32(end, checksum(bytes.subarray(0, end)), true)
  return bytes
}

/** Undefined for anything that was not written whole: then the log is read. */
export function decodeLogIndex(bytes: Uint8Array, checksum: Checksum): LogIndex | undefined {
  const end = bytes.length - CHECKSUM_BYTES
  if (end < HEAD_BYTES || !equalBytes(bytes.subarray(0, MAGIC.length), MAGIC)) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const count = view.getUint32(MAGIC.length, true)
  const isWhole = count > 0 && end === HEAD_BYTES + count * FRAME_BYTES
  if (!isWhole || view.getUint32(end, true) !== checksum(bytes.subarray(0, end))) return undefined
  const lengths: number[] = []
  const kinds: number[] = []
  for (let at = HEAD_BYTES; at < end; at += FRAME_BYTES) {
    kinds.push(view.getUint8(at))
    lengths.push(view.getUint32(at + 1, true))
  }
  return { lengths, kinds, lastChecksum: view.getUint32(MAGIC.length + 4, true) }
}
