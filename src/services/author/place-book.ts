import type { ThreadId } from '../../model/ids.ts'
import type { ThreadPlace } from './thread-place.ts'

/** Places in memory: a thread takes about 500 bytes. */
const PLACES_MAX = 16_384
/** 2 MiB, made when the first place is forgotten: of 1.6 million such threads one in a hundred others is looked up in vain. */
const BITS = 2 ** 24
const HASHES = 7

/**
 * Where an author stands in the threads in which it spoke of late. What it forgets it knows to have forgotten: only then the
 * journal is asked, and never is a number given twice.
 */
export class PlaceBook {
  readonly #places = new Map<ThreadId, ThreadPlace>()
  readonly #placesMax: number
  /** A Bloom filter of threads whose own place was forgotten. */
  #gone: Uint8Array | undefined

  constructor(placesMax = PLACES_MAX) {
    this.#placesMax = placesMax
  }

  get(thread: ThreadId): ThreadPlace | undefined {
    return this.#places.get(thread)
  }

  /** It stood somewhere in the thread, perhaps: the journal says. */
  isGone(thread: ThreadId): boolean {
    const bits = this.#gone
    if (bits === undefined || this.#places.has(thread)) return false
    return placesOf(thread).every((at) => ((bits[at >>> 3] as number) & (1 << (at & 7))) !== 0)
  }

  set(thread: ThreadId, place: ThreadPlace): void {
    this.#places.delete(thread)
    this.#places.set(thread, place)
    if (this.#places.size <= this.#placesMax) return
    const [oldest] = this.#places
    if (oldest !== undefined) this.#forget(...oldest)
  }

  /** What was seen of others alone can be seen again: nothing is lost with it. */
  #forget(thread: ThreadId, { own }: ThreadPlace): void {
    this.#places.delete(thread)
    if (own === undefined) return
    this.#gone ??= new Uint8Array(BITS / 8)
    for (const at of placesOf(thread))
      this.#gone[at >>> 3] = (this.#gone[at >>> 3] as number) | (1 << (at & 7))
  }
}

/** Double hashing (Kirsch and Mitzenmacher, 2006) over two FNV-1a hashes of the thread's text. */
function placesOf(thread: ThreadId): readonly number[] {
  let [a, b] = [0x811c9dc5, 0x01000193]
  for (let at = 0; at < thread.length; at++) {
    const code = thread.charCodeAt(at)
    a = Math.imul(a ^ code, 0x01000193)
    b = Math.imul(b ^ (code + at), 0x01000193)
  }
  return Array.from({ length: HASHES }, (_, n) => ((a >>> 0) + n * ((b | 1) >>> 0)) % BITS)
}
