/** What the callers are asked for. */
export interface Round {
  readonly callers: number
  readonly warmUpMs: number
  readonly ms: number
  readonly valueBytes: number
  /** Its keys are like those of no other run. */
  readonly run: number
}

/** What they saw. Milliseconds; counts are of the whole round, the others of what followed the warm-up. */
export interface RoundResult {
  readonly puts: number
  readonly refused: number
  readonly failed: number
  readonly perSecond: number
  readonly p50: number
  readonly p95: number
  readonly p99: number
  /** Of the client process, a put. */
  readonly cpuUs: number
}
