import * as z from 'zod'
import type { Frontier } from '../../codec/certificate/frontier.ts'
import { TREE_LEVELS_MAX } from '../../codec/certificate/voter-chain.ts'
import { decodeDagCbor } from '../../codec/dag-cbor/decode.ts'
import { encodeDagCbor } from '../../codec/dag-cbor/encode.ts'
import { bytes, count, hash32, list } from '../../codec/payload/fields.ts'
import { checkSchema } from '../../codec/schema-check.ts'
import { FaultError } from '../../model/fault.ts'
import type { GroupId } from '../../model/raft.ts'

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

/** Of bytes that this node wrote. Faults `store-damaged`. */
export function decodeFollowedState(encoded: Uint8Array, group: GroupId): FollowedState {
  const decoded = decodeDagCbor(encoded, { bytesMax: STATE_BYTES_MAX + 4_096 })
  const formed = decoded.ok ? checkSchema(schema, decoded.value, 'state') : decoded
  if (!formed.ok)
    throw new FaultError('store-damaged', `the state of group ${group}: ${formed.error.message}`)
  const [, size, peaks, state] = formed.value
  return { frontier: { size, peaks: peaks.map((peak) => peak.slice()) }, state }
}
