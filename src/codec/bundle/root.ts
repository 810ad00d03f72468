import * as z from 'zod'
import { assert } from '../../model/fault.ts'
import type { ThreadId } from '../../model/ids.ts'
import { type Rejection, reject } from '../../model/rejection.ts'
import { ok, type Result } from '../../model/result.ts'
import type { CID } from '../cid.ts'
import { encodeDagCbor } from '../dag-cbor/encode.ts'
import type { Ipld } from '../ipld.ts'
import { contentLink, idLink, integer, list, threadId } from '../payload/fields.ts'
import { checkSchema } from '../schema-check.ts'
import { BLOCKS_MAX, PART_LINKS_MAX, PARTS_MAX } from './limits.ts'

/**
 * First block of an export. `parts` link to the index blocks: lists of links to all other blocks, in order. So the
 * CID of the root names every byte of the file, and each block is known before it is read.
 */
export interface BundleRoot {
  readonly net: CID
  readonly thread: ThreadId
  /** Every need of the thread is over. */
  readonly finished: boolean
  /** `inline`: what is stored of the content that the needs name is part of the file. */
  readonly content: 'inline' | 'linked'
  /** Blocks after the root that are no index. */
  readonly blocks: number
  readonly parts: readonly CID[]
}

const rootSchema = z.strictObject({
  v: z.literal(1),
  kind: z.literal('canswarm/bundle'),
  net: idLink,
  thread: threadId,
  finished: z.boolean(),
  content: z.enum(['inline', 'linked']),
  blocks: integer(1, BLOCKS_MAX),
  parts: list(idLink, PARTS_MAX, 1),
})

const partSchema = list(contentLink, PART_LINKS_MAX, 1)

export function encodeRoot(root: BundleRoot): Uint8Array {
  return encodeDagCbor({ v: 1, kind: 'canswarm/bundle', ...root })
}

/** Rejects MALFORMED, TOO_LARGE: also where the number of index blocks is not that which the blocks need. */
export function parseRoot(value: Ipld): Result<BundleRoot, Rejection> {
  const formed = checkSchema(rootSchema, value, 'root')
  if (!formed.ok) return formed
  const { v: _v, kind: _kind, ...root } = formed.value
  if (Math.ceil(root.blocks / PART_LINKS_MAX) === root.parts.length) return ok(root)
  return reject('MALFORMED', `${root.parts.length} index blocks for ${root.blocks} blocks`, 'root.parts')
}

/** Links of all blocks in their index blocks: each full but the last. */
export function encodeParts(links: readonly CID[]): readonly Uint8Array[] {
  assert(links.length > 0 && links.length <= BLOCKS_MAX, 'an export has blocks, and a bounded number')
  return Array.from({ length: Math.ceil(links.length / PART_LINKS_MAX) }, (_, part) =>
    encodeDagCbor(links.slice(part * PART_LINKS_MAX, (part + 1) * PART_LINKS_MAX)),
  )
}

/** Rejects MALFORMED, TOO_LARGE. */
export function parsePart(value: Ipld): Result<readonly CID[], Rejection> {
  return checkSchema(partSchema, value, 'index')
}
