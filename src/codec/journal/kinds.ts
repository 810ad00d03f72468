import * as z from 'zod'
import type { Brand } from '../../model/brand.ts'
import type { Did } from '../../model/ids.ts'
import { parseDid } from '../did/did-key.ts'
import { JOURNAL_VERSION } from './limits.ts'

/** SHA-256 as 64 lower-case hex digits. */
export type HashHex = Brand<string, 'HashHex'>

/** Nanoseconds since 1970, decimal without leading zero. */
export type NanoText = Brand<string, 'NanoText'>

const count = z.int().min(0)
const ordinal = z.int().min(1)
const text = z.string()
const version = z.literal(JOURNAL_VERSION)
const cid = z.string().regex(/^b[a-z2-7]{58}$/)
const did = z.custom<Did>((value) => typeof value === 'string' && parseDid(value).ok)
const base64 = z.string().regex(/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/)
const hash = z.custom<HashHex>((value) => typeof value === 'string' && /^[0-9a-f]{64}$/.test(value))
const nanos = z.custom<NanoText>((value) => typeof value === 'string' && /^[1-9]\d{0,19}$/.test(value))

const envelope = {
  id: cid,
  /** Bytes of the body; absent when it is over BODY_INLINE_MAX or was not kept. */
  body: base64.optional(),
  /** Canonical dag-cbor of the signature's form, as it was seen. */
  sig: base64.optional(),
}

/**
 * Every kind of line and the shape of its data. `payload` says whose SHA-256 a line's `hash` is: `data`,
 * the line's own data text; `outside`, bytes that the data names or carries.
 * Source: record.md, "Journal".
 */
export const JOURNAL_KIND = {
  /** First line of a segment and of nothing else; `prev` is the chain of the line before, in the segment before. */
  open: {
    payload: 'data',
    data: z.strictObject({
      v: version,
      node: did,
      net: cid,
      segment: ordinal,
      prev: hash,
      /** Which rule judged signatures, as in `zip215/1`. */
      rule: text,
    }),
  },
  /** `hash` is of the body, so `id` holds the same digest. `peer` handed it over; `refused` is a rejection's code. */
  'envelope.in': {
    payload: 'outside',
    data: z.strictObject({ ...envelope, peer: text.optional(), refused: text.optional() }),
  },
  'envelope.out': { payload: 'outside', data: z.strictObject(envelope) },
  /** One evaluation at one gate; `input` is the CID of what was judged, `id` the envelope. */
  policy: {
    payload: 'data',
    data: z.strictObject({
      gate: z.enum(['PREFLIGHT', 'INGRESS', 'COMMIT_GATE']),
      capsule: cid,
      input: cid,
      decision: z.enum(['allow', 'deny']),
      gas: count,
      digest: hash.optional(),
      id: cid.optional(),
      reasons: z.array(text).optional(),
    }),
  },
  /** An applied entry of a group's log; `hash` is of the entry's bytes. */
  entry: {
    payload: 'outside',
    data: z.strictObject({ group: count, index: ordinal, name: text, need: cid.optional() }),
  },
  /** An effect between hub and bucket; `hash` is of its bytes, `n` its number among those to `target`. */
  effect: {
    payload: 'outside',
    data: z.strictObject({
      group: count,
      generation: count,
      target: count,
      n: ordinal,
      name: text,
      need: cid.optional(),
    }),
  },
  /** Something that an agent hosted here did, or that was done to it. */
  agent: {
    payload: 'data',
    data: z.strictObject({
      agent: did,
      event: text,
      need: cid.optional(),
      attempt: count.optional(),
      ms: count.optional(),
      message: text.optional(),
    }),
  },
  error: {
    payload: 'data',
    data: z.strictObject({ code: text, message: text, where: text.optional() }),
  },
  /** A torn tail was cut off `segment` at `offset` and put aside in `file`; the SHA-256 is of what was cut. */
  recovered: {
    payload: 'data',
    data: z.strictObject({ segment: ordinal, offset: count, bytes: count, sha256: hash, file: text }),
  },
  /** The segment was found damaged at that line (from 1) and left as it stands. */
  damaged: {
    payload: 'data',
    data: z.strictObject({ segment: ordinal, line: ordinal, reason: text }),
  },
  /** So many lines, of times from `since` to `until`, were dropped because there was no room for them. */
  lost: {
    payload: 'data',
    data: z.strictObject({ lines: ordinal, since: nanos, until: nanos }),
  },
  /** The node's signature over line `n`, the one before, and its chain. */
  seal: {
    payload: 'data',
    data: z.strictObject({ v: version, segment: ordinal, n: count, chain: hash, sig: base64 }),
  },
} as const satisfies Record<string, { payload: 'data' | 'outside'; data: z.ZodType }>

export type JournalKind = keyof typeof JOURNAL_KIND

/** Data of each kind, as it stands in a line. */
export type JournalData = { readonly [K in JournalKind]: Readonly<z.infer<(typeof JOURNAL_KIND)[K]['data']>> }

export function isJournalKind(name: string): name is JournalKind {
  return Object.hasOwn(JOURNAL_KIND, name)
}
