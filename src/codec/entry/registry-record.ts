/**
 * What the hub's registry says of an account that registered or published a manifest: a leaf of the tree whose root a
 * slot names, so that a bucket believes it by its path. Source: economy.md, "Registry, marketplace, channels, …";
 * protocol.md, "Verbs" (PROPOSE).
 */
import * as z from 'zod'
import type { Rejection } from '../../model/rejection.ts'
import type { Result } from '../../model/result.ts'
import { decodeDagCbor } from '../dag-cbor/decode.ts'
import { encodeDagCbor } from '../dag-cbor/encode.ts'
import { count, did, idLink, integer, list, micro, name, ppm, timeMs } from '../payload/fields.ts'
import { checkSchema } from '../schema-check.ts'

/** As a PROPOSE can carry it. */
export const RECORD_BYTES_MAX = 8_192
const NAMES_MAX = 64
/** Accounts with which both sides signed a link; more are refused by the hub. */
export const LINKS_MAX = 16

const registryRecord = z.compile(
  z.strictObject({
    v: z.literal(1),
    did,
    offers: list(name, NAMES_MAX).describe('capabilities of the manifest in force'),
    manifest: z.strictObject({ id: idLink, version: count }).exactOptional(),
    judges: list(name, NAMES_MAX).describe('capabilities as a verifier; none: it is none'),
    active: z.boolean().describe('a verifier with at least the minimum stake'),
    stake: micro,
    org: name.exactOptional().describe('attested, as asn and region are'),
    asn: integer(1, 4_294_967_295).exactOptional(),
    region: name.exactOptional(),
    tee: z.boolean(),
    reputation: ppm,
    recency: ppm,
    banned_until: timeMs.describe('slot time until which it may not bid; 0: it may'),
    links: list(did, LINKS_MAX).describe('related parties, by links that both sides signed'),
  }),
)

export type RegistryRecord = z.output<typeof registryRecord>

/** The leaf's bytes; the tree's leaves are sorted by DID bytes. */
export function encodeRegistryRecord(record: RegistryRecord): Uint8Array {
  return encodeDagCbor(record)
}

/** Rejects TOO_LARGE, NOT_CANONICAL, MALFORMED; whether the registry holds it, its path says. */
export function decodeRegistryRecord(bytes: Uint8Array): Result<RegistryRecord, Rejection> {
  const decoded = decodeDagCbor(bytes, { bytesMax: RECORD_BYTES_MAX })
  return decoded.ok
    ? (checkSchema(registryRecord, decoded.value, 'registry.record') as Result<RegistryRecord, Rejection>)
    : decoded
}
