import type { Did, EnvelopeId, Lamport, ThreadId } from '../model/ids.ts'
import type { Rejection } from '../model/rejection.ts'
import type { Result } from '../model/result.ts'

/** One operation as a document holds it. */
export interface DocumentOp {
  readonly opId: string
  readonly opType: string
  readonly taskId: string
  /** Canonical dag-cbor of the operation's payload. */
  readonly payload: Uint8Array
}

/** The operations of one verified envelope: one change of the thread's document, the same bytes on every node. */
export interface DocumentChange {
  readonly envelope: EnvelopeId
  /** Sender of the envelope. */
  readonly actor: Did
  readonly lamport: Lamport
  readonly ops: readonly DocumentOp[]
}

/** A change that a peer sent, by its head alone: which envelope it says it is of, and the hash of all of it. */
export interface ClaimedChange {
  readonly envelope: string
  /** Lower-case hex. */
  readonly hash: string
}

/** A sync message of a peer, taken apart without loading anything of it. */
export interface ReadSyncMessage {
  readonly claimed: readonly ClaimedChange[]
  /** What the peer has and needs, without its changes. */
  readonly bare: Uint8Array
}

/** One step of a sync with a peer, about one thread. */
export interface SyncStep {
  readonly thread: ThreadId
  readonly peer: Did
  /** All changes of the thread that are verified; those that the document has already cost nothing. */
  readonly changes: readonly DocumentChange[]
  /** What the peer said; absent to begin. Its changes must all be among `changes`. */
  readonly heard?: ReadSyncMessage
}

export type SyncOutcome =
  /** Next message for the peer; undefined: nothing is left to say. */
  | { readonly kind: 'say'; readonly message: Uint8Array | undefined }
  /** Changes that are not those of their envelopes: a poisoned document. Nothing was changed. */
  | { readonly kind: 'poisoned'; readonly envelopes: readonly string[] }

/**
 * Documents of plans, one a thread, made when they are first asked for and forgotten when others are used more. A document
 * is made of verified changes only: what a peer sends is compared, never loaded. The work is done aside, with a cap on
 * memory. Faults `worker` when that died or took too long: its documents are made anew at the next call.
 * Source: plan-and-storage.md, "Plan documents".
 */
export interface PlanDocuments {
  /** Rejects MALFORMED, TOO_LARGE: more changes, bytes or inflated bytes than an honest message has. */
  read(message: Uint8Array): Promise<Result<ReadSyncMessage, Rejection>>
  step(step: SyncStep): Promise<SyncOutcome>
  /** The document in Automerge's own format. */
  save(thread: ThreadId, changes: readonly DocumentChange[]): Promise<Uint8Array>
  /** Forgets what was said with a peer: the next step begins anew. */
  endSync(thread: ThreadId, peer: Did): void
  forget(thread: ThreadId): void
  close(): Promise<void>
}
