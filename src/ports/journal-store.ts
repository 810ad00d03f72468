/** Bytes that `read` hands over at once, at most. */
export const JOURNAL_CHUNK_BYTES = 65_536

/**
 * Segments of a node's journal: files of bytes that only grow, numbered from 1. One writer at a time, which
 * the lock of the home assures; readers may look on while it writes.
 * Faults `journal-full` when there is no room (nothing else is wrong: try again later), `journal-io` for
 * every other failure. Source: record.md, "Journal".
 */
export interface JournalStore {
  /** Numbers of the segments there are, ascending; none when nothing was ever written. */
  list(): Promise<readonly number[]>
  /** Bytes from `from` on, in chunks of 1 to JOURNAL_CHUNK_BYTES; each is valid until the next is asked for. */
  read(segment: number, from?: number): AsyncIterable<Uint8Array>
  /** Opens a segment to write; made empty, and its name made durable, if there is none. The caller closes it. */
  open(segment: number): Promise<JournalSegment>
  /**
   * Puts the bytes from `from` on aside, durable when it returns, and gives the name under which they are
   * found. Keeps the newest KEPT_FILES_MAX such pieces of all segments.
   */
  keep(segment: number, from: number): Promise<string>
}

/** Pieces that were cut off and are kept, at most. */
export const KEPT_FILES_MAX = 16

export interface JournalSegment {
  readonly segment: number
  /** Size when it was opened. */
  readonly bytes: number
  /** Writes at that place, and says how many of the bytes (at least one): may be fewer than given. */
  write(bytes: Uint8Array, at: number): Promise<number>
  /** Cuts off what is beyond so many bytes. */
  truncate(bytes: number): Promise<void>
  /** Makes durable what was written. A failure is `journal-io` whatever its cause: what is on disk is unknown then. */
  sync(): Promise<void>
  close(): Promise<void>
}
