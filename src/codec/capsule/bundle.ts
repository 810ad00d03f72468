import * as z from 'zod'
import type { Rejection } from '../../model/rejection.ts'
import { ok, type Result } from '../../model/result.ts'
import { decodeDagCbor } from '../dag-cbor/decode.ts'
import { encodeDagCbor } from '../dag-cbor/encode.ts'
import type { Ipld } from '../ipld.ts'
import { bytes, list } from '../payload/fields.ts'
import { checkSchema } from '../schema-check.ts'
import { CASES_MAX } from './capsule.ts'
import { type ConformanceCase, parseCase } from './case.ts'

const BUNDLE_BYTES_MAX = 8_388_608
/** Entries of all maps and lists: 1,024 cases of some hundred fields. */
const BUNDLE_ITEMS_MAX = 524_288
const MODULE_BYTES_MAX = 2_097_152
const SIGNATURE_BYTES = 64

const bundleSchema = z.strictObject({
  v: z.literal(1),
  capsule: bytes(1, 131_072).describe('the capsule, as it is hashed and signed'),
  signature: bytes(0, SIGNATURE_BYTES).describe("the author's; empty where the network's genesis vouches"),
  wasm: bytes(1, MODULE_BYTES_MAX).describe('the policy'),
  cases: list(
    z.custom<Ipld>(() => true),
    CASES_MAX,
  ).describe('of its conformance vector'),
})

/** A capsule with all that is needed to check and use it: what travels as a file. Nothing of it is checked yet. */
export interface CapsuleBundle {
  readonly capsule: Uint8Array
  readonly signature: Uint8Array
  readonly wasm: Uint8Array
  readonly cases: readonly ConformanceCase[]
}

export function encodeBundle({ capsule, signature, wasm, cases }: CapsuleBundle): Uint8Array {
  return encodeDagCbor({ v: 1, capsule, signature, wasm, cases: cases.map(plain) })
}

function plain({ id, input, decision, gas }: ConformanceCase): Ipld {
  return { id, input, decision: { allow: decision.allow, denials: decision.denials }, gas }
}

/** Rejects TOO_LARGE, NOT_CANONICAL, MALFORMED, with a path from `bundle` on. */
export function decodeBundle(file: Uint8Array): Result<CapsuleBundle, Rejection> {
  const decoded = decodeDagCbor(file, { bytesMax: BUNDLE_BYTES_MAX, itemsMax: BUNDLE_ITEMS_MAX })
  if (!decoded.ok) return decoded
  const checked = checkSchema(bundleSchema, decoded.value, 'bundle')
  if (!checked.ok) return checked
  const { capsule, signature, wasm } = checked.value
  const cases: ConformanceCase[] = []
  for (const [at, value] of checked.value.cases.entries()) {
    const parsed = parseCase(value, `bundle.cases[${at}]`)
    if (!parsed.ok) return parsed
    cases.push(parsed.value)
  }
  return ok({ capsule, signature, wasm, cases })
}
