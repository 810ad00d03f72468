import { equalBytes } from '../../codec/bytes.ts'
import type { FrameItem } from '../../codec/raft-frame/frame.ts'
import type { LogIndex, RaftId } from '../../model/raft.ts'
import type { Sha256 } from '../../ports/crypto.ts'
import type { Manifest } from './snapshot-manifest.ts'

/**
 * A snapshot that comes in parts, one asked for at a time, in order of their numbers. Parts that were stored
 * before a crash count, once their hash was checked again.
 *
 *     receiving --part fits--> receiving --the last one--> complete --engine took the message--> over
 *     receiving --nothing for too long, or the sender has it no more--> over
 */
export interface Receiving {
  readonly from: RaftId
  readonly index: LogIndex
  /** The engine's message, held back until all parts are there. */
  readonly message: Uint8Array
  readonly manifest: Manifest
  readonly manifestBytes: Uint8Array
  readonly missing: Set<number>
  askedAt: number
  heardAt: number
  /** Parts whose hash was wrong. */
  damaged: number
  /** A part that came while the store was at a turn: it is stored when that is over. */
  held: (FrameItem & { readonly kind: 'chunk' }) | undefined
}

/** The next part to ask for. */
export function nextMissing(receiving: Receiving): number | undefined {
  for (const number of receiving.missing) return number
  return undefined
}

/** Whether these bytes are the part of that number. */
export function isPart(manifest: Manifest, number: number, bytes: Uint8Array, sha256: Sha256): boolean {
  const hash = manifest.chunks[number]
  return hash !== undefined && equalBytes(sha256(bytes), hash)
}
