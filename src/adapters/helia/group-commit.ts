import type Database from 'better-sqlite3'

interface Group {
  readonly committed: Promise<void>
  readonly end: (error?: unknown) => void
}

/**
 * Writes of many callers in one transaction, and so with one wait for the disk: what is written in one turn of the event loop is
 * committed at its end, and each caller hears when it is durable. Reads see what is written at once; after a crash what
 * nobody was told of may be missing.
 */
export class GroupCommit {
  readonly #db: Database.Database
  readonly #begin: Database.Statement
  readonly #commit: Database.Statement
  readonly #undo: Database.Statement
  #open: Group | undefined

  constructor(db: Database.Database) {
    this.#db = db
    this.#begin = db.prepare('BEGIN IMMEDIATE')
    this.#commit = db.prepare('COMMIT')
    this.#undo = db.prepare('ROLLBACK')
  }

  /** Resolves when it is durable. Rejects with the failure of the write itself, or of the commit: then none of the group is there. */
  async write(run: () => void): Promise<void> {
    const group = this.#join()
    try {
      this.#db.transaction(run)()
    } catch (error) {
      if (!this.#db.inTransaction) this.#settle(error)
      throw error
    }
    await group.committed
  }

  /** What was written so far is durable when this returns; throws what the callers are told. */
  flush(): void {
    if (this.#open === undefined) return
    try {
      this.#commit.run()
    } catch (error) {
      if (this.#db.inTransaction) this.#undo.run()
      this.#settle(error)
      throw error
    }
    this.#settle()
  }

  #join(): Group {
    if (this.#open !== undefined) return this.#open
    this.#begin.run()
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    // Whoever writes awaits it; a group that fails before anybody does is no unhandled rejection.
    promise.catch(() => undefined)
    const end = (error?: unknown): void => (error === undefined ? resolve() : reject(error))
    this.#open = { committed: promise, end }
    setImmediate(() => this.#flushLate())
    return this.#open
  }

  #flushLate(): void {
    try {
      this.flush()
    } catch {
      // told to everyone who waits
    }
  }

  #settle(error?: unknown): void {
    const group = this.#open
    this.#open = undefined
    group?.end(error)
  }
}
