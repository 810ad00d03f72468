import type { CID } from '../../codec/cid.ts'
import { envelopeIdOf } from '../../codec/cid.ts'
import type { ReadBody } from '../../codec/envelope/read-body.ts'
import type { BucketTables } from '../../core/bucket/tables.ts'
import type { View } from '../../core/records/view.ts'
import type { EnvelopeId } from '../../model/ids.ts'
import type { Clock } from '../../ports/clock.ts'
import { THREAD_ONLY } from '../gossip/kinds.ts'

interface Kept {
  readonly batch: Uint8Array
  readonly sinceMs: number
  /** Ids that no entry carries yet, with their needs; none where the hub decides. */
  readonly open: Map<EnvelopeId, string | undefined>
  /** When it is said again. */
  atMs: number
}

/** Said again for so long: as long as a need lasts where nothing else is said. Whoever still wants it then says something new. */
const KEPT_MS = 3_600_000
/** Between two times: at first what a window of a need may hang on, later what somebody was cut off with. */
const WAIT_MS = 1_000
const LATER_WAIT_MS = 30_000
const LATER_MS = 60_000
const BATCHES_MAX = 4_096

/**
 * What this node said and no entry carries yet: streams break, leaders change, queues are full, and a node may be cut off
 * from the others for as long as it lasts. It is said again each second for a minute, later more rarely, and at once when
 * somebody is back.
 */
export class OwnBatches {
  readonly #clock: Pick<Clock, 'monotonicMs'>
  readonly #kept = new Set<Kept>()

  constructor(clock: Pick<Clock, 'monotonicMs'>) {
    this.#clock = clock
  }

  add(batch: Uint8Array, envelopes: readonly ReadBody[]): void {
    // What no entry follows from would be waited for in vain, and the whole batch said again for an hour.
    const carried = envelopes.filter(({ body }) => !THREAD_ONLY.has(body.kind))
    const open = new Map(carried.map(({ id, body }) => [id, needOf(body.payload)]))
    const sinceMs = this.#clock.monotonicMs()
    this.#kept.add({ batch, sinceMs, open, atMs: sinceMs + WAIT_MS })
    const [oldest] = this.#kept
    if (this.#kept.size > BATCHES_MAX && oldest !== undefined) this.#kept.delete(oldest)
  }

  /** An entry of the hub carried it. */
  carried(id: EnvelopeId): void {
    for (const one of this.#kept) one.open.delete(id)
  }

  /** Somebody who may not have heard it is there again: all of it is due. */
  hurry(): void {
    const now = this.#clock.monotonicMs()
    for (const one of this.#kept) one.atMs = now
  }

  /** What is to be said again now. `isDone`: an entry carried it, or its need is over. */
  *due(isDone: (need: string, id: EnvelopeId) => boolean): Generator<Uint8Array> {
    const now = this.#clock.monotonicMs()
    for (const one of this.#kept) {
      for (const [id, need] of one.open) if (need !== undefined && isDone(need, id)) one.open.delete(id)
      if (one.open.size === 0 || now - one.sinceMs > KEPT_MS) this.#kept.delete(one)
      else if (one.atMs <= now) {
        one.atMs = now + (now - one.sinceMs < LATER_MS ? WAIT_MS : LATER_WAIT_MS)
        yield one.batch
      }
    }
  }
}

function needOf(payload: unknown): string | undefined {
  const need = (payload as { readonly need_id?: CID }).need_id
  return need === undefined ? undefined : envelopeIdOf(need)
}

/** An entry of its bucket carried it, or the need is over. */
export function isCarried(view: View<BucketTables>, need: string, id: string): boolean {
  if (view.get('needs', need)?.over !== undefined) return true
  return view.get('envelopes', need)?.some((one) => one.id === id) === true
}
