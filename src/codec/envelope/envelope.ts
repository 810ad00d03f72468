import type { Brand } from '../../model/brand.ts'
import type { EnvelopeHeader } from '../../model/envelope-header.ts'
import type { Did } from '../../model/ids.ts'
import { type Rejection, reject } from '../../model/rejection.ts'
import { envelopeIdOf } from '../cid.ts'
import type { Kind } from '../payload/verbs.ts'
import type { ReadBody } from './read-body.ts'
import type { RootSignature } from './root-signature.ts'

/** A body that was read, and a signature of which nothing is known yet. */
export interface UnverifiedEnvelope<K extends Kind = Kind, Sig extends RootSignature = RootSignature>
  extends ReadBody<K> {
  /** One object for all envelopes of a batch. */
  readonly sig: Sig
}

/**
 * An envelope whose signature was checked, and whose signer may sign for its sender. Nothing is known yet of its
 * place in the thread, or of the state that it acts on.
 */
export type Envelope<K extends Kind = Kind, Sig extends RootSignature = RootSignature> = Brand<
  UnverifiedEnvelope<K, Sig>,
  'Envelope'
>

/** What the causal rules of a thread read of an envelope. */
export function headerOf({ id, body, opens }: ReadBody): EnvelopeHeader {
  const { thread, kind, sender, seq, lamport, prev } = body
  return { id, thread, kind, sender, seq, lamport, prev: prev.map(envelopeIdOf), opens }
}

/**
 * Refuses a `by` that is the sender itself: who signs for itself names nobody. Otherwise anybody could add or take
 * away the name, and one envelope would have two forms. `by` is not signed; it says whose key to try.
 */
export function judgeSigner({ body }: ReadBody, by: Did | undefined): Rejection | undefined {
  return body.sender === by
    ? reject('MALFORMED', 'who signs for itself names nobody', 'sig.by').error
    : undefined
}
