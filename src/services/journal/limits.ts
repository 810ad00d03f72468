/** Bounds of the writer; each is a default. */
export interface JournalLimits {
  /** A segment that has reached this is closed; it is longer by less than what one flush writes. A start reads the last one twice. */
  readonly segmentBytesMax: number
  /** From the first line that waits to its flush, in milliseconds; at most 1,000. */
  readonly flushAfterMs: number
  /** So many waiting bytes are flushed at once. */
  readonly flushBytes: number
  /** Past these, lines are dropped and counted; passed by at most one line and the journal's own. */
  readonly bufferLinesMax: number
  readonly bufferBytesMax: number
}

/** Source: record.md, "Journal": a seal at least every second while lines are written. */
export const JOURNAL_LIMITS: JournalLimits = {
  segmentBytesMax: 16_777_216,
  flushAfterMs: 500,
  flushBytes: 262_144,
  bufferLinesMax: 65_536,
  bufferBytesMax: 8_388_608,
}
