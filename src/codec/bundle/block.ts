import * as z from 'zod'
import type { Rejection } from '../../model/rejection.ts'
import type { Result } from '../../model/result.ts'
import { certificateTuple } from '../certificate/certificate.ts'
import { TREE_LEVELS_MAX, voterLinkTuple } from '../certificate/voter-chain.ts'
import { encodeDagCbor } from '../dag-cbor/encode.ts'
import { BUCKETS } from '../entry/fields.ts'
import type { Ipld } from '../ipld.ts'
import {
  bytes,
  contentLink,
  count,
  hash32,
  idLink,
  integer,
  list,
  text,
  threadId,
} from '../payload/fields.ts'
import { checkSchema } from '../schema-check.ts'
import { BLOCK_BYTES_MAX } from './limits.ts'

const ROWS_MAX = 65_536
const CHAIN_LINKS_MAX = 1_024
const RECORDS_MAX = 65
const PLANS_MAX = 65_536

const opened = z.custom<Ipld>((value) => value !== undefined, 'expected a value')
const machine = integer(-1, BUCKETS - 1).describe('-1: the hub, else the bucket')
const path = list(hash32, TREE_LEVELS_MAX).describe('siblings from below up')
const at = count.describe('number of the leaf')
const certificates = list(certificateTuple, 1).describe('none: a network of one voter asks for none')
const proven = { at, item: opened, leaf: opened, path }
const row = z.tuple([text(1, 64), text(0, 512), list(opened, 1)])

const reads = list(row, ROWS_MAX).describe(
  'records that it read and that items of other needs had changed: table, key, record or none',
)

/**
 * What an export is made of, in this order: genesis; voters by machine; capsules by CID; the hub with its items, by
 * place; each bucket with its items by place, every need's end after its last one; content by CID.
 * Source: record.md, "History and export".
 */
const blockSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('genesis'), genesis: opened }),
  z.strictObject({
    kind: z.literal('voters'),
    machine,
    links: list(voterLinkTuple, CHAIN_LINKS_MAX, 1).describe('certified changes, from genesis on'),
  }),
  z.strictObject({ kind: z.literal('capsule'), bundle: bytes(1, BLOCK_BYTES_MAX) }),
  z.strictObject({
    kind: z.literal('hub'),
    certificate: certificates.describe("of the hub's tree that holds all items below"),
  }),
  z.strictObject({ kind: z.literal('hub-item'), ...proven, reads }),
  z.strictObject({
    kind: z.literal('bucket'),
    bucket: integer(0, BUCKETS - 1),
    certificate: certificates.describe("of the bucket's tree: the largest of its needs'"),
  }),
  z.strictObject({ kind: z.literal('item'), at, item: opened, reads }),
  z.strictObject({
    kind: z.literal('bucket-item').describe('concerns all of the bucket: a fence, a leader'),
    ...proven,
    reads,
  }),
  z.strictObject({
    kind: z.literal('end'),
    need: idLink.describe('whose last item this was'),
    finished: z.boolean(),
    state: text(1, 32).describe('in which it was left'),
    certificate: certificates.describe("of the bucket's tree that holds the last item"),
    at,
    leaf: opened,
    path,
    records: list(z.tuple([text(1, 64), bytes(1, 65_536)]), RECORDS_MAX).describe('by name'),
  }),
  z.strictObject({
    kind: z.literal('plans'),
    plans: list(z.strictObject({ thread: threadId, operations: count, root: hash32 }), PLANS_MAX).describe(
      'of the operations that items carry, by thread',
    ),
  }),
  z.strictObject({
    kind: z.literal('content'),
    cid: contentLink.describe('what a need names; plain bytes stand by themselves, in no such block'),
    bytes: bytes(0, BLOCK_BYTES_MAX),
  }),
])

const compiled = z.compile(blockSchema)

export type BundleBlock = z.output<typeof blockSchema>
export type BundleBlockOf<Kind extends BundleBlock['kind']> = Extract<BundleBlock, { kind: Kind }>

export function encodeBlock(block: BundleBlock): Uint8Array {
  return encodeDagCbor(block)
}

/** Rejects MALFORMED, TOO_LARGE; what is opened in it is not judged. */
export function parseBlock(value: Ipld): Result<BundleBlock, Rejection> {
  return checkSchema(compiled, value, '') as Result<BundleBlock, Rejection>
}
