import type Database from 'better-sqlite3'
import { FaultError } from '../../model/fault.ts'
import { damagedFault } from './failure.ts'

/** Says that a database is a store of ours. */
const APPLICATION_ID = 0x63617473

/** Two connections that write and copy back could lose commits before it. Source: reliability-anchors, 4. */
const VERSION_MIN = [3, 51, 3] as const

/** Numbered from 1, and never changed once released. */
const MIGRATIONS: readonly string[] = [
  `CREATE TABLE turn_row (turn INTEGER PRIMARY KEY, bytes BLOB NOT NULL) STRICT;
   CREATE TABLE stage (stage INTEGER PRIMARY KEY, raft_group INTEGER NOT NULL, at INTEGER NOT NULL) STRICT;
   CREATE TABLE part (id INTEGER PRIMARY KEY, checksum INTEGER NOT NULL, bytes BLOB NOT NULL) STRICT;
   CREATE TABLE origin (one INTEGER PRIMARY KEY CHECK (one = 1), store BLOB NOT NULL, incarnation INTEGER NOT NULL) STRICT;`,
]

/** Faults `store-io` for a SQLite that is older than what we rely on. */
export function assertVersion(version: string): void {
  const numbers = version.split('.').map(Number)
  const differing = VERSION_MIN.findIndex((least, i) => numbers[i] !== least)
  const isEnough = differing === -1 || (numbers[differing] ?? 0) > (VERSION_MIN[differing] ?? 0)
  if (!isEnough) throw new FaultError('store-io', `SQLite ${version} is older than ${VERSION_MIN.join('.')}`)
}

/**
 * What makes a commit durable, read back: a pragma that is not understood is not an error. One connection owns the
 * file, which is said before anything is read of it, so that no memory is shared; the log ahead of it is copied back by `Wal`, not by SQLite, which does not tell when that fails.
 */
export function configure(db: Database.Database, path: string): void {
  db.pragma('locking_mode = EXCLUSIVE')
  db.pragma('page_size = 4096')
  expectPragma(db, path, 'journal_mode', 'wal')
  expectPragma(db, path, 'synchronous', 2)
  expectPragma(db, path, 'wal_autocheckpoint', 0)
  db.pragma('journal_size_limit = 16777216')
  db.pragma('trusted_schema = OFF')
  db.pragma('cell_size_check = ON')
}

/** Makes the tables, or checks that they are ours. Faults `store-damaged`. */
export function migrate(db: Database.Database, path: string): void {
  const version = Number(db.pragma('user_version', { simple: true }))
  const application = Number(db.pragma('application_id', { simple: true }))
  const isEmpty = version === 0 && application === 0
  if ((!isEmpty && application !== APPLICATION_ID) || version > MIGRATIONS.length) {
    throw damagedFault(path, `it is no store of version 1 to ${MIGRATIONS.length}`)
  }
  if (version === MIGRATIONS.length) return
  db.transaction(() => {
    db.pragma(`application_id = ${APPLICATION_ID}`)
    for (const statements of MIGRATIONS.slice(version)) db.exec(statements)
    db.pragma(`user_version = ${MIGRATIONS.length}`)
  }).immediate()
}

/** What SQLite can see without reading every index against its table. Faults `store-damaged`. */
export function checkIntegrity(db: Database.Database, path: string): void {
  const lines = db.prepare('PRAGMA quick_check(5)').pluck().all().map(String)
  if (lines.length !== 1 || lines[0] !== 'ok') throw damagedFault(path, lines.join('; '))
}

function expectPragma(db: Database.Database, path: string, name: string, wanted: string | number): void {
  db.pragma(`${name} = ${wanted}`)
  const found = db.pragma(name, { simple: true })
  if (found !== wanted) {
    throw new FaultError('store-io', `${path}: ${name} is ${String(found)}, ${wanted} is needed`)
  }
}
