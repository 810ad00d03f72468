import { nodeCrypto } from '../../src/adapters/crypto/node-crypto.ts'
import { cidOf } from '../../src/codec/cid.ts'
import { encodeDagCbor } from '../../src/codec/dag-cbor/encode.ts'
import { acceptedKeys } from '../../src/codec/did/accepted-keys.ts'
import { didOfKey } from '../../src/codec/did/did-key.ts'
import { encodeBatch, signBatch } from '../../src/codec/envelope/batch.ts'
import type { BodyParts } from '../../src/codec/envelope/body.ts'
import { draftBody, encodeBody } from '../../src/codec/envelope/draft-body.ts'
import { noCapsule, noPolicyDigest } from '../../src/codec/envelope/no-policy.ts'
import { envelopesOf, envelopeToIpld } from '../../src/codec/envelope/single-form.ts'
import type { SingleEnvelope } from '../../src/codec/envelope/verify-single.ts'
import type { Kind, Payload } from '../../src/codec/payload/verbs.ts'
import type { Pooled } from '../../src/core/proposer/pool.ts'
import { makeWorld } from '../../src/core/records/make-world.ts'
import type { Did, EnvelopeId, Lamport, SecretKey, Seq, ThreadId } from '../../src/model/ids.ts'
import type { MicroText } from '../../src/model/micro.ts'
import { ok } from '../../src/model/result.ts'
import { NET } from './arbitrary-envelope.ts'

const { sha256 } = nodeCrypto

/** Checks real signatures. */
export const openWorld = makeWorld({
  net: NET,
  generation: 0,
  liars: 0,
  sha256,
  verify: nodeCrypto.verifyFast,
  keys: acceptedKeys(nodeCrypto),
  judge: () => ok(undefined),
})

export interface Said {
  readonly envelope: SingleEnvelope
  readonly field: Pooled['field']
  /** The batch that it came in, alone. */
  readonly batch: Uint8Array
}

export interface Person {
  readonly did: Did
  readonly secret: SecretKey
}

export function person(name: string): Person {
  const secret = sha256(new TextEncoder().encode(name)) as SecretKey
  return { did: didOfKey(nodeCrypto.publicKeyOf(secret)), secret }
}

/** An envelope as its sender signed it. */
export function say<K extends Kind>(
  { did, secret }: Person,
  place: {
    readonly thread: ThreadId
    readonly seq: number
    readonly lamport?: number
    readonly prev?: readonly EnvelopeId[]
  },
  kind: K,
  payload: Payload<K>,
): Said {
  const { thread, seq, lamport = seq, prev = [BEFORE] } = place
  const parts = {
    net: NET,
    thread,
    kind,
    lamport: lamport as Lamport,
    sender: did,
    seq: seq as Seq,
    ts: 1_000,
    prev,
    capsule: noCapsule(sha256),
    payload,
  } as unknown as BodyParts
  const draft = draftBody(parts)
  const batch = signBatch(nodeCrypto, NET, secret, [encodeBody(draft, noPolicyDigest(draft, sha256))])
  const [form] = envelopesOf(batch, sha256)
  const field = envelopeToIpld(form as NonNullable<typeof form>) as Pooled['field']
  const opened = openWorld.openEnvelope(field, 0)
  if (!opened.ok) throw new Error(opened.error.message)
  return { envelope: opened.value, field, batch: encodeBatch(batch) }
}

/** The id of something that nobody has. */
const BEFORE = cidOf(encodeDagCbor('before'), sha256).toString() as EnvelopeId

/** A change of a plan that adds a task. */
export function addsTask(by: Person, thread: ThreadId, seq: number, prev?: readonly EnvelopeId[]): Said {
  const ops = [
    {
      op_id: 'op',
      op_type: 'ADD_TASK' as const,
      task_id: `${by.did.slice(-6)}-${seq}`,
      payload: { label: 'task' },
    },
  ]
  const place = prev === undefined ? { thread, seq } : { thread, seq, prev }
  return say(by, place, 'UPDATE_PLAN', { patch: { ops, base_lamport: 0 } })
}

/** The least that a NEED can be. */
export function smallNeed(key: string): Payload<'NEED'> {
  return {
    label: key,
    task_type: 'hash',
    capability: 'text/hash',
    input: { inline: new Uint8Array([1]) },
    requires: [],
    produces: [],
    constraints: {},
    task_class: 'simple',
    budget: '1' as MicroText,
    verify_bounty: '1' as MicroText,
    verification: { mode: 'reexecute' },
    idempotency_key: key,
  }
}
