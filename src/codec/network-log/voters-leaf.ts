import * as z from 'zod'
import type { Rejection } from '../../model/rejection.ts'
import { ok, type Result } from '../../model/result.ts'
import { type VoterConfig, voterConfigOf, voterConfigTuple } from '../certificate/voter-config.ts'
import { decodeDagCbor } from '../dag-cbor/decode.ts'
import { checkSchema } from '../schema-check.ts'

const leafTuple = z.tuple([z.literal(1), voterConfigTuple])

/** Reads what `votersLeaf` makes. Rejects TOO_LARGE, NOT_CANONICAL, MALFORMED. */
export function decodeVotersLeaf(leaf: Uint8Array): Result<VoterConfig, Rejection> {
  const decoded = decodeDagCbor(leaf, { bytesMax: 65_536 })
  if (!decoded.ok) return decoded
  const formed = checkSchema(leafTuple, decoded.value, 'leaf')
  return formed.ok ? ok(voterConfigOf(formed.value[1])) : formed
}
