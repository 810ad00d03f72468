/** How far a `lamport` may lie beyond the least lawful one. Fixed. Source: protocol.md, "Envelope". */
export const LAMPORT_SLACK = 4_096

/** What one thread may cost a node. Beyond the first three: OVER_CAP; beyond the last two: held no longer, fetched again. */
export interface ThreadLimits {
  /** Accepted envelopes of one sender, the variants of a forked `seq` included; hence its highest `seq` too. */
  readonly envelopesPerSenderMax: number
  readonly sendersMax: number
  readonly envelopesMax: number
  /** Envelopes of one sender that wait for their `prev`. */
  readonly heldPerSenderMax: number
  /** Envelopes of all senders that wait for their `prev`. */
  readonly heldMax: number
}

/**
 * For a need's thread: a deadline of 7 days with a heartbeat each 10 s is 60,480 envelopes of one worker
 * (lifecycle.md, "Defaults"). An account's own thread lives longer and needs a driver with other limits.
 */
export const THREAD_LIMITS: ThreadLimits = {
  envelopesPerSenderMax: 65_536,
  sendersMax: 4_096,
  envelopesMax: 131_072,
  heldPerSenderMax: 64,
  heldMax: 1_024,
}
