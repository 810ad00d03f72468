import { CID } from 'multiformats/cid'
import type { MultihashDigest } from 'multiformats/hashes/interface'
import { assert } from '../model/fault.ts'
import type { EnvelopeId } from '../model/ids.ts'
import { type Rejection, reject } from '../model/rejection.ts'
import { ok, type Result } from '../model/result.ts'
import type { Sha256 } from '../ports/crypto.ts'
import { base32Of, readBase32 } from './base32.ts'
import { readVarint, varintBytes } from './varint.ts'

/** A link in memory: the class of multiformats, so that content store and transport take it as it is. */
export { CID }

/** Multicodec of canonical dag-cbor: every body, entry and statement. */
export const DAG_CBOR = 0x71
/** Multicodec of plain bytes: artifacts and WebAssembly modules. */
export const RAW = 0x55

/** Multicodec of an inner block of a UnixFS file: content over 1 MiB (plan-and-storage.md, "Content store"). */
export const DAG_PB = 0x70

const CONTENT_CODECS: ReadonlySet<number> = new Set([DAG_CBOR, RAW, DAG_PB])

/** What the content of an id of ours can be. */
export type IdCodec = typeof DAG_CBOR | typeof RAW

const SHA2_256 = 0x12
const DIGEST_BYTES = 32
/** version 1, codec, hash function, digest length: one byte each. */
const HEAD_BYTES = 4
/** Size of a CIDv1 of a one-byte codec with sha2-256, in bytes. */
export const CID_BYTES = HEAD_BYTES + DIGEST_BYTES
/** The same as text: `b` and 58 characters of base32. */
const CID_CHARS = 59

/** CIDv1 with sha2-256 of `bytes`. Source: protocol.md, "Encoding". */
export function cidOf(bytes: Uint8Array, sha256: Sha256, codec: IdCodec = DAG_CBOR): CID {
  return cidFromDigest(sha256(bytes), codec)
}

/** CIDv1 of content whose sha2-256 is known. The digest (32 bytes, asserted) is copied. */
export function cidFromDigest(digest: Uint8Array, codec: IdCodec = DAG_CBOR): CID {
  assert(digest.length === DIGEST_BYTES, 'a sha2-256 digest has 32 bytes')
  const bytes = new Uint8Array(CID_BYTES)
  bytes[0] = 1
  bytes[1] = codec
  bytes[2] = SHA2_256
  bytes[3] = DIGEST_BYTES
  bytes.set(digest, HEAD_BYTES)
  return cidOfParts(bytes, 0, CID_BYTES, codec, SHA2_256, DIGEST_BYTES)
}

/**
 * The CIDv1 that fills `bytes` [from, to), of any codec and hash function; undefined where they are anything
 * else (CIDv0 too: nothing of ours makes it, and a block would have two links). The CID views `bytes`.
 * Source: multiformats CID specification, "CIDv1"; unsigned varints in their shortest form.
 */
export function decodeCid(bytes: Uint8Array, from = 0, to: number = bytes.length): CID | undefined {
  if (isShortForm(bytes, from, to)) {
    return cidOfParts(bytes, from, to, bytes[from + 1] as number, SHA2_256, DIGEST_BYTES)
  }
  const codecAt = from + 1
  const codec = bytes[from] === 1 ? readVarint(bytes, codecAt, to) : -1
  const hashAt = codecAt + varintBytes(codec)
  const hash = codec < 0 ? -1 : readVarint(bytes, hashAt, to)
  const sizeAt = hashAt + varintBytes(hash)
  const size = hash < 0 ? -1 : readVarint(bytes, sizeAt, to)
  if (size < 0 || sizeAt + varintBytes(size) + size !== to) return undefined
  return cidOfParts(bytes, from, to, codec, hash, size)
}

/**
 * Reads the one text form that our links have: base32 in lower case, CIDv1, dag-cbor or raw, sha2-256.
 * Rejects MALFORMED; NOT_CANONICAL for the text that holds the same bytes and stray bits.
 * Source: protocol.md, "Encoding"; RFC 4648, 6 and 3.5.
 */
export function parseCid(text: string): Result<CID, Rejection> {
  return parseText(text, (cid) => cid.code !== DAG_PB, 'dag-cbor or raw')
}

/** The same for links to content, which may also be the root of a UnixFS file (dag-pb). Rejects as `parseCid` does. */
export function parseContentCid(text: string): Result<CID, Rejection> {
  return parseText(text, () => true, 'dag-cbor, raw or dag-pb')
}

function parseText(text: string, isTaken: (cid: CID) => boolean, codecs: string): Result<CID, Rejection> {
  const bytes = new Uint8Array(CID_BYTES)
  const spare = text.length === CID_CHARS && text[0] === 'b' ? readBase32(text, 1, bytes) : -1
  const cid = spare >= 0 ? decodeCid(bytes) : undefined
  if (cid === undefined || !isContentCid(cid) || !isTaken(cid)) {
    return reject('MALFORMED', `a link is a CIDv1 in lower-case base32: ${codecs}, sha2-256`)
  }
  return spare === 0 ? ok(cid) : reject('NOT_CANONICAL', 'unused bits of a link are zero')
}

/** True for what a link to content can be: CIDv1 of dag-cbor, raw or dag-pb, sha2-256, 32 bytes of digest. */
export function isContentCid(cid: CID): boolean {
  return (
    cid.version === 1 &&
    cid.multihash.code === SHA2_256 &&
    cid.multihash.size === DIGEST_BYTES &&
    CONTENT_CODECS.has(cid.code)
  )
}

/** True for what an id of a body can be: CIDv1, dag-cbor, sha2-256, 32 bytes of digest. */
export function isId(cid: CID): boolean {
  return (
    cid.version === 1 &&
    cid.code === DAG_CBOR &&
    cid.multihash.code === SHA2_256 &&
    cid.multihash.size === DIGEST_BYTES
  )
}

/** Text form of the id of a body. Asserts `isId`. */
export function envelopeIdOf(cid: CID): EnvelopeId {
  assert(isId(cid), 'the id of an envelope is a CIDv1 of dag-cbor with sha2-256')
  return `b${base32Of(cid.bytes)}` as EnvelopeId
}

function isShortForm(bytes: Uint8Array, from: number, to: number): boolean {
  return (
    to - from === CID_BYTES &&
    bytes[from] === 1 &&
    (bytes[from + 1] === DAG_CBOR || bytes[from + 1] === RAW) &&
    bytes[from + 2] === SHA2_256 &&
    bytes[from + 3] === DIGEST_BYTES
  )
}

/** The constructor by itself: `CID.decode` reads the numbers again and copies, at ten times the cost. */
function cidOfParts(
  bytes: Uint8Array,
  from: number,
  to: number,
  codec: number,
  hash: number,
  size: number,
): CID {
  const buffer = bytes.buffer as ArrayBuffer // each look at it is a call; no input of ours is shared memory
  const end = bytes.byteOffset + to
  const hashFrom = from + 1 + varintBytes(codec)
  const multihash: MultihashDigest = {
    code: hash,
    size,
    digest: new Uint8Array(buffer, end - size, size),
    bytes: new Uint8Array(buffer, bytes.byteOffset + hashFrom, to - hashFrom),
  }
  return new CID(1, codec, multihash, new Uint8Array(buffer, bytes.byteOffset + from, to - from))
}
