import { judgeAlone, judgeAmong } from '../core/thread/law.ts'
import type { EnvelopeHeader } from '../model/envelope-header.ts'
import type { EnvelopeId } from '../model/ids.ts'
import { type Rejection, reject } from '../model/rejection.ts'

/**
 * Lamport and causal order of the envelopes that a file carries (check 3). An envelope whose `prev` are all in the file
 * is judged by the thread's whole law; of another one, what those that are there say. Keeps a header an envelope.
 */
export class CausalOrder {
  readonly #headers = new Map<EnvelopeId, EnvelopeHeader>()
  /** Who holds a sender's `seq` in a thread. */
  readonly #seqs = new Map<string, EnvelopeId>()

  get size(): number {
    return this.#headers.size
  }

  /** Rejects what the header alone decides; EQUIVOCATION for a second body of one `seq`. */
  add(header: EnvelopeHeader): Rejection | undefined {
    const { id, thread, sender, seq } = header
    if (this.#headers.has(id)) return undefined
    const alone = judgeAlone(thread, header)
    if (alone !== null) return alone
    const key = `${thread} ${sender} ${seq}`
    const other = this.#seqs.get(key)
    if (other !== undefined) return reject('EQUIVOCATION', `${other} has seq ${seq} of ${sender} too`).error
    this.#seqs.set(key, id)
    this.#headers.set(id, header)
    return undefined
  }

  /** When the whole file is read: the first envelope that is out of order. */
  judge(): { readonly id: EnvelopeId; readonly rejection: Rejection } | undefined {
    for (const header of this.#headers.values()) {
      const rejection = this.#judgeOne(header)
      if (rejection !== undefined) return { id: header.id, rejection }
    }
    return undefined
  }

  #judgeOne(header: EnvelopeHeader): Rejection | undefined {
    const known = header.prev.flatMap((id) => this.#headers.get(id) ?? [])
    if (known.length === header.prev.length) {
      return judgeAmong({ accepted: this.#headers, senders: new Map() }, header) ?? undefined
    }
    const later = known.find(({ lamport }) => lamport >= header.lamport)
    return later === undefined
      ? undefined
      : reject('BAD_LAMPORT', `lamport ${header.lamport} after ${later.lamport}`, 'lamport').error
  }
}
