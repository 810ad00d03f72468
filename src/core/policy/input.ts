import { encodeDagCbor } from '../../codec/dag-cbor/encode.ts'
import { encodeDagJson } from '../../codec/dag-json/encode.ts'
import type { Body, BodyDraft } from '../../codec/envelope/body.ts'
import { encodeBody, policyInput } from '../../codec/envelope/draft-body.ts'
import { payloadBytesOf } from '../../codec/envelope/payload-size.ts'
import type { Ipld } from '../../codec/ipld.ts'

/** What a policy is asked about: a map that dag-cbor and dag-json both carry. */
export type PolicyInput = { readonly [key: string]: Ipld }

/**
 * The body without `digest`, `size` (bytes of the encoded body, `digest` included), `payload_size` (those of the
 * payload alone) and, for an entry of a bucket, `slot`. Source: policy.md ("The policy input").
 */
export function inputOf(body: Body, bodyBytes: number, slot?: number): PolicyInput {
  const input = { ...policyInput(body), size: bodyBytes, payload_size: payloadBytesOf(bodyBytes, body) }
  return slot === undefined ? input : { ...input, slot }
}

const NO_DIGEST = new Uint8Array(32)

/** The same for a body that is not evaluated yet: every digest has one size. */
export function inputOfDraft(draft: BodyDraft): PolicyInput {
  const body = { ...draft, digest: NO_DIGEST } as Body
  return inputOf(body, encodeBody(draft, NO_DIGEST).length)
}

/** The text that the policy reads: canonical dag-json, links as `{"/": "bafy…"}`, bytes as `{"/": {"bytes": …}}`. */
export function inputText(input: PolicyInput): string {
  return encodeDagJson(input)
}

/** The bytes whose CID names the input. */
export function inputBytes(input: PolicyInput): Uint8Array {
  return encodeDagCbor(input)
}
