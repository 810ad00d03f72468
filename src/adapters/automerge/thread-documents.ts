import { createHash } from 'node:crypto'
import { inflateRawSync } from 'node:zlib'
import * as Automerge from '@automerge/automerge/slim'
import { readChangeHead } from '../../codec/plan-sync/change-head.ts'
import { decodeSyncMessage, encodeBareSyncMessage } from '../../codec/plan-sync/sync-message.ts'
import type { Rejection } from '../../model/rejection.ts'
import { ok, type Result } from '../../model/result.ts'
import type {
  ClaimedChange,
  DocumentChange,
  ReadSyncMessage,
  SyncOutcome,
  SyncStep,
} from '../../ports/plan-documents.ts'
import { changeBytes, GENESIS_MESSAGE, genesisDoc, type PlanDoc } from './document-change.ts'

interface Held {
  doc: PlanDoc
  /** Hash of each change by its envelope; the genesis too. */
  readonly hashes: Map<string, string>
  readonly states: Map<string, Automerge.SyncState>
}

/** Of one document; the oldest is forgotten, and begins anew when it speaks again. */
const PEERS_MAX = 128

/** What the worker thread does: documents made of verified changes, and what is said about them. */
export class ThreadDocuments {
  readonly #held = new Map<string, Held>()

  read(message: Uint8Array): Result<ReadSyncMessage, Rejection> {
    const parts = decodeSyncMessage(message)
    if (!parts.ok) return parts
    const claimed: ClaimedChange[] = []
    for (const chunk of parts.value.changes) {
      const head = readChangeHead(chunk, sha256, inflate)
      if (!head.ok) return head
      claimed.push({ envelope: head.value.message, hash: Buffer.from(head.value.hash).toString('hex') })
    }
    return ok({ claimed, bare: encodeBareSyncMessage(parts.value) })
  }

  step({ thread, peer, changes, heard }: SyncStep): SyncOutcome {
    const held = this.#with(thread, changes)
    const poisoned = (heard?.claimed ?? []).filter(({ envelope, hash }) => held.hashes.get(envelope) !== hash)
    if (poisoned.length > 0) return { kind: 'poisoned', envelopes: poisoned.map(({ envelope }) => envelope) }
    let state = stateOf(held, peer)
    if (heard !== undefined) [held.doc, state] = Automerge.receiveSyncMessage(held.doc, state, heard.bare)
    const [next, message] = Automerge.generateSyncMessage(held.doc, state)
    held.states.set(peer, next)
    return { kind: 'say', message: message ?? undefined }
  }

  save(thread: string, changes: readonly DocumentChange[]): Uint8Array {
    return Automerge.save(this.#with(thread, changes).doc)
  }

  endSync(thread: string, peer: string): void {
    this.#held.get(thread)?.states.delete(peer)
  }

  forget(thread: string): void {
    const held = this.#held.get(thread)
    if (held !== undefined) Automerge.free(held.doc)
    this.#held.delete(thread)
  }

  /** The document with these changes, made where it is not there. */
  #with(thread: string, changes: readonly DocumentChange[]): Held {
    const held = this.#held.get(thread) ?? newlyHeld(thread)
    this.#held.set(thread, held)
    const news = changes.filter(({ envelope }) => !held.hashes.has(envelope))
    if (news.length === 0) return held
    const genesis = genesisDoc(thread)
    const chunks = news.map((change) => changeBytes(genesis, change))
    Automerge.free(genesis)
    ;[held.doc] = Automerge.applyChanges(held.doc, chunks)
    for (const [at, { envelope }] of news.entries()) held.hashes.set(envelope, hashOf(chunks[at]))
    return held
  }
}

function newlyHeld(thread: string): Held {
  const doc = genesisDoc(thread)
  const hashes = new Map([[GENESIS_MESSAGE, Automerge.getHeads(doc)[0] ?? '']])
  return { doc, hashes, states: new Map() }
}

function stateOf({ states }: Held, peer: string): Automerge.SyncState {
  const known = states.get(peer)
  if (known !== undefined) return known
  const [oldest] = states.keys()
  if (states.size >= PEERS_MAX && oldest !== undefined) states.delete(oldest)
  return Automerge.initSyncState()
}

function hashOf(chunk: Uint8Array | undefined): string {
  const head = readChangeHead(chunk ?? new Uint8Array(), sha256, inflate)
  return head.ok ? Buffer.from(head.value.hash).toString('hex') : ''
}

function sha256(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(createHash('sha256').update(bytes).digest())
}

function inflate(bytes: Uint8Array, bytesMax: number): Uint8Array | undefined {
  try {
    return new Uint8Array(inflateRawSync(bytes, { maxOutputLength: bytesMax }))
  } catch {
    return undefined // a stranger's: no DEFLATE, or longer
  }
}
