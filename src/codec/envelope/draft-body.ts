import { assert } from '../../model/fault.ts'
import type { EnvelopeId } from '../../model/ids.ts'
import { type CID, parseCid } from '../cid.ts'
import { encodeDagCbor } from '../dag-cbor/encode.ts'
import type { Ipld } from '../ipld.ts'
import type { Kind } from '../payload/verbs.ts'
import type { Body, BodyDraft, BodyParts } from './body.ts'
import { PREV_MAX } from './limits.ts'
import { compareIds, isAscending } from './prev-order.ts'

/**
 * A body of ours up to its policy evaluation, `prev` put in order. Asserts at most 8 ids, none twice. Nothing else
 * is checked: `readBody` of the encoded bytes does that, as for bodies of others.
 */
export function draftBody<K extends Kind>(parts: BodyParts<K>): BodyDraft<K> {
  const prev = parts.prev.map(cidOfId).sort(compareIds)
  assert(prev.length <= PREV_MAX && isAscending(prev), 'prev names at most 8 envelopes, none twice')
  const draft = { ...parts, v: 1, prev }
  return draft as unknown as BodyDraft<K>
}

function cidOfId(id: EnvelopeId): CID {
  const cid = parseCid(id)
  assert(cid.ok, 'an envelope id is the text of a CID')
  return cid.value
}

/**
 * Canonical dag-cbor of a body: what is hashed and signed. `digest` is the `policyDigest` of the draft. Asserts
 * what `Ipld` promises of the payload, so check a payload that comes from outside first (`checkPayload`).
 */
export function encodeBody(draft: BodyDraft, digest: Uint8Array): Uint8Array {
  return encodeDagCbor({ ...draft, digest })
}

/**
 * What the policy reads of an envelope: the body without `digest`. Size and slot number are added by who
 * evaluates. Source: protocol.md, "Envelope"; policy.md.
 */
export function policyInput(body: Body | BodyDraft): { readonly [key: string]: Ipld } {
  const { v, net, thread, kind, lamport, sender, seq, ts, prev, capsule, payload } = body
  return { v, net, thread, kind, lamport, sender, seq, ts, prev, capsule, payload }
}
