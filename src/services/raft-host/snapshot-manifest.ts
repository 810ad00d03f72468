import { CHUNK_BYTES, MANIFEST_BYTES_MAX } from '../../codec/raft-frame/frame.ts'
import { WireReader } from '../../codec/raft-frame/wire-reader.ts'
import { WireWriter } from '../../codec/raft-frame/wire-writer.ts'
import { type Rejection, reject } from '../../model/rejection.ts'
import { ok, type Result } from '../../model/result.ts'
import type { Sha256 } from '../../ports/crypto.ts'

/** By which the parts of an encoded state are known: head of its checkpoint, data of its snapshot. */
export interface Manifest {
  /** SHA-256 of the whole encoded state. */
  readonly digest: Uint8Array
  readonly bytes: number
  /** SHA-256 of each part; all but the last are of CHUNK_BYTES. */
  readonly chunks: readonly Uint8Array[]
}

const DIGEST_BYTES = 32

/** An encoded state cut into parts, at least one. The parts are views. */
export function cutState(
  state: Uint8Array,
  sha256: Sha256,
): { readonly manifest: Manifest; readonly parts: readonly Uint8Array[] } {
  const count = Math.max(1, Math.ceil(state.length / CHUNK_BYTES))
  const parts = Array.from({ length: count }, (_, n) =>
    state.subarray(n * CHUNK_BYTES, (n + 1) * CHUNK_BYTES),
  )
  return { manifest: { digest: sha256(state), bytes: state.length, chunks: parts.map(sha256) }, parts }
}

export function encodeManifest({ digest, bytes, chunks }: Manifest): Uint8Array {
  const out = new WireWriter()
  out.raw(digest)
  out.number(bytes)
  out.list(chunks, (hash) => out.raw(hash))
  return out.finish()
}

/** Rejects MALFORMED: also when number of parts and bytes do not fit together. */
export function decodeManifest(from: Uint8Array): Result<Manifest, Rejection> {
  const reader = new WireReader(from)
  const digest = reader.raw(DIGEST_BYTES).slice()
  const bytes = reader.number()
  const chunks = reader.list(DIGEST_BYTES, () => reader.raw(DIGEST_BYTES).slice())
  const fits = chunks.length === Math.max(1, Math.ceil(bytes / CHUNK_BYTES))
  if (!reader.done || !fits || from.length > MANIFEST_BYTES_MAX) return reject('MALFORMED', 'not a manifest')
  return ok({ digest, bytes, chunks })
}
