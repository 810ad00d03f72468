import type Database from 'better-sqlite3'
import type { Witness } from '../../codec/turn/witness.ts'

/** What the store says of itself; undefined: nothing yet. `lastTurn` is that of its last row. */
export function readOrigin(db: Database.Database, lastTurn: number): Witness | undefined {
  const read: Database.Statement<[], { store: Buffer; incarnation: number }> = db.prepare(
    'SELECT store, incarnation FROM origin',
  )
  const record = read.get()
  return record && { store: Uint8Array.from(record.store), incarnation: record.incarnation, turn: lastTurn }
}

/** Stable when it returns. */
export function writeOrigin(db: Database.Database, { store, incarnation }: Witness): void {
  const write = db.prepare('INSERT OR REPLACE INTO origin (one, store, incarnation) VALUES (1, ?, ?)')
  write.run(store, incarnation)
}

/** Empties the store, which is another one then. */
export function clearStore(db: Database.Database, origin: Witness): void {
  db.transaction(() => {
    for (const table of ['turn_row', 'stage', 'part']) db.exec(`DELETE FROM ${table}`)
    writeOrigin(db, origin)
  }).immediate()
}
