/** Bodies that are lawful by their own bytes, and what is needed to sign and to judge them. */
import fc from 'fast-check'
import { nodeCrypto } from '../../src/adapters/crypto/node-crypto.ts'
import { base32Of } from '../../src/codec/base32.ts'
import { type CID, cidOf, envelopeIdOf } from '../../src/codec/cid.ts'
import { encodeDagCbor } from '../../src/codec/dag-cbor/encode.ts'
import { acceptedKeys } from '../../src/codec/did/accepted-keys.ts'
import type { BodyParts } from '../../src/codec/envelope/body.ts'
import type { SigningDelegation } from '../../src/codec/envelope/delegation.ts'
import { draftBody, encodeBody } from '../../src/codec/envelope/draft-body.ts'
import { accountThreadOf, threadIdOf } from '../../src/codec/envelope/thread-id.ts'
import { VerifiedRoots } from '../../src/codec/envelope/verified-roots.ts'
import type { VerifyContext } from '../../src/codec/envelope/verify-root.ts'
import { canOpen, KINDS, type Kind, type Payload, VERBS } from '../../src/codec/payload/verbs.ts'
import type { Did, Lamport, Seq, ThreadId } from '../../src/model/ids.ts'
import { hash32, idLink, integer, signer, type TestSigner } from './arbitrary-field.ts'
import { PAYLOADS } from './arbitrary-payload.ts'

export const { sha256 } = nodeCrypto
export const NET: CID = cidOf(encodeDagCbor('a network for tests'), sha256)
export const OTHER_NET: CID = cidOf(encodeDagCbor('another one'), sha256)

/** A body of somebody, as said and as encoded. */
export interface TestBody {
  readonly signer: TestSigner
  readonly parts: BodyParts
  readonly bytes: Uint8Array
}

export interface BodyOptions {
  /** Whose; anybody's when absent. */
  readonly from?: TestSigner
  /** Of which verb; of any when absent. */
  readonly kind?: Kind
}

const thread = fc.uint8Array({ minLength: 20, maxLength: 20 }).map((bytes) => base32Of(bytes) as ThreadId)

const prev = fc
  .uniqueArray(idLink, { minLength: 1, maxLength: 8, selector: String })
  .map((links) => links.map(envelopeIdOf))

/** A lawful body: one that opens its thread when it can, or one with something before it. */
export function testBody({ from, kind }: BodyOptions = {}): fc.Arbitrary<TestBody> {
  const who = from === undefined ? signer : fc.constant(from)
  const verb = kind === undefined ? fc.constantFrom(...KINDS) : fc.constant(kind)
  return fc
    .tuple(who, verb)
    .chain(([by, of]) => fc.tuple(fc.constant(by), partsOf(by.did, of), hash32))
    .map(([by, parts, digest]) => ({ signer: by, parts, bytes: encodeBody(draftBody(parts), digest) }))
}

function partsOf(sender: Did, kind: Kind): fc.Arbitrary<BodyParts> {
  const fields = fc.record({
    ts: integer(0, 8_640_000_000_000_000),
    capsule: idLink,
    lamport: integer(1, Number.MAX_SAFE_INTEGER),
    seq: integer(1, Number.MAX_SAFE_INTEGER),
    prev,
    thread,
    payload: PAYLOADS[kind] as fc.Arbitrary<Payload>,
    isOpener: fc.boolean(),
  })
  return fields.map(({ isOpener, ...rest }) => {
    const opens = isOpener && canOpen(kind)
    const place = opens ? { seq: 1, prev: [] } : {}
    const parts: unknown = {
      ...rest,
      ...place,
      net: NET,
      kind,
      sender,
      thread: threadOf(kind, sender, opens, rest),
    }
    return parts as BodyParts
  })
}

function threadOf(
  kind: Kind,
  sender: Did,
  opens: boolean,
  { thread: any, payload }: { readonly thread: ThreadId; readonly payload: Payload },
): ThreadId {
  if (VERBS[kind].thread === 'account') return accountThreadOf(NET, sender, sha256)
  return opens ? threadIdOf(NET, sender, (payload as Payload<'NEED'>).idempotency_key, sha256) : any
}

/** A heartbeat of `from` with that `seq`: small, lawful, and different for different numbers. */
export function plainBody(from: TestSigner, seq: number, changes: Partial<BodyParts> = {}): Uint8Array {
  const link = cidOf(encodeDagCbor('before'), sha256)
  const parts = {
    net: NET,
    thread: 'abcdefghijklmnopqrstuvwxyz234567' as ThreadId,
    kind: 'HEARTBEAT',
    lamport: (seq + 1) as Lamport,
    sender: from.did,
    seq: seq as Seq,
    ts: 1_700_000_000_000,
    prev: [envelopeIdOf(link)],
    capsule: link,
    payload: { need_id: link, attempt: 0, lease_id: link, progress: seq % 101 },
    ...changes,
  } as BodyParts
  return encodeBody(draftBody(parts), new Uint8Array(32))
}

/** A fresh context of `NET` with no roots in its cache. */
export function testContext(delegations: readonly SigningDelegation[] = [], atMs = 0): VerifyContext {
  return {
    net: NET,
    sha256,
    keys: acceptedKeys(nodeCrypto),
    verifiedRoots: new VerifiedRoots(),
    delegationsOf: (agent, node) => delegations.filter((one) => one.agent === agent && one.node === node),
    atMs,
  }
}
