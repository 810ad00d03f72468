/**
 * CARv1, as its specification has it and no other way: one root, each number in its shortest form, each block named by
 * a CIDv1 of sha2-256. Written by hand and not with @ipld/car: that reader takes several forms of the same file (so a
 * changed byte need not be seen), has no bounds, and is a promise a block.
 * Source: IPLD, "Content Addressable aRchives (CAR / .car) v1".
 */
import { type Rejection, reject } from '../../model/rejection.ts'
import { ok, type Result } from '../../model/result.ts'
import { concatBytes, equalBytes } from '../bytes.ts'
import { CID, CID_BYTES, decodeCid } from '../cid.ts'
import { decodeDagCbor } from '../dag-cbor/decode.ts'
import { encodeDagCbor } from '../dag-cbor/encode.ts'
import { isList, isMap } from '../ipld.ts'
import { readVarint, varintBytes, varintOf } from '../varint.ts'
import type { ByteQueue } from './byte-queue.ts'
import { BLOCK_BYTES_MAX } from './limits.ts'
import type { RawBlock } from './raw-block.ts'

/** Longest number that comes before a block. */
const LENGTH_BYTES_MAX = 8

export function carHeader(root: CID): Uint8Array {
  return framed(encodeDagCbor({ roots: [root], version: 1 }))
}

export function carBlock(cid: CID, bytes: Uint8Array): Uint8Array {
  return framed(cid.bytes, bytes)
}

/** The root that the header names. Rejects MALFORMED, NOT_CANONICAL: any other header than `carHeader` writes. */
export function readCarHeader(queue: ByteQueue): Result<CID, Rejection> {
  const header = readFrame(queue)
  if (!header.ok) return header
  const decoded = decodeDagCbor(header.value)
  if (!decoded.ok) return decoded
  const roots = isMap(decoded.value) ? decoded.value['roots'] : undefined
  const root = roots !== undefined && isList(roots) ? roots[0] : undefined
  if (!(root instanceof CID)) return reject('MALFORMED', 'no header of a CAR with a root', 'header')
  const expected = encodeDagCbor({ roots: [root], version: 1 })
  if (equalBytes(header.value, expected)) return ok(root)
  return reject('MALFORMED', 'expected version 1 and one root, nothing else', 'header')
}

/** The blocks after the header, to the end of the file. Ends with the first rejection: MALFORMED, TOO_LARGE. */
export function* readCarBlocks(queue: ByteQueue): Generator<Result<RawBlock, Rejection>> {
  for (let number = 1; queue.peek(1).length > 0; number++) {
    const place = { unit: 'block', number, byte: queue.offset } as const
    const frame = readFrame(queue)
    if (!frame.ok) {
      yield frame
      return
    }
    const cid = decodeCid(frame.value, 0, Math.min(CID_BYTES, frame.value.length))
    if (cid === undefined) {
      yield reject('MALFORMED', 'a block is named by a CIDv1 of sha2-256')
      return
    }
    yield ok({ place, form: 'bytes', cid, bytes: frame.value.subarray(CID_BYTES) })
  }
}

function framed(...parts: readonly Uint8Array[]): Uint8Array {
  return concatBytes(varintOf(parts.reduce((sum, part) => sum + part.length, 0)), ...parts)
}

function readFrame(queue: ByteQueue): Result<Uint8Array, Rejection> {
  const head = queue.peek(LENGTH_BYTES_MAX)
  const length = readVarint(head, 0, head.length)
  if (length < 1) return reject('MALFORMED', 'expected the length of a block in its shortest form')
  if (length > BLOCK_BYTES_MAX + CID_BYTES) return reject('TOO_LARGE', `a block of ${length} bytes`)
  queue.take(varintBytes(length))
  const bytes = queue.take(length)
  return bytes.length === length ? ok(bytes) : reject('MALFORMED', 'the file ends inside a block')
}
