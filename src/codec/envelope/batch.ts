import * as z from 'zod'
import { assert } from '../../model/fault.ts'
import type { Did, SecretKey } from '../../model/ids.ts'
import type { Rejection } from '../../model/rejection.ts'
import type { Result } from '../../model/result.ts'
import type { Crypto } from '../../ports/crypto.ts'
import type { CID } from '../cid.ts'
import { encodeDagCbor } from '../dag-cbor/encode.ts'
import { decodeFormed } from '../decode-formed.ts'
import { leafHash, PATH_LEVELS_MAX } from '../merkle/hash.ts'
import { merkleRoot } from '../merkle/root.ts'
import { signStatement } from '../signed/statement.ts'
import { BATCH_BODIES_MAX, BATCH_BYTES_MAX } from './limits.ts'
import { type RootSignature, rootSignatureShape } from './root-signature.ts'

/** Bodies that one signature covers, as they travel: { root, s, by?, bodies }. Source: protocol.md, "Envelope". */
export interface Batch extends RootSignature {
  /** In the order of the tree's leaves. */
  readonly bodies: readonly Uint8Array[]
}

const batchSchema = z.compile(
  z.strictObject({
    ...rootSignatureShape,
    bodies: z
      .array(z.custom<Uint8Array>((value) => value instanceof Uint8Array, 'expected bytes'))
      .min(1)
      .max(BATCH_BODIES_MAX),
  }),
)

/** The bodies, keys and values of the largest batch. */
const BATCH_ITEMS_MAX = BATCH_BODIES_MAX + 16
/** Everything of a batch but its bodies, and the head of each body. */
const FRAME_BYTES = 256
const BODY_HEAD_BYTES_MAX = 5

/**
 * Signs bodies of ours: at most 65,536 (asserted), none twice. `by` is the DID of `secret` where it is a hosting
 * node's; absent, `secret` is that of the bodies' one sender. To travel, a batch must be smaller: `splitBodies`.
 */
export function signBatch(
  crypto: Pick<Crypto, 'sign' | 'sha256'>,
  net: CID,
  secret: SecretKey,
  bodies: readonly Uint8Array[],
  by?: Did,
): Batch {
  assert(bodies.length > 0 && bodies.length <= 2 ** PATH_LEVELS_MAX, 'a batch has 1 to 65,536 bodies')
  const root = merkleRoot(
    bodies.map((body) => leafHash(body, crypto.sha256)),
    crypto.sha256,
  )
  const s = signStatement(crypto, 'envelope-batch-root', net, secret, root)
  return by === undefined ? { root, s, bodies } : { root, s, by, bodies }
}

/** Puts bodies into groups, in order, each of which fits a batch that can travel. */
export function splitBodies(bodies: readonly Uint8Array[]): readonly (readonly Uint8Array[])[] {
  const groups: Uint8Array[][] = []
  let group: Uint8Array[] = []
  let bytes = FRAME_BYTES
  for (const body of bodies) {
    const added = body.length + BODY_HEAD_BYTES_MAX
    if (group.length === BATCH_BODIES_MAX || (group.length > 0 && bytes + added > BATCH_BYTES_MAX)) {
      groups.push(group)
      group = []
      bytes = FRAME_BYTES
    }
    group.push(body)
    bytes += added
  }
  return group.length === 0 ? groups : [...groups, group]
}

/** Asserts the limits of what travels. */
export function encodeBatch({ root, s, by, bodies }: Batch): Uint8Array {
  assert(bodies.length > 0 && bodies.length <= BATCH_BODIES_MAX, 'a batch travels with 1 to 1,024 bodies')
  const bytes = encodeDagCbor(by === undefined ? { root, s, bodies } : { root, s, by, bodies })
  assert(bytes.length <= BATCH_BYTES_MAX, 'a batch travels in at most 4 MiB')
  return bytes
}

/**
 * Reads the frame alone; the bodies are views of `bytes` and not looked into. Rejects TOO_LARGE, NOT_CANONICAL,
 * MALFORMED.
 */
export function decodeBatch(bytes: Uint8Array): Result<Batch, Rejection> {
  return decodeFormed(batchSchema, bytes, { bytesMax: BATCH_BYTES_MAX, itemsMax: BATCH_ITEMS_MAX }, '')
}
