import * as z from 'zod'
import { assert } from '../../model/fault.ts'
import { type Rejection, reject } from '../../model/rejection.ts'
import { ok, type Result } from '../../model/result.ts'
import { decodeDagCbor } from '../dag-cbor/decode.ts'
import { encodeDagCbor } from '../dag-cbor/encode.ts'
import { count, hash32, list } from '../payload/fields.ts'
import { checkSchema } from '../schema-check.ts'
import { TREE_LEVELS_MAX } from './voter-chain.ts'

/**
 * What is needed of an RFC 6962 tree to append to it: the roots of the whole trees that it consists of, the largest
 * first, one for each bit of its size. Part of a state checkpoint.
 */
export interface Frontier {
  readonly size: number
  readonly peaks: readonly Uint8Array[]
}

export const EMPTY_FRONTIER: Frontier = { size: 0, peaks: [] }

const FRONTIER_BYTES_MAX = 4_096
const schema = z.tuple([count, list(hash32, TREE_LEVELS_MAX)])

/** [size, peaks]. Asserts as many peaks as the size has bits. */
export function encodeFrontier({ size, peaks }: Frontier): Uint8Array {
  assert(bitsOf(size) === peaks.length, 'a frontier has a peak for each bit of its size')
  return encodeDagCbor([size, peaks])
}

/** Rejects TOO_LARGE, NOT_CANONICAL, MALFORMED. */
export function decodeFrontier(bytes: Uint8Array): Result<Frontier, Rejection> {
  const decoded = decodeDagCbor(bytes, { bytesMax: FRONTIER_BYTES_MAX })
  if (!decoded.ok) return decoded
  const formed = checkSchema(schema, decoded.value, 'frontier')
  if (!formed.ok) return formed
  const [size, peaks] = formed.value
  if (bitsOf(size) !== peaks.length) return reject('MALFORMED', 'a peak for each bit of the size', 'frontier')
  return ok({ size, peaks: peaks.map((peak) => peak.slice()) })
}

function bitsOf(size: number): number {
  let bits = 0
  for (let rest = size; rest > 0; rest = Math.floor(rest / 2)) bits += rest % 2
  return bits
}
