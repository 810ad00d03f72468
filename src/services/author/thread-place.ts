import type { CID } from '../../codec/cid.ts'
import { PREV_MAX } from '../../codec/envelope/limits.ts'
import type { ReadBody } from '../../codec/envelope/read-body.ts'
import { FaultError } from '../../model/fault.ts'
import type { EnvelopeId, Lamport, Seq, ThreadId } from '../../model/ids.ts'
import { lamportAfter, SEQ_FIRST, seqAfter } from '../../model/thread-clock.ts'

interface Said {
  readonly id: EnvelopeId
  readonly lamport: Lamport
}

/** What its author knows of a thread. A new envelope follows from it alone. */
export interface ThreadPlace {
  /** Its own last envelope; absent before the first. */
  readonly own?: Said & { readonly seq: Seq }
  /** Heads of others that it has seen, the last seen last: at most 7. */
  readonly others: readonly Said[]
  /** The capsule of the thread; absent where nothing of the thread was seen. */
  readonly capsule?: CID
}

export const NOWHERE: ThreadPlace = { others: [] }

/** What a signer writes into its next envelope. */
export interface NextPlace {
  readonly seq: Seq
  readonly lamport: Lamport
  readonly prev: readonly EnvelopeId[]
}

/** Source: protocol.md, "Envelope" (`seq`, `prev`, `lamport`); the rules themselves: core/thread. */
export function nextIn({ own, others }: ThreadPlace): NextPlace {
  const named = own === undefined ? others : [own, ...others]
  return {
    seq: own === undefined ? SEQ_FIRST : seqAfter(own.seq),
    lamport: lamportAfter(named.map(({ lamport }) => lamport)),
    prev: named.map(({ id }) => id),
  }
}

/** After an envelope of its own, which names all the heads that it had seen. */
export function afterOwn({ id, body }: ReadBody): ThreadPlace {
  const { lamport, seq, capsule } = body
  return { own: { id, lamport, seq }, others: [], capsule }
}

/** After an envelope of somebody else, which is a head until something names it. */
export function afterOther(place: ThreadPlace, { id, body }: ReadBody): ThreadPlace {
  const { others, own } = place
  const { capsule = body.capsule } = place
  if (others.some((one) => one.id === id)) return place
  const named = new Set(body.prev.map(String))
  const heads = [...others.filter((one) => !named.has(one.id)), { id, lamport: body.lamport }]
  const kept = heads.slice(-(PREV_MAX - 1))
  return own === undefined ? { others: kept, capsule } : { own, others: kept, capsule }
}

/**
 * The place with an envelope that the author's journal holds, in any order. Faults `seq-used` when two of them have one seq:
 * nothing can be said in that thread without saying twice what was said.
 */
export function afterRestored(place: ThreadPlace, thread: ThreadId, read: ReadBody): ThreadPlace {
  const { own } = place
  if (own === undefined || own.seq < read.body.seq) return { ...afterOwn(read), others: place.others }
  if (own.seq === read.body.seq && own.id !== read.id) {
    throw new FaultError(
      'seq-used',
      `the journal holds two envelopes with seq ${own.seq} of thread ${thread}`,
    )
  }
  return place
}
