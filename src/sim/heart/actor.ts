import { type CID, parseCid } from '../../codec/cid.ts'
import { didOfKey } from '../../codec/did/did-key.ts'
import { signBatch } from '../../codec/envelope/batch.ts'
import type { BodyDraft } from '../../codec/envelope/body.ts'
import { draftBody, encodeBody } from '../../codec/envelope/draft-body.ts'
import { noCapsule, noPolicyDigest } from '../../codec/envelope/no-policy.ts'
import { readBody } from '../../codec/envelope/read-body.ts'
import { envelopesOf, envelopeToIpld } from '../../codec/envelope/single-form.ts'
import { accountThreadOf, threadIdOf } from '../../codec/envelope/thread-id.ts'
import type { Ipld } from '../../codec/ipld.ts'
import type { Kind, Payload } from '../../codec/payload/verbs.ts'
import { signStatement } from '../../codec/signed/statement.ts'
import type { SignedBody, SignedTypeName } from '../../codec/signed/table.ts'
import { assert } from '../../model/fault.ts'
import type { Did, EnvelopeId, Lamport, SecretKey, Seq, ThreadId } from '../../model/ids.ts'
import { lamportAfter, SEQ_FIRST, seqAfter } from '../../model/thread-clock.ts'
import type { Crypto } from '../../ports/crypto.ts'

/** A signed envelope as an actor hands it on: what entries carry, and what was read of it. */
export interface Spoken<K extends Kind = Kind> {
  readonly id: EnvelopeId
  readonly cid: CID
  readonly kind: K
  readonly sender: Did
  readonly thread: ThreadId
  readonly payload: Payload<K>
  /** `envelopeToIpld` of it. */
  readonly field: { readonly [key: string]: Ipld }
}

interface Said {
  readonly id: EnvelopeId
  readonly lamport: Lamport
}

interface ThreadState {
  readonly last: Said | undefined
  readonly bySender: ReadonlyMap<Did, Said & { readonly seq: Seq }>
}

const SILENT: ThreadState = { last: undefined, bySender: new Map() }

/** Threads as everybody in the simulation sees them: whoever speaks has seen all that was said before. */
export class Threads {
  readonly #states = new Map<ThreadId, ThreadState>()

  of(thread: ThreadId): ThreadState {
    return this.#states.get(thread) ?? SILENT
  }

  said(thread: ThreadId, sender: Did, said: Said & { readonly seq: Seq }): void {
    this.#states.set(thread, {
      last: said,
      bySender: new Map(this.of(thread).bySender).set(sender, said),
    })
  }
}

export interface ActorWorld {
  readonly net: CID
  readonly crypto: Crypto
  readonly threads: Threads
  /** Digest of the sender's policy evaluation; by default that of a network without a capsule. */
  readonly digestOf?: (draft: BodyDraft) => Uint8Array
  readonly capsule?: CID
}

/** Somebody with a key: requester, worker, verifier, challenger. */
export class Actor {
  readonly did: Did
  readonly secret: SecretKey
  readonly #world: ActorWorld

  constructor(world: ActorWorld, secret: SecretKey) {
    this.#world = world
    this.secret = secret
    this.did = didOfKey(world.crypto.publicKeyOf(secret))
  }

  /** Opens the thread of its key. */
  need(payload: Payload<'NEED'>, ts: number): Spoken<'NEED'> {
    const { net, crypto } = this.#world
    return this.say('NEED', threadIdOf(net, this.did, payload.idempotency_key, crypto.sha256), payload, ts)
  }

  /** Speaks in its account's own thread. */
  account<K extends Kind>(kind: K, payload: Payload<K>, ts: number): Spoken<K> {
    const { net, crypto } = this.#world
    return this.say(kind, accountThreadOf(net, this.did, crypto.sha256), payload, ts)
  }

  say<K extends Kind>(kind: K, thread: ThreadId, payload: Payload<K>, ts: number): Spoken<K> {
    const { net, crypto, threads, capsule = noCapsule(crypto.sha256) } = this.#world
    const { last, bySender } = threads.of(thread)
    const own = bySender.get(this.did)
    const named = [own, last].filter((one) => one !== undefined)
    const seq = own === undefined ? SEQ_FIRST : seqAfter(own.seq)
    const lamport = lamportAfter(named.map((one) => one.lamport))
    const prev = [...new Set(named.map(({ id }) => id))]
    const parts = { net, thread, kind, lamport, sender: this.did, seq, ts, prev, capsule, payload }
    const draft = draftBody(parts as unknown as Parameters<typeof draftBody>[0])
    const bytes = encodeBody(draft, this.#digest(draft))
    const read = readBody(bytes, { net, sha256: crypto.sha256 })
    assert(read.ok, `an actor speaks lawfully: ${read.ok ? '' : JSON.stringify(read.error)}`)
    const { id } = read.value
    threads.said(thread, this.did, { id, lamport, seq })
    return { id, cid: cidOfText(id), kind, sender: this.did, thread, payload, field: this.#sign(bytes) }
  }

  /** A statement of a voter, as entries carry it. */
  state<Type extends SignedTypeName, Body extends SignedBody<Type> & Ipld>(type: Type, body: Body) {
    const { crypto, net } = this.#world
    return { voter: this.did, body, s: signStatement(crypto, type, net, this.secret, body) }
  }

  #digest(draft: BodyDraft): Uint8Array {
    const { digestOf, crypto } = this.#world
    return digestOf === undefined ? noPolicyDigest(draft, crypto.sha256) : digestOf(draft)
  }

  #sign(bytes: Uint8Array): Spoken['field'] {
    const { crypto, net } = this.#world
    const [single] = envelopesOf(signBatch(crypto, net, this.secret, [bytes]), crypto.sha256)
    assert(single !== undefined, 'a batch of one has one envelope')
    return envelopeToIpld(single) as Spoken['field']
  }
}

function cidOfText(id: EnvelopeId): CID {
  const cid = parseCid(id)
  assert(cid.ok, 'an envelope id is the text of a CID')
  return cid.value
}
