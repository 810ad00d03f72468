import * as z from 'zod'
import type { Did, EnvelopeId, Lamport, Seq, ThreadId } from '../../model/ids.ts'
import type { CID } from '../cid.ts'
import { did, hash32, idLink, integer, threadId, timeMs } from '../payload/fields.ts'
import type { Kind, Payload } from '../payload/verbs.ts'
import { PREV_MAX } from './limits.ts'

const ordinal = integer(1, Number.MAX_SAFE_INTEGER)

/** What every body has, the payload not yet looked at. Source: protocol.md, "Envelope". */
export const bodySchema = z.strictObject({
  v: z.literal(1),
  net: idLink.describe('genesis'),
  thread: threadId,
  kind: z.string().max(32).describe('verb'),
  lamport: ordinal.describe("the thread's clock"),
  sender: did,
  seq: ordinal.describe("the sender's own counter in the thread"),
  ts: timeMs.describe("the sender's clock; no rule reads it"),
  prev: z.array(idLink).max(PREV_MAX).describe('heads that the sender had seen, ascending by their bytes'),
  capsule: idLink.describe('policy capsule of the thread'),
  digest: hash32.describe("the sender's policy evaluation"),
  payload: z.custom<unknown>(() => true),
})

type BodyOf<K extends Kind> = {
  readonly v: 1
  /** CID of the genesis. */
  readonly net: CID
  readonly thread: ThreadId
  readonly kind: K
  readonly lamport: Lamport
  readonly sender: Did
  readonly seq: Seq
  /** Milliseconds since 1970 by the sender's clock. No rule reads it. */
  readonly ts: number
  /** Ids of bodies, strictly ascending by their bytes; at most 8. */
  readonly prev: readonly CID[]
  /** CID of the policy capsule that the thread was opened with. */
  readonly capsule: CID
  /** 32 bytes: `policyDigest` of the sender's evaluation. */
  readonly digest: Uint8Array
  readonly payload: Payload<K>
}

/** Body of an envelope, told apart by `kind`. What was hashed is its bytes, never this. */
export type Body<K extends Kind = Kind> = { [Name in K]: BodyOf<Name> }[K]

/** A body before its policy was evaluated. */
export type BodyDraft<K extends Kind = Kind> = { [Name in K]: Omit<BodyOf<Name>, 'digest'> }[K]

/** What a sender says; `prev` in any order. */
export type BodyParts<K extends Kind = Kind> = {
  [Name in K]: Omit<BodyOf<Name>, 'v' | 'digest' | 'prev'> & { readonly prev: readonly EnvelopeId[] }
}[K]
