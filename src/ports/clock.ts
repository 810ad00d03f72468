/** Time of the shell. Nothing that nodes must agree on reads it. */
export interface Clock {
  /** Wall clock, milliseconds since 1970; may jump. */
  nowMs(): number
  /** Wall clock, nanoseconds since 1970; may jump. */
  nowNs(): bigint
  /** Milliseconds since some start; never goes back. */
  monotonicMs(): number
  /** Runs `task` once after `delayMs`; the returned function cancels it. */
  after(delayMs: number, task: () => void): () => void
}
