import type { Did } from '../../model/ids.ts'
import { LruMap } from '../../model/lru-map.ts'
import type { Clock } from '../../ports/clock.ts'
import type { MeshBan } from '../../ports/mesh.ts'

/** Below it a peer is banned. Source: network.md, "Connections". */
const SCORE_MIN = 0.3
const POINTS_WHOLE = 100
/** A whole score comes back in ten minutes. */
const RECOVERY_MS = 600_000
/** What of the score depends on how much arrives: a flaky peer is let go first, never banned for that alone. */
const RELIABILITY_SHARE = 0.25
/** Answers that reliability looks back on. */
const SAMPLES_MAX = 200
const BAN_FIRST_MS = 60_000
const BAN_FACTOR = 4
const BAN_MS_MAX = 86_400_000
/** So long after a ban's end it is forgotten. */
const MEMORY_MS = 86_400_000
const PEERS_MAX = 4096
const BANS_MAX = 4096

interface Conduct {
  /** Points that are not worked off yet. */
  points: number
  atMs: number
  delivered: number
  total: number
  latencyMs: number | undefined
}

interface Ban extends MeshBan {
  readonly untilMonotonicMs: number
}

/**
 * What the node thinks of its peers: points for misconduct, which time works off, how much of what was asked of
 * them arrived, and bans.
 *
 *     good --points below the threshold--> banned --time over--> good, with a memory of a day: the next ban is longer
 */
export class PeerBook {
  readonly #clock: Clock
  readonly #onBan: (did: Did, why: string) => void
  readonly #conduct = new LruMap<Did, Conduct>(PEERS_MAX)
  readonly #bans = new Map<Did, Ban>()

  constructor(clock: Clock, onBan: (did: Did, why: string) => void) {
    this.#clock = clock
    this.#onBan = onBan
  }

  /** Charges a peer, and bans it when that was too much. */
  penalise(did: Did, points: number, why: string): void {
    const conduct = this.#of(did)
    conduct.points = Math.min(POINTS_WHOLE, conduct.points + Math.max(0, points))
    if (conductScore(conduct) >= SCORE_MIN || this.isBanned(did)) return
    const times = (this.#bans.get(did)?.times ?? 0) + 1
    this.ban(did, Math.min(BAN_MS_MAX, BAN_FIRST_MS * BAN_FACTOR ** (times - 1)), why)
  }

  /** From 0 to 1. */
  score(did: Did): number {
    const conduct = this.#of(did)
    const reliability = conduct.total === 0 ? 1 : conduct.delivered / conduct.total
    return conductScore(conduct) * (1 - RELIABILITY_SHARE + RELIABILITY_SHARE * reliability)
  }

  /** Something was asked of the peer, and came or did not. */
  note(did: Did, isDelivered: boolean): void {
    const conduct = this.#of(did)
    conduct.total += 1
    if (isDelivered) conduct.delivered += 1
    if (conduct.total <= SAMPLES_MAX) return
    conduct.total /= 2
    conduct.delivered /= 2
  }

  noteLatency(did: Did, latencyMs: number): void {
    this.#of(did).latencyMs = latencyMs
  }

  seen(did: Did): {
    readonly latencyMs: number | undefined
    readonly delivered: number
    readonly total: number
  } {
    const { latencyMs, delivered, total } = this.#of(did)
    return { latencyMs, delivered: Math.round(delivered), total: Math.round(total) }
  }

  ban(did: Did, durationMs: number, why: string): void {
    this.#forget()
    const times = (this.#bans.get(did)?.times ?? 0) + 1
    this.#bans.delete(did)
    const untilMs = this.#clock.nowMs() + durationMs
    const untilMonotonicMs = this.#clock.monotonicMs() + durationMs
    this.#bans.set(did, { did, untilMs, untilMonotonicMs, why, times })
    // It starts again with what a ban is not yet for, so that the next offence leads to the next ban.
    this.#of(did).points = 0
    this.#onBan(did, why)
  }

  unban(did: Did): void {
    this.#bans.delete(did)
    this.#of(did).points = 0
  }

  isBanned(did: Did): boolean {
    const ban = this.#bans.get(did)
    return ban !== undefined && ban.untilMonotonicMs > this.#clock.monotonicMs()
  }

  /** Those that are in force. */
  bans(): readonly MeshBan[] {
    return [...this.#bans.values()]
      .filter(({ did }) => this.isBanned(did))
      .map(({ did, untilMs, why, times }) => ({ did, untilMs, why, times }))
  }

  #of(did: Did): Conduct {
    const nowMs = this.#clock.monotonicMs()
    const known = this.#conduct.get(did)
    if (known === undefined) {
      const fresh = { points: 0, atMs: nowMs, delivered: 0, total: 0, latencyMs: undefined }
      this.#conduct.set(did, fresh)
      return fresh
    }
    known.points = Math.max(0, known.points - ((nowMs - known.atMs) * POINTS_WHOLE) / RECOVERY_MS)
    known.atMs = nowMs
    return known
  }

  /** Bans that are long over, and the oldest ones beyond the number that is kept. */
  #forget(): void {
    const nowMs = this.#clock.monotonicMs()
    for (const [did, ban] of this.#bans) {
      const isOld = ban.untilMonotonicMs + MEMORY_MS < nowMs
      if (isOld || this.#bans.size >= BANS_MAX) this.#bans.delete(did)
    }
  }
}

function conductScore({ points }: Conduct): number {
  return 1 - points / POINTS_WHOLE
}
