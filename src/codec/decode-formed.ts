import type * as z from 'zod'
import type { Rejection } from '../model/rejection.ts'
import type { Result } from '../model/result.ts'
import { decodeDagCbor } from './dag-cbor/decode.ts'
import type { ReadLimits } from './read-limits.ts'
import { checkSchema } from './schema-check.ts'

/** A message of the schema's form; bytes in it are views. Rejects as `decodeDagCbor`, and as `checkSchema` with `at`. */
export function decodeFormed<Schema extends z.ZodType>(
  schema: Schema,
  bytes: Uint8Array,
  limits: Partial<ReadLimits>,
  at: string,
): Result<z.input<Schema>, Rejection> {
  const decoded = decodeDagCbor(bytes, limits)
  return decoded.ok ? checkSchema(schema, decoded.value, at) : decoded
}
