/** Schemas of what many verbs take or tell. In JSON an amount is a decimal text of micro-credits, an id or a CID its text. */
import * as z from 'zod'
import { type CID, parseCid, parseContentCid } from '../codec/cid.ts'
import type { EnvelopeId } from '../model/ids.ts'

export { did, micro, microMoved, threadId } from '../codec/payload/fields.ts'

/** Id of an envelope. */
export const envelopeId = z
  .custom<EnvelopeId>((value) => typeof value === 'string' && parseCid(value).ok, 'expected an id, bafyrei…')
  .meta({ type: 'string', pattern: '^bafyrei[a-z2-7]{52}$' })

export const needId = envelopeId.describe('id of the NEED')

/** CID of content. */
export const contentCid = z
  .custom<string>(
    (value) => typeof value === 'string' && parseContentCid(value).ok,
    'expected a CIDv1 of dag-cbor, raw or dag-pb, sha2-256',
  )
  .meta({ type: 'string', pattern: '^b[a-z2-7]{58}$' })

/** The CID that `contentCid` let through. */
export function cidOfText(text: string): CID {
  const cid = parseContentCid(text)
  if (!cid.ok) throw new TypeError(`not a CID: ${text}`)
  return cid.value
}

/** Wall clock, milliseconds since 1970. */
export const timeMs = z.int().min(0)

export const count = z.int().min(0)

/** Most rows of one answer. */
export const LIST_MAX = 1_000

export const limit = z.int().min(1).max(LIST_MAX).default(100).describe('most rows of the answer')

/** For verbs without input. */
export const nothing = z.strictObject({})
