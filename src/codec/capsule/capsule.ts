import * as z from 'zod'
import type { Did } from '../../model/ids.ts'
import { type Rejection, reject } from '../../model/rejection.ts'
import { ok, type Result } from '../../model/result.ts'
import type { Sha256 } from '../../ports/crypto.ts'
import { type CID, cidOf } from '../cid.ts'
import { decodeDagCbor } from '../dag-cbor/decode.ts'
import { encodeDagCbor } from '../dag-cbor/encode.ts'
import { did, hash32, idLink, integer, list, text } from '../payload/fields.ts'
import { checkSchema } from '../schema-check.ts'
import { caseId } from './case.ts'

/** Version of the shapes of policy input and decision. */
export const POLICY_SCHEMA = 1

/** Most gas that a capsule may give one envelope: some ten milliseconds. */
export const GAS_LIMIT_MAX = 100_000_000

export const CASES_MAX = 1_024

const CAPSULE_BYTES_MAX = 131_072

const capsuleSchema = z.strictObject({
  v: z.literal(1),
  label: text(1, 64).describe('for people'),
  policy_engine_hash: hash32.describe("SHA-256 of the policy's WebAssembly"),
  schema: integer(1, 255).describe('version of the shapes of input and decision'),
  meter: integer(1, 65_535).describe('version of the meter that the gas figures are of'),
  gas_limit: integer(1, GAS_LIMIT_MAX)
    .exactOptional()
    .describe("gas for one envelope, else the network's parameter says"),
  conformance: list(z.tuple([caseId, idLink]), CASES_MAX).describe('cases that it passed: id and CID, by id'),
  author: did,
})

/** A policy that its author stands for. Source: policy.md ("Capsule"). */
export interface Capsule {
  readonly v: 1
  readonly label: string
  readonly policy_engine_hash: Uint8Array
  readonly schema: number
  readonly meter: number
  readonly gas_limit?: number
  /** Strictly ascending by id. The CID is `caseCid`: it fixes input, decision and gas. */
  readonly conformance: readonly (readonly [id: string, cid: CID])[]
  readonly author: Did
}

/** Canonical dag-cbor: what is hashed, signed and fetched. The signature is not part of it. */
export function encodeCapsule(capsule: Capsule): Uint8Array {
  return encodeDagCbor({ ...capsule })
}

/** Rejects TOO_LARGE, NOT_CANONICAL, MALFORMED, with a path from `capsule` on. */
export function decodeCapsule(bytes: Uint8Array): Result<Capsule, Rejection> {
  const decoded = decodeDagCbor(bytes, { bytesMax: CAPSULE_BYTES_MAX })
  if (!decoded.ok) return decoded
  const checked = checkSchema(capsuleSchema, decoded.value, 'capsule')
  if (!checked.ok) return checked
  const ids = checked.value.conformance.map(([id]) => id)
  const isAscending = ids.every((id, at) => at === 0 || (ids[at - 1] as string) < id)
  if (isAscending) return ok(checked.value)
  return reject('NOT_CANONICAL', 'cases stand in order of their ids, none twice', 'capsule.conformance')
}

/**
 * Name of a capsule, by which envelopes and threads name it: CID of its bytes without the signature. So it fixes
 * policy, author, gas and conformance, and a genesis can name a capsule although signatures name the genesis.
 */
export function capsuleCid(bytes: Uint8Array, sha256: Sha256): CID {
  return cidOf(bytes, sha256)
}
