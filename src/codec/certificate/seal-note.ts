import type { Rejection } from '../../model/rejection.ts'
import { ok, type Result } from '../../model/result.ts'
import { decodeDagCbor } from '../dag-cbor/decode.ts'
import { encodeDagCbor } from '../dag-cbor/encode.ts'
import { list } from '../payload/fields.ts'
import { checkSchema } from '../schema-check.ts'
import { type TreeHead, treeHeadOf, treeHeadToIpld, treeHeadTuple } from './tree-head.ts'

/** Heads that one note keeps, at most. */
export const NOTED_HEADS_MAX = 256

const schema = list(treeHeadTuple, NOTED_HEADS_MAX)

/** What a voter has signed of a group and may sign again, as it is stored before it is spoken: [head, …], rising. */
export function encodeSealNote(heads: readonly TreeHead[]): Uint8Array {
  return encodeDagCbor(heads.map(treeHeadToIpld))
}

/** Rejects TOO_LARGE, NOT_CANONICAL, MALFORMED. */
export function decodeSealNote(bytes: Uint8Array): Result<readonly TreeHead[], Rejection> {
  const decoded = decodeDagCbor(bytes)
  if (!decoded.ok) return decoded
  const formed = checkSchema(schema, decoded.value, 'note')
  return formed.ok ? ok(formed.value.map(treeHeadOf)) : formed
}
