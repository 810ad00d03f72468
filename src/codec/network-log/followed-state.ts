import * as z from 'zod'
import type { Rejection } from '../../model/rejection.ts'
import { ok, type Result } from '../../model/result.ts'
import type { Frontier } from '../certificate/frontier.ts'
import { TREE_LEVELS_MAX } from '../certificate/voter-chain.ts'
import { decodeDagCbor } from '../dag-cbor/decode.ts'
import { encodeDagCbor } from '../dag-cbor/encode.ts'
import { bytes, count, hash32, list } from '../payload/fields.ts'
import { checkSchema } from '../schema-check.ts'

const STATE_BYTES_MAX = 2 ** 30

const schema = z.tuple([z.literal(1), count, list(hash32, TREE_LEVELS_MAX), bytes(0, STATE_BYTES_MAX)])

/** What a follower stores of a group: its machine's state after so many leaves, and the tree of those. */
export interface FollowedState {
  readonly frontier: Frontier
  readonly state: Uint8Array
}

/** [1, leaves, peaks, state]. */
export function encodeFollowedState({ frontier: { size, peaks }, state }: FollowedState): Uint8Array {
  return encodeDagCbor([1, size, [...peaks], state])
}

/** Rejects as `decodeDagCbor` and by the schema. */
export function decodeFollowedState(encoded: Uint8Array): Result<FollowedState, Rejection> {
  const decoded = decodeDagCbor(encoded, { bytesMax: STATE_BYTES_MAX + 4_096 })
  const formed = decoded.ok ? checkSchema(schema, decoded.value, 'state') : decoded
  if (!formed.ok) return formed
  const [, size, peaks, state] = formed.value
  return ok({ frontier: { size, peaks: peaks.map((peak) => peak.slice()) }, state })
}
