import type Database from 'better-sqlite3'
import { isFull } from './failure.ts'

/** Pages that the log ahead of the database may hold before they are copied back: 1 MiB, for a disk that gets full. */
const PAGES_MAX = 256
const PAGE_BYTES = 4_096
/** Size that the log grows to before it is written from its beginning again, in bytes. */
export const WAL_BYTES = PAGES_MAX * (PAGE_BYTES + 24)
/** Without room to copy back, it is tried again after so many more. */
const PAGES_UNTIL_RETRY = 16
/** Pages of a transaction beside its bytes: of the tables' trees and the list of free pages. */
const PAGES_OF_TREES = 4

/**
 * Copies the write-ahead log back into the database now and then, so that it stays small. By hand: what SQLite does
 * by itself hides a failure of the sync of the database file.
 */
export class Wal {
  readonly #copyBack: Database.Statement
  #pages = 0

  constructor(db: Database.Database) {
    this.#copyBack = db.prepare('PRAGMA wal_checkpoint(PASSIVE)')
  }

  /** So many bytes were committed. Throws what SQLite throws, but for lack of room: that is tried again later. */
  committed(bytes: number): void {
    this.#pages += Math.ceil(bytes / PAGE_BYTES) + PAGES_OF_TREES
    if (this.#pages < PAGES_MAX) return
    try {
      this.#copyBack.all()
      this.#pages = 0
    } catch (error) {
      if (!isFull(error)) throw error
      this.#pages = PAGES_MAX - PAGES_UNTIL_RETRY
    }
  }
}
