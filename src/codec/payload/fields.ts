/**
 * Schemas of the values that payloads and statements share. Each is closed: every text, list and byte string has
 * a bound, every number a range, and what passes can be encoded as it is. Lengths of texts count UTF-16 units.
 * Source: protocol.md, "Encoding".
 */
import * as z from 'zod'
import type { Did, Signature, ThreadId } from '../../model/ids.ts'
import { MICRO_TEXT, type MicroText } from '../../model/micro.ts'
import { CID, isContentCid, isId } from '../cid.ts'
import { parseDid } from '../did/did-key.ts'
import { SIZE_BOUND } from '../schema-check.ts'

const LINK_META = {
  type: 'object',
  properties: { '/': { type: 'string', pattern: '^b[a-z2-7]{58}$' } },
  required: ['/'],
  additionalProperties: false,
} as const

/** Link to something of ours that is dag-cbor: a body, a record, a statement. */
export const idLink = z
  .custom<CID>((value) => value instanceof CID && isId(value), 'expected a link to dag-cbor, sha2-256')
  .meta({ ...LINK_META })

/** Link to content: dag-cbor, plain bytes, or the root of a UnixFS file. */
export const contentLink = z
  .custom<CID>(
    (value) => value instanceof CID && isContentCid(value),
    'expected a link to dag-cbor, raw or dag-pb, sha2-256',
  )
  .meta({ ...LINK_META })

/** Byte string of `min` to `max` bytes; longer is TOO_LARGE. */
export function bytes(min: number, max: number): z.ZodType<Uint8Array, Uint8Array> {
  return z
    .custom<Uint8Array>(
      (value) => value instanceof Uint8Array && value.length >= min,
      `expected at least ${min} bytes`,
    )
    .refine((value) => value.length <= max, { params: SIZE_BOUND, error: `expected at most ${max} bytes` })
    .meta(bytesMeta(min, max))
}

/** Byte string of just so many bytes. */
export function exactBytes(count: number): z.ZodType<Uint8Array, Uint8Array> {
  return z
    .custom<Uint8Array>(
      (value) => value instanceof Uint8Array && value.length === count,
      `expected ${count} bytes`,
    )
    .meta(bytesMeta(count, count))
}

function bytesMeta(min: number, max: number): z.GlobalMeta {
  const bounds = min === max ? `${min} bytes` : `${min} to ${max} bytes`
  return {
    type: 'object',
    properties: {
      '/': {
        type: 'object',
        properties: { bytes: { type: 'string', contentEncoding: 'base64', title: bounds } },
        required: ['bytes'],
        additionalProperties: false,
      },
    },
    required: ['/'],
    additionalProperties: false,
  }
}

/** Size of every signature. */
export const SIGNATURE_BYTES = 64

/** Ed25519. Nothing is known of it but its size. */
export const signature = exactBytes(SIGNATURE_BYTES) as z.ZodType<Signature, Signature>

/** SHA-256. */
export const hash32 = exactBytes(32)
/** Drawn at random by the sender, so that a hash over it says nothing about what was hashed. */
export const salt = exactBytes(32).describe('random bytes')

/** Amount in micro-credits; 0 is one. */
export const micro = z
  .custom<MicroText>(
    (value) => typeof value === 'string' && MICRO_TEXT.test(value),
    'expected micro-credits in decimal digits, no leading zero, at most 24',
  )
  .meta({ type: 'string', pattern: MICRO_TEXT.source })

/** Amount that moves: at least one micro-credit. */
export const microMoved = micro
  .refine((value) => value !== '0', 'expected at least one micro-credit')
  .meta({ type: 'string', pattern: '^[1-9][0-9]{0,23}$' })

const CANONICAL_DIDS_MAX = 8_192
/** DIDs that were found canonical: reading one again costs base58. When it is full all are forgotten, which changes no answer. */
const canonicalDids = new Set<string>()

function isDid(value: unknown): value is Did {
  if (typeof value !== 'string') return false
  if (canonicalDids.has(value)) return true
  if (!parseDid(value).ok) return false
  if (canonicalDids.size >= CANONICAL_DIDS_MAX) canonicalDids.clear()
  canonicalDids.add(value)
  return true
}

/** `did:key` of an Ed25519 key; whether the key is an acceptable point is judged where it signs. */
export const did = z
  .custom<Did>(isDid, 'expected a did:key of an Ed25519 key')
  .meta({ type: 'string', pattern: '^did:key:z6Mk[1-9A-HJ-NP-Za-km-z]{44}$' })

const THREAD_ID = /^[a-z2-7]{32}$/

export const threadId = z
  .custom<ThreadId>((value) => typeof value === 'string' && THREAD_ID.test(value), 'expected a thread id')
  .meta({ type: 'string', pattern: THREAD_ID.source })

/** Text for people: any Unicode. */
export function text(min: number, max: number): z.ZodString {
  return z
    .string()
    .min(min)
    .max(max)
    .refine((value) => value.isWellFormed(), 'expected well-formed Unicode')
}

/** Name that programs compare: one form, no spaces, as in `text/summarize` or `eu-west`. At most 128 characters. */
export const name = z
  .string()
  .max(128)
  .regex(/^[a-z0-9][a-z0-9._/:@+-]*$/)

/** Key that its sender chose: visible ASCII, at most 128 characters. */
export const chosenKey = z
  .string()
  .max(128)
  .regex(/^[!-~]+$/)

export function integer(min: number, max: number): z.ZodInt {
  return z.int().min(min).max(max)
}

/** Counter without a natural end. */
export const count = integer(0, Number.MAX_SAFE_INTEGER)

/** Milliseconds since 1970, within what a date can hold. */
export const timeMs = integer(0, 8_640_000_000_000_000)

/** Length of time in milliseconds: 1 ms to 366 days. The network's parameters bound each further. */
export const durationMs = integer(1, 366 * 24 * 3_600_000)

/** Parts per million, at most the whole. */
export const ppm = integer(0, 1_000_000)

/** List of at most `max`; a longer one is refused before its items are looked at. */
export function list<Item extends z.ZodType>(item: Item, max: number, min = 0): z.ZodArray<Item> {
  return z.array(item).min(min).max(max)
}

/** The same where no item may stand twice. `keyOf` gives a text for each item. */
export function distinct<Item extends z.ZodType>(
  item: Item,
  max: number,
  min = 0,
  keyOf: (item: z.output<Item>) => string = String,
): z.ZodArray<Item> {
  return list(item, max, min).refine(
    (items) => items.length < 2 || new Set(items.map(keyOf)).size === items.length,
    'expected no item twice',
  )
}

/**
 * A map of which every key may be absent. An empty byte string has no keys either, so that it is no byte string
 * must be asked for by itself.
 */
export function optionalMap<Shape extends z.core.$ZodLooseShape>(
  shape: Shape,
): z.ZodPipe<z.ZodCustom<MapOf<Shape>, MapOf<Shape>>, z.ZodObject<Shape, z.core.$strict>> {
  return z
    .custom<MapOf<Shape>>((value) => !(value instanceof Uint8Array), 'expected a map')
    .pipe(z.strictObject(shape))
}

type MapOf<Shape extends z.core.$ZodLooseShape> = z.input<z.ZodObject<Shape, z.core.$strict>>
