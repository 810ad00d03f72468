import { closeSync, existsSync, openSync, rmSync } from 'node:fs'
import Database from 'better-sqlite3'
import type { Did, EnvelopeId, ThreadId } from '../../model/ids.ts'
import type { SaidChanges, SaidMark, SaidPlace, SaidStore, SaidWord } from '../../ports/said-store.ts'
import { ioFault, isFull, openFault } from './failure.ts'

/** Raised with any change of the tables: a file of another version is made anew, from the journal. */
const VERSION = 1
const APPLICATION_ID = 0x63617361
const PAGES_AHEAD = 4_096

const TABLES = `
  CREATE TABLE name (no INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE) STRICT;
  CREATE TABLE place (did INTEGER NOT NULL, thread TEXT NOT NULL, seq INTEGER NOT NULL, id TEXT NOT NULL,
    lamport INTEGER NOT NULL, capsule INTEGER NOT NULL, PRIMARY KEY (did, thread)) STRICT, WITHOUT ROWID;
  CREATE TABLE word (at INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, carried INTEGER NOT NULL,
    body BLOB NOT NULL) STRICT;
  CREATE TABLE mark (one INTEGER PRIMARY KEY CHECK (one = 1), n INTEGER NOT NULL, chain TEXT NOT NULL) STRICT;`

/**
 * Opens what was said, in SQLite. Nothing waits for the disk: after a loss of power it may be a while behind the journal, whose
 * lines from its mark on say the rest. One that is damaged, or of another version, is begun anew. The caller closes it.
 */
export function openSaidFile(path: string): SaidStore {
  try {
    return new SaidFile(openTables(path) ?? anew(path))
  } catch (error) {
    throw openFault(path, error)
  }
}

function anew(path: string): Database.Database {
  for (const end of ['', '-wal', '-shm']) rmSync(`${path}${end}`, { force: true })
  const db = openTables(path)
  if (db === undefined) throw new Error('an empty file is no store')
  return db
}

/** Undefined for a file that is none of ours, or damaged. */
function openTables(path: string): Database.Database | undefined {
  if (!existsSync(path)) closeSync(openSync(path, 'a', 0o600))
  const db = new Database(path, { timeout: 0 })
  try {
    db.pragma('locking_mode = EXCLUSIVE')
    db.pragma('journal_mode = WAL')
    db.pragma('synchronous = NORMAL')
    db.pragma(`wal_autocheckpoint = ${PAGES_AHEAD}`)
    db.pragma('journal_size_limit = 33554432')
    const version = Number(db.pragma('user_version', { simple: true }))
    const application = Number(db.pragma('application_id', { simple: true }))
    if (version === VERSION && application === APPLICATION_ID) return db
    if (version === 0 && application === 0) return made(db)
  } catch (error) {
    db.close()
    if (isDamage(error)) return undefined
    throw error
  }
  db.close()
  return undefined
}

function made(db: Database.Database): Database.Database {
  db.transaction(() => {
    db.pragma(`application_id = ${APPLICATION_ID}`)
    db.exec(TABLES)
    db.pragma(`user_version = ${VERSION}`)
  }).immediate()
  return db
}

function isDamage(error: unknown): boolean {
  if (!(error instanceof Database.SqliteError)) return false
  return error.code.startsWith('SQLITE_CORRUPT') || error.code === 'SQLITE_NOTADB'
}

interface PlaceRow extends Pick<SaidPlace, 'seq' | 'id' | 'lamport'> {
  readonly capsule: number
}

class SaidFile implements SaidStore {
  readonly #db: Database.Database
  /** Texts that many rows name, and their numbers; there are few. */
  readonly #numbers = new Map<string, number>()
  readonly #texts = new Map<number, string>()
  readonly #place: Database.Statement<[number, string], PlaceRow>
  readonly #words: Database.Statement<[], { id: EnvelopeId; carried: number; body: Buffer }>
  readonly #write: Database.Transaction<(changes: SaidChanges) => void>

  constructor(db: Database.Database) {
    this.#db = db
    this.#learnNames()
    this.#place = db.prepare('SELECT seq, id, lamport, capsule FROM place WHERE did = ? AND thread = ?')
    this.#words = db.prepare('SELECT id, carried, body FROM word ORDER BY at')
    this.#write = writer(db, (text) => this.#numberOf(text))
  }

  get mark(): SaidMark | undefined {
    return this.#guarded('read', () => this.#db.prepare<[], SaidMark>('SELECT n, chain FROM mark').get())
  }

  place(did: Did, thread: ThreadId): SaidPlace | undefined {
    const no = this.#numbers.get(did)
    if (no === undefined) return undefined
    const row = this.#guarded('read', () => this.#place.get(no, thread))
    return row && { did, thread, ...row, capsule: this.#texts.get(row.capsule) ?? '' }
  }

  words(): Iterable<SaidWord> {
    const rows = this.#guarded('read', () => this.#words.all())
    return rows.map(({ id, carried, body }) => ({ id, isCarried: carried === 1, body: new Uint8Array(body) }))
  }

  commit(changes: SaidChanges): 'stored' | 'full' {
    try {
      this.#write.immediate(changes)
      return 'stored'
    } catch (error) {
      // Names that were to be written with it are not there.
      this.#learnNames()
      if (isFull(error)) return 'full'
      throw ioFault('write what was said', error)
    }
  }

  clear(): void {
    const all = 'DELETE FROM place; DELETE FROM word; DELETE FROM mark;'
    this.#guarded('write', () => this.#db.transaction(() => this.#db.exec(all)).immediate())
  }

  close(): void {
    this.#db.close()
  }

  #learnNames(): void {
    this.#numbers.clear()
    this.#texts.clear()
    const rows = this.#db.prepare<[], { no: number; text: string }>('SELECT no, text FROM name').all()
    for (const { no, text } of rows) this.#know(no, text)
  }

  #know(no: number, text: string): number {
    this.#numbers.set(text, no)
    this.#texts.set(no, text)
    return no
  }

  #numberOf(text: string): number {
    const known = this.#numbers.get(text)
    if (known !== undefined) return known
    this.#db.prepare('INSERT OR IGNORE INTO name (text) VALUES (?)').run(text)
    const row = this.#db.prepare<[string], { no: number }>('SELECT no FROM name WHERE text = ?').get(text)
    return this.#know(row?.no ?? 0, text)
  }

  #guarded<Value>(what: string, run: () => Value): Value {
    try {
      return run()
    } catch (error) {
      throw ioFault(`${what} what was said`, error)
    }
  }
}

function writer(db: Database.Database, numberOf: (text: string) => number) {
  const place = db.prepare<[number, string, number, string, number, number]>(
    `INSERT INTO place (did, thread, seq, id, lamport, capsule) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (did, thread)
     DO UPDATE SET seq = excluded.seq, id = excluded.id, lamport = excluded.lamport, capsule = excluded.capsule`,
  )
  const word = db.prepare<[string, number, Uint8Array]>(
    'INSERT INTO word (id, carried, body) VALUES (?, ?, ?) ON CONFLICT (id) DO NOTHING',
  )
  const carried = db.prepare<[string]>('UPDATE word SET carried = 1 WHERE id = ?')
  const drop = db.prepare<[string]>('DELETE FROM word WHERE id = ?')
  const mark = db.prepare<[number, string]>('INSERT OR REPLACE INTO mark (one, n, chain) VALUES (1, ?, ?)')
  return db.transaction((changes: SaidChanges) => {
    for (const { did, thread, seq, id, lamport, capsule } of changes.places)
      place.run(numberOf(did), thread, seq, id, lamport, numberOf(capsule))
    for (const { id, isCarried, body } of changes.words) word.run(id, isCarried ? 1 : 0, body)
    for (const id of changes.carried) carried.run(id)
    for (const id of changes.dropped) drop.run(id)
    if (changes.mark !== undefined) mark.run(changes.mark.n, changes.mark.chain)
  })
}
