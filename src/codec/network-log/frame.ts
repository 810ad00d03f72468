/**
 * A stored log is a file of frames: [length: u32, CRC-32 of the payload: u32, payload], both numbers little-endian. The
 * first payload is the file's head: dag-cbor ["canswarm/log/1", CID of the genesis, machine]; each further one a
 * `LogRecord`. A file grows at its end only, so what a crash leaves half-written is the last frame, or zeros.
 */
import type { Checksum } from '../../ports/checksum.ts'
import { equalBytes } from '../bytes.ts'
import type { CID } from '../cid.ts'
import { encodeDagCbor } from '../dag-cbor/encode.ts'
import { RECORD_BYTES_MAX } from './log-record.ts'

/** Length and checksum before each payload. */
export const FRAME_HEAD_BYTES = 8

/** Asserts nothing of the payload: `RECORD_BYTES_MAX` bounds what is read again. */
export function encodeFrame(payload: Uint8Array, checksum: Checksum): Uint8Array {
  const frame = new Uint8Array(FRAME_HEAD_BYTES + payload.length)
  const view = new DataView(frame.buffer)
  view.setUint32(0, payload.length, true)
  view.setUint32(4, checksum(payload), true)
  frame.set(payload, FRAME_HEAD_BYTES)
  return frame
}

/** What the head of a frame says. `isLawful` is false for a length that no frame has. */
export function readFrameHead(head: Uint8Array): {
  readonly length: number
  readonly checksum: number
  readonly isLawful: boolean
} {
  const view = new DataView(head.buffer, head.byteOffset, FRAME_HEAD_BYTES)
  const length = view.getUint32(0, true)
  return { length, checksum: view.getUint32(4, true), isLawful: length > 0 && length <= RECORD_BYTES_MAX }
}

/** Payload of the first frame. */
export function logHead(net: CID, machine: number): Uint8Array {
  return encodeDagCbor(['canswarm/log/1', net, machine])
}

/** True when these bytes are the head of that machine's log in that network. */
export function isLogHead(payload: Uint8Array, net: CID, machine: number): boolean {
  return equalBytes(payload, logHead(net, machine))
}
