import { closeSync, existsSync, openSync } from 'node:fs'
import Database from 'better-sqlite3'
import { FaultError } from '../../model/fault.ts'
import { guarded, guardedNow } from './fault.ts'
import { GroupCommit } from './group-commit.ts'

/** Its file, in the store's directory. */
export const CONTENT_INDEX = 'index.sqlite'

const APPLICATION_ID = 0x63617463

/** Numbered from 1, and never changed once released. */
const MIGRATIONS: readonly string[] = [
  `CREATE TABLE content (cid TEXT PRIMARY KEY, size INTEGER NOT NULL, at_ms INTEGER NOT NULL) STRICT, WITHOUT ROWID;
   CREATE TABLE pin (owner TEXT NOT NULL, cid TEXT NOT NULL, PRIMARY KEY (owner, cid)) STRICT, WITHOUT ROWID;
   CREATE INDEX pin_of_cid ON pin (cid, owner);`,
]

export interface ContentRow {
  readonly cid: string
  readonly size: number
  readonly atMs: number
}

/**
 * Which contents are here, since when, and who pins which, in SQLite (WAL, synchronous=FULL): what a call wrote is on
 * disk when it returns, or its promise resolves. CIDs are their texts. Faults `store-io`, `store-full`, `store-locked`, `store-damaged`.
 */
export class ContentIndex {
  readonly #db: Database.Database
  readonly #path: string
  readonly #group: GroupCommit
  readonly #statements = new Map<string, Database.Statement>()

  private constructor(db: Database.Database, path: string) {
    this.#db = db
    this.#path = path
    this.#group = new GroupCommit(db)
  }

  /** The caller closes it. */
  static open(path: string): ContentIndex {
    return guardedNow(`open ${path}`, () => {
      if (!existsSync(path)) closeSync(openSync(path, 'a', 0o600))
      const db = new Database(path, { timeout: 0 })
      try {
        prepare(db, path)
        return new ContentIndex(db, path)
      } catch (error) {
        db.close()
        throw error
      }
    })
  }

  async put({ cid, size, atMs }: ContentRow): Promise<void> {
    const sql =
      'INSERT INTO content (cid, size, at_ms) VALUES (?, ?, ?) ON CONFLICT (cid) DO UPDATE SET at_ms = excluded.at_ms'
    await this.#write(() => this.#statement(sql).run(cid, size, atMs))
  }

  has(cid: string): boolean {
    return this.#all('SELECT 1 FROM content WHERE cid = ?', cid).length > 0
  }

  async pin(cid: string, owner: string): Promise<void> {
    const sql = 'INSERT OR IGNORE INTO pin (owner, cid) VALUES (?, ?)'
    await this.#write(() => this.#statement(sql).run(owner, cid))
  }

  /** Contents of which this was the last pin are unpinned from `atMs` on. */
  async unpin(owner: string, cid: string | undefined, atMs: number): Promise<void> {
    const those = cid === undefined ? this.pinsOf(owner) : [cid]
    if (those.length === 0) return
    await this.#write(() => {
      for (const one of those) {
        const sql = 'DELETE FROM pin WHERE owner = ? AND cid = ?'
        const { changes } = this.#statement(sql).run(owner, one)
        if (changes > 0) this.#statement('UPDATE content SET at_ms = ? WHERE cid = ?').run(atMs, one)
      }
    })
  }

  /** Ascending. */
  pinsOf(owner: string): readonly string[] {
    return this.#all('SELECT cid FROM pin WHERE owner = ? ORDER BY cid', owner) as string[]
  }

  /** Those that begin with the text, ascending. */
  owners(prefix: string): readonly string[] {
    const sql = 'SELECT DISTINCT owner FROM pin WHERE owner >= ? AND substr(owner, 1, ?) = ? ORDER BY owner'
    return this.#all(sql, prefix, prefix.length, prefix) as string[]
  }

  /** Ascending. */
  ownersOf(cid: string): readonly string[] {
    return this.#all('SELECT owner FROM pin WHERE cid = ? ORDER BY owner', cid) as string[]
  }

  /** Every CID that is pinned. */
  pinned(): readonly string[] {
    return this.#all('SELECT DISTINCT cid FROM pin') as string[]
  }

  /** Ascending by CID, after one of them. */
  page(after: string, limit: number): readonly ContentRow[] {
    return this.#rows('SELECT cid, size, at_ms FROM content WHERE cid > ? ORDER BY cid LIMIT ?', after, limit)
  }

  /** Youngest first. */
  unpinned(): readonly ContentRow[] {
    return this.#rows(
      'SELECT cid, size, at_ms FROM content WHERE cid NOT IN (SELECT cid FROM pin) ORDER BY at_ms DESC, cid',
    )
  }

  /** Their files may go once this returns. */
  forget(cids: readonly string[]): void {
    this.#guarded(() => {
      this.#group.flush()
      this.#db.transaction(() => {
        for (const cid of cids) this.#statement('DELETE FROM content WHERE cid = ?').run(cid)
      })()
    })
  }

  /** Into a file that is not there, some pages at a time: what is written meanwhile may be in it. Nobody else can, since it is open for this store alone. */
  async copyTo(path: string): Promise<void> {
    await guarded(`copy ${this.#path}`, async () => void (await this.#db.backup(path)))
  }

  counts(): { readonly contents: number; readonly pinned: number } {
    const [contents] = this.#all('SELECT count(*) FROM content') as number[]
    const [pinned] = this.#all('SELECT count(*) FROM content WHERE cid IN (SELECT cid FROM pin)') as number[]
    return { contents: contents ?? 0, pinned: pinned ?? 0 }
  }

  close(): void {
    try {
      this.#guarded(() => this.#group.flush())
    } finally {
      this.#db.close()
    }
  }

  async #write(run: () => void): Promise<void> {
    await guarded(`use ${this.#path}`, () => this.#group.write(run))
  }

  /** Prepared once. */
  #statement(sql: string): Database.Statement {
    const known = this.#statements.get(sql)
    if (known !== undefined) return known
    const statement = this.#db.prepare(sql)
    this.#statements.set(sql, statement)
    return statement
  }

  /** The first column of every row. */
  #all(sql: string, ...values: (string | number)[]): unknown[] {
    return this.#guarded(() =>
      this.#statement(sql)
        .pluck()
        .all(...values),
    )
  }

  #rows(sql: string, ...values: (string | number)[]): readonly ContentRow[] {
    const rows = this.#guarded(() =>
      this.#statement(sql)
        .raw()
        .all(...values),
    ) as [string, number, number][]
    return rows.map(([cid, size, atMs]) => ({ cid, size, atMs }))
  }

  #guarded<Value>(run: () => Value): Value {
    return guardedNow(`use ${this.#path}`, run)
  }
}

function prepare(db: Database.Database, path: string): void {
  db.pragma('locking_mode = EXCLUSIVE')
  expectPragma(db, path, 'journal_mode', 'wal')
  expectPragma(db, path, 'synchronous', 2)
  db.pragma('trusted_schema = OFF')
  db.pragma('cell_size_check = ON')
  const version = Number(db.pragma('user_version', { simple: true }))
  const application = Number(db.pragma('application_id', { simple: true }))
  const isEmpty = version === 0 && application === 0
  if ((!isEmpty && application !== APPLICATION_ID) || version > MIGRATIONS.length)
    throw new FaultError('store-damaged', `${path} is no index of version 1 to ${MIGRATIONS.length}`)
  // Writes even where there is nothing to do, so that a second process is told now that it is too late.
  db.transaction(() => {
    db.pragma(`application_id = ${APPLICATION_ID}`)
    for (const statements of MIGRATIONS.slice(version)) db.exec(statements)
    db.pragma(`user_version = ${MIGRATIONS.length}`)
  }).immediate()
}

function expectPragma(db: Database.Database, path: string, name: string, wanted: string | number): void {
  db.pragma(`${name} = ${wanted}`)
  const found = db.pragma(name, { simple: true })
  if (found !== wanted)
    throw new FaultError('store-io', `${path}: ${name} is ${String(found)}, ${wanted} is needed`)
}
