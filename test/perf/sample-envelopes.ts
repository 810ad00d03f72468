import { nodeCrypto } from '../../src/adapters/crypto/node-crypto.ts'
import { type CID, cidOf, envelopeIdOf } from '../../src/codec/cid.ts'
import { encodeDagCbor } from '../../src/codec/dag-cbor/encode.ts'
import { didOfKey } from '../../src/codec/did/did-key.ts'
import { draftBody, encodeBody } from '../../src/codec/envelope/draft-body.ts'
import { noCapsule, noPolicyDigest } from '../../src/codec/envelope/no-policy.ts'
import type { Lamport, SecretKey, Seq, ThreadId } from '../../src/model/ids.ts'

const { sha256 } = nodeCrypto

export const secret = new Uint8Array(32).fill(1) as SecretKey
export const net = linkTo('network')

const sender = didOfKey(nodeCrypto.publicKeyOf(secret))

/** A link to something that has only a name. */
function linkTo(name: string): CID {
  return cidOf(encodeDagCbor(name), sha256)
}

/** Bodies of ATTEST envelopes of one sender, as a result seat sends them: about 650 bytes each, no two alike. */
export function attestBodies(count: number): readonly Uint8Array[] {
  return Array.from({ length: count }, (_, index) => {
    const draft = draftBody<'ATTEST'>({
      net,
      thread: 'mfrggzdfmztwq2lknnwg23tpobyxe43u' as ThreadId,
      kind: 'ATTEST',
      lamport: (index + 20) as Lamport,
      sender,
      seq: (index + 1) as Seq,
      ts: 1_763_715_600_000 + index,
      prev: [envelopeIdOf(linkTo(`own ${index}`)), envelopeIdOf(linkTo(`other ${index}`))],
      capsule: noCapsule(sha256),
      payload: {
        need_id: linkTo('need'),
        attempt: 0,
        commit_id: linkTo('commit'),
        verdict: 'accept',
        artifact: linkTo('artifact'),
        gas: 71_000 + index,
        digest: sha256(encodeDagCbor(index)),
        reason: 're-executed: the same 412 bytes came out, and the same gas was used',
      },
    })
    return encodeBody(draft, noPolicyDigest(draft, sha256))
  })
}
