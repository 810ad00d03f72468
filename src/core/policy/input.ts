import { encodeDagCbor } from '../../codec/dag-cbor/encode.ts'
import type { BodyDraft } from '../../codec/envelope/body.ts'
import { encodeBody } from '../../codec/envelope/draft-body.ts'
import { policyInputOf } from '../../codec/envelope/policy-input.ts'
import type { Ipld } from '../../codec/ipld.ts'

/** What a policy is asked about, as cases and files say it: a map that dag-cbor and dag-json both carry. */
export type PolicyInput = { readonly [key: string]: Ipld }

/** What is evaluated, and the bytes whose CID names the input. */
export function inputBytes(input: PolicyInput): Uint8Array {
  return encodeDagCbor(input)
}

const NO_DIGEST = new Uint8Array(32)

/** The input of a body that is not evaluated yet: every digest has one size. */
export function inputOfDraft(draft: BodyDraft): Uint8Array {
  return policyInputOf(encodeBody(draft, NO_DIGEST))
}
