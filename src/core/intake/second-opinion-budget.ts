/**
 * How many second opinions a peer, and all peers together, may buy: two token buckets, one check a token.
 * Counted in thousandths of a check, so that a refill of r checks a second is exactly r thousandths a millisecond.
 * Source: protocol.md, "Identity"; unit costs, "a forged envelope": 0.8 to 1.4 ms of a worker thread a check.
 */
export interface BudgetLimits {
  /** Checks that a peer that was idle can buy at once. */
  readonly peerChecksMax: number
  readonly peerChecksPerSecond: number
  /** Checks that all peers together can buy at once. */
  readonly allChecksMax: number
  readonly allChecksPerSecond: number
  /** Peers that are remembered; one more makes the one that bought longest ago be forgotten. */
  readonly peersMax: number
}

/**
 * An honest peer needs next to none: native verification refuses no signature that an honest signer makes.
 * 100 checks a second are about 10% of a core; how many peers join in does not matter.
 */
export const SECOND_OPINION_BUDGET: BudgetLimits = {
  peerChecksMax: 32,
  peerChecksPerSecond: 4,
  allChecksMax: 256,
  allChecksPerSecond: 100,
  peersMax: 4096,
}

/** What was left at some moment. No bucket means a full one. */
export interface Bucket {
  readonly milliChecks: number
  /** Monotonic milliseconds. */
  readonly atMs: number
}

/** What the step may read; the driver owns the maps. */
export interface BudgetView {
  readonly all: Bucket | undefined
  readonly peerCount: number
  peer(peer: string): Bucket | undefined
  /** The remembered peer that was written longest ago. */
  longestIdle(): string | undefined
}

/** `peer` asks for `checks` (a whole number) at `atMs`, monotonic milliseconds. */
export interface BudgetAsk {
  readonly peer: string
  readonly checks: number
  readonly atMs: number
}

export type BudgetWrite =
  | { readonly kind: 'all'; readonly bucket: Bucket }
  | { readonly kind: 'peer'; readonly peer: string; readonly bucket: Bucket }
  | { readonly kind: 'forget'; readonly peer: string }

export interface BudgetStep {
  /** To be applied in order; none when nothing was granted. */
  readonly writes: readonly BudgetWrite[]
  /** 0..checks. */
  readonly granted: number
}

/**
 * 1. A bucket holds between nothing and its maximum.
 * 2. In any span of t seconds all peers together are granted at most allChecksMax + t * allChecksPerSecond.
 * 3. So is a remembered peer with its own numbers. A forgotten one starts full again: rule 2 is what bounds that.
 * 4. At most peersMax peers are remembered, and a refusal remembers nobody.
 * 5. Time that runs backwards refills nothing.
 */
export function stepBudget(view: BudgetView, ask: BudgetAsk, limits: BudgetLimits): BudgetStep {
  const own = refilled(view.peer(ask.peer), ask.atMs, limits.peerChecksMax, limits.peerChecksPerSecond)
  const all = refilled(view.all, ask.atMs, limits.allChecksMax, limits.allChecksPerSecond)
  const granted = Math.min(ask.checks, whole(own), whole(all))
  if (granted <= 0) return { writes: [], granted: 0 }
  return {
    granted,
    writes: [
      { kind: 'all', bucket: less(all, granted) },
      ...forgetting(view, ask.peer, limits),
      { kind: 'peer', peer: ask.peer, bucket: less(own, granted) },
    ],
  }
}

function refilled(
  bucket: Bucket | undefined,
  atMs: number,
  checksMax: number,
  checksPerSecond: number,
): Bucket {
  const full = checksMax * 1000
  if (bucket === undefined) return { milliChecks: full, atMs }
  const elapsedMs = Math.max(0, Math.floor(atMs) - Math.floor(bucket.atMs))
  const milliChecks = Math.min(full, bucket.milliChecks + elapsedMs * checksPerSecond)
  return { milliChecks, atMs: Math.max(atMs, bucket.atMs) }
}

function whole(bucket: Bucket): number {
  return Math.floor(bucket.milliChecks / 1000)
}

function less(bucket: Bucket, checks: number): Bucket {
  return { milliChecks: bucket.milliChecks - checks * 1000, atMs: bucket.atMs }
}

function forgetting(view: BudgetView, peer: string, limits: BudgetLimits): readonly BudgetWrite[] {
  if (view.peer(peer) !== undefined || view.peerCount < limits.peersMax) return []
  const idle = view.longestIdle()
  return idle === undefined ? [] : [{ kind: 'forget', peer: idle }]
}
