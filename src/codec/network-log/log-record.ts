import * as z from 'zod'
import type { Rejection } from '../../model/rejection.ts'
import { ok, type Result } from '../../model/result.ts'
import type { LogRecord } from '../../ports/network-log.ts'
import { decodeDagCbor } from '../dag-cbor/decode.ts'
import { encodeDagCbor } from '../dag-cbor/encode.ts'
import { bytes } from '../payload/fields.ts'
import { checkSchema } from '../schema-check.ts'

const CODE = { item: 0, voters: 1, certificate: 2, passed: 3 } as const
/** By their codes. */
const KINDS: readonly LogRecord['kind'][] = ['item', 'voters', 'certificate', 'passed']

const PART_BYTES_MAX = 2_097_152
/** An item, its leaf and what frames them. */
export const RECORD_BYTES_MAX = 2 * PART_BYTES_MAX + 64

const part = bytes(1, PART_BYTES_MAX)
const recordTuple = z.union([
  z.tuple([z.literal(CODE.item), part, part]),
  z.tuple([z.literal([CODE.voters, CODE.certificate, CODE.passed]), part]),
])

/** [0, item, leaf], [1, leaf of voters], [2, certificate] or [3, leaf]. */
export function encodeLogRecord(record: LogRecord): Uint8Array {
  switch (record.kind) {
    case 'item':
      return encodeDagCbor([CODE.item, record.item, record.leaf])
    case 'voters':
      return encodeDagCbor([CODE.voters, record.leaf])
    case 'certificate':
      return encodeDagCbor([CODE.certificate, record.certificate])
    case 'passed':
      return encodeDagCbor([CODE.passed, record.leaf])
    default:
      return record satisfies never
  }
}

/** Where the code stands in an encoded record: behind the head of its list. */
export const KIND_AT = 1

/** The kind that a record has, by its byte at `KIND_AT`; undefined for a byte that no record has there. */
export function kindOfByte(byte: number): LogRecord['kind'] | undefined {
  return KINDS[byte]
}

/** Rejects TOO_LARGE, NOT_CANONICAL, MALFORMED; what the parts hold is not judged. Parts are views of `encoded`. */
export function decodeLogRecord(encoded: Uint8Array): Result<LogRecord, Rejection> {
  const decoded = decodeDagCbor(encoded, { bytesMax: RECORD_BYTES_MAX })
  if (!decoded.ok) return decoded
  const formed = checkSchema(recordTuple, decoded.value, 'record')
  if (!formed.ok) return formed
  const [code, first, leaf] = formed.value
  if (leaf !== undefined) return ok({ kind: 'item', item: first, leaf })
  if (code === CODE.certificate) return ok({ kind: 'certificate', certificate: first })
  return ok({ kind: code === CODE.voters ? 'voters' : 'passed', leaf: first })
}
