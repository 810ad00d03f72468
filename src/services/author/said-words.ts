import type { Body } from '../../codec/envelope/body.ts'
import type { ReadBody } from '../../codec/envelope/read-body.ts'
import { needOfBody } from '../../core/agent/line.ts'
import { fateOf, type Spoken, type WordWorld } from '../../core/agent/said-word.ts'
import type { Did, EnvelopeId, ThreadId } from '../../model/ids.ts'
import type { SaidWord } from '../../ports/said-store.ts'

interface Word {
  readonly spoken: Spoken
  /** Undefined: it is no NEED. */
  readonly needKey: string | undefined
  /** Monotonic. */
  readonly sinceMs: number
  readonly length: number
  isCarried: boolean
  /** Until it is stored. */
  bytes: Uint8Array | undefined
}

/** Words, and bytes of those that are not stored, beyond which what was said first is let go. */
export interface WordBounds {
  readonly wordsMax: number
  readonly bytesMax: number
}

/** What has to be written of the words. */
export interface WordChanges {
  readonly words: readonly SaidWord[]
  readonly carried: readonly EnvelopeId[]
  readonly dropped: readonly EnvelopeId[]
}

/** The own envelopes that matter still, and what of that the store does not know yet. */
export class SaidWords {
  readonly #bounds: WordBounds
  readonly #words = new Map<EnvelopeId, Word>()
  readonly #byNeed = new Map<string, Set<EnvelopeId>>()
  /** The first of each key that an account used in a thread. */
  readonly #needs = new Map<string, ReadBody<'NEED'>>()
  #bytes = 0
  readonly #carried = new Set<EnvelopeId>()
  readonly #dropped = new Set<EnvelopeId>()

  constructor(bounds: WordBounds) {
    this.#bounds = bounds
  }

  add(read: ReadBody, atMs: number, stored?: { readonly isCarried: boolean }): void {
    const { id, bytes, body } = read
    const { kind, sender, seq, ts } = body
    if (kind === 'HEARTBEAT' || this.#words.has(id)) return
    const need = needOfBody(body)
    const spoken = { id, kind, sender, seq, ts, need }
    const isCarried = stored?.isCarried === true
    const kept = stored === undefined ? bytes : undefined
    const key = needKeyOf(body)
    this.#words.set(id, { spoken, needKey: key, sinceMs: atMs, length: bytes.length, isCarried, bytes: kept })
    if (key !== undefined && !this.#needs.has(key)) this.#needs.set(key, read as ReadBody<'NEED'>)
    this.#bytes += bytes.length
    if (need !== undefined) this.#byNeed.set(need, (this.#byNeed.get(need) ?? new Set()).add(id))
    for (const oldest of this.#words.keys()) {
      if (this.#words.size <= this.#bounds.wordsMax && this.#bytes <= this.#bounds.bytesMax) break
      this.drop(oldest)
    }
  }

  has(id: EnvelopeId): boolean {
    return this.#words.has(id)
  }

  /** Something was said in it that matters still. */
  concerns(need: string): boolean {
    return this.#byNeed.has(need)
  }

  isWaiting(id: EnvelopeId): boolean {
    return this.#words.get(id)?.isCarried === false
  }

  /** What an account said first in a thread with a key, as long as it waits. */
  needOf(account: Did, thread: ThreadId, idempotencyKey: string): ReadBody<'NEED'> | undefined {
    return this.#needs.get(keyOf(account, thread, idempotencyKey))
  }

  /** The same by its id. */
  needById(id: EnvelopeId): ReadBody<'NEED'> | undefined {
    const key = this.#words.get(id)?.needKey
    const read = key === undefined ? undefined : this.#needs.get(key)
    return read?.id === id ? read : undefined
  }

  /** All of those, in the order in which they were said. */
  needs(): Iterable<ReadBody<'NEED'>> {
    return this.#needs.values()
  }

  /** It is of no use any more. */
  drop(id: EnvelopeId): void {
    const word = this.#words.get(id)
    if (word === undefined) return
    this.#words.delete(id)
    const { needKey } = word
    if (needKey !== undefined && this.#needs.get(needKey)?.id === id) this.#needs.delete(needKey)
    this.#bytes -= word.length
    this.#carried.delete(id)
    if (word.bytes === undefined) this.#dropped.add(id)
    const { need } = word.spoken
    const ofNeed = need === undefined ? undefined : this.#byNeed.get(need)
    ofNeed?.delete(id)
    if (need !== undefined && ofNeed?.size === 0) this.#byNeed.delete(need)
  }

  /** Looks again at those of a need, or at all. */
  settle(world: WordWorld, monotonicMs: number, need?: string): void {
    const ids = need === undefined ? this.#words.keys() : (this.#byNeed.get(need) ?? [])
    for (const id of ids) {
      const word = this.#words.get(id) as Word
      const fate = fateOf(word.spoken, monotonicMs - word.sinceMs, world)
      if (fate === 'over') this.drop(id)
      if (fate !== 'carried' || word.isCarried) continue
      word.isCarried = true
      if (word.bytes === undefined) this.#carried.add(id)
    }
  }

  /** Lets go of what was said before a time and `isKept` does not want. */
  dropBefore(ts: number, isKept: (spoken: Spoken) => boolean): void {
    for (const { spoken } of this.#words.values()) if (spoken.ts < ts && !isKept(spoken)) this.drop(spoken.id)
  }

  /** What the store is to be told. It stays to be told until `told`. */
  changes(): WordChanges {
    const words = [...this.#words.values()].flatMap(({ spoken: { id }, bytes, isCarried }) =>
      bytes === undefined ? [] : [{ id, body: bytes, isCarried }],
    )
    return { words, carried: [...this.#carried], dropped: [...this.#dropped] }
  }

  told({ words, carried, dropped }: WordChanges): void {
    for (const { id, isCarried } of words) {
      const word = this.#words.get(id)
      if (word === undefined) this.#dropped.add(id)
      else {
        word.bytes = undefined
        if (word.isCarried !== isCarried) this.#carried.add(id)
      }
    }
    for (const id of carried) this.#carried.delete(id)
    for (const id of dropped) this.#dropped.delete(id)
  }
}

function needKeyOf({ kind, sender, thread, payload }: Body): string | undefined {
  if (kind !== 'NEED') return undefined
  return keyOf(sender, thread, payload.idempotency_key)
}

function keyOf(account: Did, thread: ThreadId, idempotencyKey: string): string {
  return `${account} ${thread} ${idempotencyKey}`
}
