import type { Did, EnvelopeId, Lamport, Seq, ThreadId } from './ids.ts'

/**
 * What a thread's causal rules read of an envelope; the rest of the body means nothing to them.
 * Source: protocol.md, "Envelope".
 */
export interface EnvelopeHeader {
  /** CID of the body: two headers with one id are the same envelope. */
  readonly id: EnvelopeId
  readonly thread: ThreadId
  /** Verb, as in `NEED`. No causal rule reads it. */
  readonly kind: string
  readonly sender: Did
  readonly seq: Seq
  readonly lamport: Lamport
  /** Heads that the sender had seen, at most 8, none twice; empty only in what opens the thread. */
  readonly prev: readonly EnvelopeId[]
  /**
   * The right to open: this body derives the thread's id from its own sender and idempotency key (a
   * requester's NEED; every envelope of an account in its own thread). What has the right opens the thread
   * only where `prev` is empty.
   */
  readonly opens: boolean
}
