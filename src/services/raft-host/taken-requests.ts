import { LruMap } from '../../model/lru-map.ts'
import type { RaftId } from '../../model/raft.ts'

/** Of one peer: older ones may have been taken. */
const WINDOW = 1_024
const PEERS_MAX = 256
/** Numbers wrap with the incarnations that they begin with. */
const NUMBERS = 2 ** 52

interface Window {
  highest: number
  readonly recent: Set<number>
}

/**
 * Which requests of peers were taken. A refusal says that an attempt never takes effect, so a request that the network
 * doubled must not be taken again after it was refused. A peer's numbers rise, also over its restarts: what is far behind is
 * let go, and whoever waits for it learns that nobody can say. After RFC 4303, 3.4.3 (anti-replay window), and RFC 1982.
 */
export class TakenRequests {
  readonly #windows = new LruMap<RaftId, Window>(PEERS_MAX)

  /** False: it was taken before, or may have been. */
  take(peer: RaftId, number: number): boolean {
    // Beyond where they wrap no honest peer counts, and nothing would ever be far behind.
    const request = number % NUMBERS
    const window = this.#windows.get(peer)
    if (window === undefined) {
      this.#windows.set(peer, { highest: request, recent: new Set([request]) })
      return true
    }
    const { highest, recent } = window
    if (isAfter(request, highest)) window.highest = request
    else if (distance(request, highest) >= WINDOW || recent.has(request)) return false
    recent.add(request)
    if (recent.size < 2 * WINDOW) return true
    for (const one of recent) if (distance(one, window.highest) >= WINDOW) recent.delete(one)
    return true
  }
}

function distance(from: number, to: number): number {
  return (to - from + NUMBERS) % NUMBERS
}

function isAfter(request: number, highest: number): boolean {
  const ahead = distance(highest, request)
  return ahead > 0 && ahead < NUMBERS / 2
}
