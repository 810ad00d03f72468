import { closeSync, fdatasync, openSync } from 'node:fs'
import type Database from 'better-sqlite3'
import { assert } from '../../model/fault.ts'

/** A disk that takes so long on average is waited for beside everything else; then until it takes two thirds of that. */
const SLOW_MS = 3
const FAST_SHARE = 2 / 3
/** Weight of the newest commit in the average. */
const NEWEST = 1 / 16
/** How many commits of a slow disk are waited for beside until one is measured again. */
const LATE_IN_A_ROW = 63

/**
 * Whether to wait for the disk, or to be told. A fast one is waited for in place: to be told costs a turn of the event loop,
 * more than the wait itself. While a slow one syncs, milliseconds on many a machine, the process does other things.
 */
export class DiskPace {
  readonly #slowMs: number
  #averageMs = 0
  #isSlow: boolean
  #late = 0

  /** `slowMs` 0: a disk that is always told of. */
  constructor(slowMs = SLOW_MS) {
    this.#slowMs = slowMs
    this.#isSlow = slowMs === 0
  }

  /** What a commit in place took, milliseconds, the wait included. */
  took(ms: number): void {
    this.#averageMs += (ms - this.#averageMs) * NEWEST
    this.#isSlow = this.#averageMs >= (this.#isSlow ? this.#slowMs * FAST_SHARE : this.#slowMs)
  }

  /** The next commit is to be told of. */
  isLate(): boolean {
    if (!this.#isSlow) return false
    this.#late = this.#slowMs > 0 && this.#late === LATE_IN_A_ROW ? 0 : this.#late + 1
    return this.#late > 0
  }
}

/**
 * Commits whose sync is waited for by a thread of Node's pool. In WAL mode a commit under synchronous=NORMAL is one under
 * FULL but for the sync of the log, which is made here: what was committed before it began is stable when it is over. Copying the log
 * back syncs it before, in both modes. Source: sqlite.org/wal.html, "Performance Considerations"; pragma.html, "synchronous".
 */
export class LateSync {
  readonly #db: Database.Database
  readonly #logPath: string
  #log: number | undefined
  #isUnderway = false
  #isClosed = false

  /** `logPath`: of the write-ahead log. It holds no locks, so opening it once more drops none. */
  constructor(db: Database.Database, logPath: string) {
    this.#db = db
    this.#logPath = logPath
  }

  /** Runs a transaction, and throws what it throws; nothing of it is stable yet. */
  commit(run: () => void): void {
    this.#log ??= openSync(this.#logPath, 'r')
    this.#db.pragma('synchronous = NORMAL')
    try {
      run()
    } finally {
      this.#db.pragma('synchronous = FULL')
    }
  }

  /** Calls back once all that was committed is stable, or with the failure; never after `close`. One at a time. */
  sync(done: (error: Error | null) => void): void {
    assert(this.#log !== undefined, 'what is synced was committed')
    this.#isUnderway = true
    fdatasync(this.#log, (error) => {
      this.#isUnderway = false
      if (this.#isClosed) this.#release()
      else done(error)
    })
  }

  close(): void {
    this.#isClosed = true
    // Under a thread that syncs it, its number could become another file's.
    if (!this.#isUnderway) this.#release()
  }

  #release(): void {
    if (this.#log !== undefined) closeSync(this.#log)
    this.#log = undefined
  }
}
