import * as z from 'zod'
import type { Rejection } from '../../model/rejection.ts'
import { ok, type Result } from '../../model/result.ts'
import { decodeDagCbor } from '../dag-cbor/decode.ts'
import { encodeDagCbor } from '../dag-cbor/encode.ts'
import { bytes, list } from '../payload/fields.ts'
import { checkSchema } from '../schema-check.ts'
import {
  type CertifiedBatch,
  certifiedBatchOf,
  certifiedBatchToIpld,
  certifiedBatchTuple,
} from './certified-batch.ts'

/** What goes by gossip: a list each time, never one thing alone. Source: architecture.md, "Batching is the design". */
export type GossipMessage =
  /** Envelopes as their sender signed them (`encodeBatch`). */
  | { readonly kind: 'batch'; readonly batch: Uint8Array }
  /** What groups applied and their voters certified, all of one turn. */
  | { readonly kind: 'certified'; readonly batches: readonly CertifiedBatch[] }

const CODE = { batch: 0, certified: 1 } as const
/** Of a whole message: as the mesh has it. */
const GOSSIP_BYTES_MAX = 1_048_576
const ITEMS_MAX = 131_072
/** One for each group: a turn may certify several sizes, of which the last one stands for all. */
const GOSSIP_BATCHES_MAX = 512

const messageTuple = z.compile(
  z.union([
    z.tuple([z.literal(CODE.batch), bytes(1, GOSSIP_BYTES_MAX)]),
    z.tuple([z.literal(CODE.certified), list(certifiedBatchTuple, GOSSIP_BATCHES_MAX, 1)]),
  ]),
)

/** [0, batch] or [1, [certified batch, …]]. */
export function encodeGossip(message: GossipMessage): Uint8Array {
  return message.kind === 'batch'
    ? encodeDagCbor([CODE.batch, message.batch])
    : encodeDagCbor([CODE.certified, message.batches.map((batch) => [...certifiedBatchToIpld(batch)])])
}

/** Rejects TOO_LARGE, NOT_CANONICAL, MALFORMED; what it holds is not judged yet. */
export function decodeGossip(encoded: Uint8Array): Result<GossipMessage, Rejection> {
  const decoded = decodeDagCbor(encoded, { bytesMax: GOSSIP_BYTES_MAX, itemsMax: ITEMS_MAX })
  if (!decoded.ok) return decoded
  const formed = checkSchema(messageTuple, decoded.value, 'message')
  if (!formed.ok) return formed
  if (formed.value[0] === CODE.batch) return ok({ kind: 'batch', batch: formed.value[1] })
  const batches: CertifiedBatch[] = []
  for (const tuple of formed.value[1]) {
    const batch = certifiedBatchOf(tuple)
    if (!batch.ok) return batch
    batches.push(batch.value)
  }
  return ok({ kind: 'certified', batches })
}
