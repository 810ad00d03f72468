import type { ThreadId } from '../../model/ids.ts'
import type { ThreadPlace } from './thread-place.ts'

/** Places in memory: a thread takes about 500 bytes. */
const PLACES_MAX = 16_384

/**
 * Where an author stands in the threads in which it spoke of late, and, by `recall`, in all others: never is a number given
 * twice. What was seen of others alone can be forgotten, and seen again.
 */
export class PlaceBook {
  readonly #places = new Map<ThreadId, ThreadPlace>()
  readonly #recall: ((thread: ThreadId) => ThreadPlace | undefined) | undefined
  readonly #placesMax: number

  /** Without `recall` nothing is forgotten. */
  constructor(recall?: (thread: ThreadId) => ThreadPlace | undefined, placesMax = PLACES_MAX) {
    this.#recall = recall
    this.#placesMax = recall === undefined ? Number.POSITIVE_INFINITY : placesMax
  }

  get(thread: ThreadId): ThreadPlace | undefined {
    return this.#places.get(thread) ?? this.#recall?.(thread)
  }

  set(thread: ThreadId, place: ThreadPlace): void {
    this.#places.delete(thread)
    this.#places.set(thread, place)
    if (this.#places.size <= this.#placesMax) return
    for (const oldest of this.#places.keys()) {
      this.#places.delete(oldest)
      break
    }
  }
}
