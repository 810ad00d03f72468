import * as z from 'zod'
import type { Rejection } from '../../model/rejection.ts'
import type { Result } from '../../model/result.ts'
import { certificateTuple } from '../certificate/certificate.ts'
import { TREE_LEVELS_MAX, voterLinkTuple } from '../certificate/voter-chain.ts'
import { encodeDagCbor } from '../dag-cbor/encode.ts'
import { BUCKETS } from '../entry/fields.ts'
import type { Ipld } from '../ipld.ts'
import { bytes, contentLink, count, hash32, idLink, integer, list, text } from '../payload/fields.ts'
import { checkSchema } from '../schema-check.ts'
import { BLOCK_BYTES_MAX } from './limits.ts'

const ROWS_MAX = 65_536
const CHAIN_LINKS_MAX = 1_024
const RECORDS_MAX = 65

const opened = z.custom<Ipld>((value) => value !== undefined, 'expected a value')
const machine = integer(-1, BUCKETS - 1).describe('-1: the hub, else the bucket')
const path = list(hash32, TREE_LEVELS_MAX).describe('siblings from below up')
const row = z.tuple([text(1, 64), text(0, 512), list(opened, 1)])

const reads = list(row, ROWS_MAX).describe(
  'records that it read and that items of other needs had changed: table, key, record or none',
)

const facts = z
  .tuple([count, count, count, list(hash32, 1), hash32, hash32])
  .describe('slot: n, time, clock, beacon or none, root of the roster, root of the registry')

/**
 * What an export is made of, in this order: genesis, voters by machine, capsules, hub with its items by place, then
 * each need with its items by place and its end; content after all. Source: record.md, "History and export".
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
    certificate: list(certificateTuple, 1).describe(
      "of the hub's tree that holds all items below; none: of one voter",
    ),
  }),
  z.strictObject({
    kind: z.literal('hub-item'),
    at: count.describe('number of the leaf'),
    item: opened,
    leaf: opened,
    path,
    facts: facts.exactOptional().describe('of the slot that it made'),
    reads,
  }),
  z.strictObject({
    kind: z.literal('need'),
    need: idLink,
    bucket: integer(0, BUCKETS - 1),
    finished: z.boolean(),
  }),
  z.strictObject({ kind: z.literal('item'), at: count, item: opened, reads }),
  z.strictObject({
    kind: z.literal('bucket-item').describe('concerns the whole bucket: a fence, a leader'),
    at: count,
    item: opened,
    leaf: opened,
    path,
    reads,
  }),
  z.strictObject({
    kind: z.literal('need-end'),
    certificate: list(certificateTuple, 1).describe('of the tree that holds the last item'),
    leaf: opened.describe('of the last item'),
    path,
    records: list(z.tuple([text(1, 64), bytes(1, 65_536)]), RECORDS_MAX).describe(
      'DecideRecord and FinalizeRecords, by name',
    ),
  }),
  z.strictObject({
    kind: z
      .literal('content')
      .describe('what a need names; plain bytes stand by themselves, in no such block'),
    cid: contentLink,
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
