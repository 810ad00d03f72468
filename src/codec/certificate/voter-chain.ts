import * as z from 'zod'
import type { Rejection } from '../../model/rejection.ts'
import { ok, type Result } from '../../model/result.ts'
import { decodeDagCbor } from '../dag-cbor/decode.ts'
import { encodeDagCbor } from '../dag-cbor/encode.ts'
import type { Ipld } from '../ipld.ts'
import { hash32, list } from '../payload/fields.ts'
import { checkSchema } from '../schema-check.ts'
import { type Certificate, certificateOf, certificateToIpld, certificateTuple } from './certificate.ts'
import { type VoterConfig, voterConfigOf, voterConfigToIpld, voterConfigTuple } from './voter-config.ts'

/** Levels of a group's tree, at most: it has up to 2^53 leaves. */
export const TREE_LEVELS_MAX = 53

/**
 * One certified change of voters. It is the last leaf of the certified tree, so the voters before it are those who
 * sign: `path` is that of the last leaf, `certificate` by the config before.
 */
export interface VoterLink {
  readonly config: VoterConfig
  readonly path: readonly Uint8Array[]
  readonly certificate: Certificate
}

/** A member joins and leaves now and then: thousands of links are years. Longer chains go in pieces. */
const CHAIN_LINKS_MAX = 1_024
const CHAIN_BYTES_MAX = 16_777_216
const CHAIN_ITEMS_MAX = 1_048_576

/** [config, path, certificate]. */
export const voterLinkTuple = z.tuple([voterConfigTuple, list(hash32, TREE_LEVELS_MAX), certificateTuple])

const chainSchema = list(voterLinkTuple, CHAIN_LINKS_MAX)

export function voterLinkToIpld({
  config,
  path,
  certificate,
}: VoterLink): z.input<typeof voterLinkTuple> & Ipld {
  return [voterConfigToIpld(config), [...path], certificateToIpld(certificate)]
}

export function voterLinkOf([config, path, certificate]: z.input<typeof voterLinkTuple>): VoterLink {
  return { config: voterConfigOf(config), path, certificate: certificateOf(certificate) }
}

export function encodeVoterChain(links: readonly VoterLink[]): Uint8Array {
  return encodeDagCbor(links.map(voterLinkToIpld))
}

/** Rejects TOO_LARGE, NOT_CANONICAL, MALFORMED; says nothing of whether the links hold. */
export function decodeVoterChain(bytes: Uint8Array): Result<readonly VoterLink[], Rejection> {
  const decoded = decodeDagCbor(bytes, { bytesMax: CHAIN_BYTES_MAX, itemsMax: CHAIN_ITEMS_MAX })
  if (!decoded.ok) return decoded
  const formed = checkSchema(chainSchema, decoded.value, 'chain')
  if (!formed.ok) return formed
  return ok(formed.value.map(voterLinkOf))
}
