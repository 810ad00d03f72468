/**
 * An item of a group's log: a command that was proposed, or an effect of another group as it was received, with what
 * proves it. Its bytes are what the log's leaf and a need's chain of hashes name. Because the proof is part of the item,
 * all nodes hold, and export, the same certificate for it. Source: lifecycle.md, "Effects between hub and buckets".
 */
import * as z from 'zod'
import type { Rejection } from '../../model/rejection.ts'
import { ok, type Result } from '../../model/result.ts'
import {
  type Certificate,
  certificateOf,
  certificateToIpld,
  certificateTuple,
} from '../certificate/certificate.ts'
import { TREE_LEVELS_MAX } from '../certificate/voter-chain.ts'
import { encodeDagCbor } from '../dag-cbor/encode.ts'
import { decodeKept } from '../dag-cbor/kept-value.ts'
import { type Ipld, isList } from '../ipld.ts'
import { bytes, count, hash32, integer, list } from '../payload/fields.ts'
import { checkSchema } from '../schema-check.ts'
import { BUCKETS } from './fields.ts'

/** Who sends an effect, or gets one: a bucket by its number, or the hub. */
export const HUB = -1

export type GroupItem =
  | { readonly kind: 'command'; readonly command: Uint8Array }
  | {
      readonly kind: 'received'
      /** `HUB` or a bucket. */
      readonly source: number
      /** Number of the effect among those of the source for this target, from 1 on. */
      readonly n: number
      readonly body: Uint8Array
      /** Absent where a network of one voter asks for none. */
      readonly proof?: EffectProof
    }

/** The source's leaf that names the effect, and the certificate of a tree that holds it. */
export interface EffectProof {
  readonly certificate: Certificate
  /** Number of the leaf, from 0 on. */
  readonly index: number
  readonly leaf: Uint8Array
  /** Siblings from below up. */
  readonly path: readonly Uint8Array[]
}

const ITEM_BYTES_MAX = 2_097_152
const ITEM_ITEMS_MAX = 262_144
const PART_BYTES_MAX = 1_048_576

const proofTuple = z.tuple([certificateTuple, count, bytes(1, PART_BYTES_MAX), list(hash32, TREE_LEVELS_MAX)])

const itemSchema = z.compile(
  z.union([
    z.tuple([z.literal(0), bytes(1, PART_BYTES_MAX)]),
    z.tuple([
      z.literal(1),
      integer(HUB, BUCKETS - 1),
      integer(1, Number.MAX_SAFE_INTEGER),
      bytes(1, PART_BYTES_MAX),
      list(proofTuple, 1),
    ]),
  ]),
)

/** [0, command] or [1, source, n, body, [[certificate, index, leaf, path]] or []]. */
export function encodeItem(item: GroupItem): Uint8Array {
  if (item.kind === 'command') return encodeDagCbor([0, item.command])
  const { source, n, body, proof } = item
  return encodeDagCbor([1, source, n, body, proof === undefined ? [] : [proofToTuple(proof)]])
}

function proofToTuple({ certificate, index, leaf, path }: EffectProof) {
  return [certificateToIpld(certificate), index, leaf, [...path]]
}

/** Of [0, command], which most items are, without going through the schema; what else it may be the schema says. */
function commandIn(value: Ipld): Uint8Array | undefined {
  if (!isList(value) || value.length !== 2 || value[0] !== 0) return undefined
  const [, command] = value
  const isBounded = command instanceof Uint8Array && command.length > 0 && command.length <= PART_BYTES_MAX
  return isBounded ? command : undefined
}

/** Rejects TOO_LARGE, NOT_CANONICAL, MALFORMED; commands, effects and certificates in it are not judged yet. */
export function decodeItem(encoded: Uint8Array): Result<GroupItem, Rejection> {
  const decoded = decodeKept(encoded, { bytesMax: ITEM_BYTES_MAX, itemsMax: ITEM_ITEMS_MAX })
  if (!decoded.ok) return decoded
  const command = commandIn(decoded.value)
  if (command !== undefined) return ok({ kind: 'command', command })
  const formed = checkSchema(itemSchema, decoded.value, 'item')
  if (!formed.ok) return formed
  if (formed.value[0] === 0) return ok({ kind: 'command', command: formed.value[1] })
  const [, source, n, body, [proof]] = formed.value
  if (proof === undefined) return ok({ kind: 'received', source, n, body })
  const [certificate, index, leaf, path] = proof
  return ok({
    kind: 'received',
    source,
    n,
    body,
    proof: { certificate: certificateOf(certificate), index, leaf, path },
  })
}
