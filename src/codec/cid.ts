import { CID } from 'multiformats/cid'
import { Digest } from 'multiformats/hashes/digest'
import { assert } from '../model/fault.ts'
import type { EnvelopeId } from '../model/ids.ts'
import { type Rejection, reject } from '../model/rejection.ts'
import { ok, type Result } from '../model/result.ts'
import type { Sha256 } from '../ports/crypto.ts'

/** A link in memory: the class of multiformats, so that content store and transport take it as it is. */
export { CID }

/** Multicodec of canonical dag-cbor: every body, entry and statement. */
export const DAG_CBOR = 0x71
/** Multicodec of plain bytes: artifacts and WebAssembly modules. */
export const RAW = 0x55

/** What the content of an id of ours can be. */
export type IdCodec = typeof DAG_CBOR | typeof RAW

const SHA2_256 = 0x12
const DIGEST_BYTES = 32
/** version 1, codec, hash function, digest length: one byte each. */
const HEAD_BYTES = 4
/** Size of a CIDv1 of a one-byte codec with sha2-256, in bytes. */
export const CID_BYTES = HEAD_BYTES + DIGEST_BYTES
/** The same as text: `b` and 58 characters of base32. */
export const CID_CHARS = 59

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567'

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
  return shortCid(bytes)
}

/**
 * The CIDv1 in `bytes`, of any codec and hash function; undefined where the bytes are anything else (CIDv0
 * too: nothing of ours makes it, and a block would have two links). The CID views `bytes`.
 * Source: multiformats CID specification, "CIDv1"; unsigned varints in their shortest form.
 */
export function decodeCid(bytes: Uint8Array): CID | undefined {
  if (isShortForm(bytes)) return shortCid(bytes)
  try {
    const cid = CID.decode(bytes)
    return cid.version === 1 ? cid : undefined
  } catch {
    return undefined // the library says by exception that the bytes are no CID
  }
}

/**
 * Reads the one text form that our links have: base32 in lower case, CIDv1, dag-cbor or raw, sha2-256.
 * Rejects MALFORMED; NOT_CANONICAL for the text that holds the same bytes and stray bits.
 * Source: protocol.md, "Encoding"; RFC 4648, 6 and 3.5.
 */
export function parseCid(text: string): Result<CID, Rejection> {
  if (!/^ba(?:fy|fk)rei[a-z2-7]{52}$/.test(text)) {
    return reject('MALFORMED', 'a link is a CIDv1 in lower-case base32: dag-cbor or raw, sha2-256')
  }
  const bytes = new Uint8Array(CID_BYTES)
  let held = 0
  let bits = 0
  let at = 0
  for (let i = 1; i < CID_CHARS; i++) {
    held = ((held << 5) | ALPHABET.indexOf(text[i] as string)) & 0xfff
    bits += 5
    if (bits >= 8) {
      bits -= 8
      bytes[at++] = held >> bits
    }
  }
  if ((held & ((1 << bits) - 1)) !== 0) return reject('NOT_CANONICAL', 'unused bits of a link are zero')
  if (!isShortForm(bytes)) return reject('MALFORMED', 'a link is dag-cbor or raw, sha2-256')
  return ok(shortCid(bytes))
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
  return cid.toString() as EnvelopeId
}

function isShortForm(bytes: Uint8Array): boolean {
  return (
    bytes.length === CID_BYTES &&
    bytes[0] === 1 &&
    (bytes[1] === DAG_CBOR || bytes[1] === RAW) &&
    bytes[2] === SHA2_256 &&
    bytes[3] === DIGEST_BYTES
  )
}

function shortCid(bytes: Uint8Array): CID {
  const multihash = bytes.subarray(2)
  const digest = new Digest(SHA2_256, DIGEST_BYTES, bytes.subarray(HEAD_BYTES), multihash)
  return new CID(1, bytes[1] as number, digest, bytes)
}
