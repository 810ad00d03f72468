import type Database from 'better-sqlite3'
import { assert } from '../../model/fault.ts'
import type { GroupId, LogIndex } from '../../model/raft.ts'
import type { Turn } from '../../model/turn.ts'
import {
  type DiskPartKey,
  type DiskPartSize,
  type DiskRow,
  type DiskStage,
  type DiskWrites,
  STATE_PARTS_MAX,
} from '../../ports/row-disk.ts'

/** Rows whose sizes are looked at to see how many fit. */
const SIZES_AT_ONCE = 4_096

/** Pages of the database: the size of one, how many there may be, there are, and of these are free. */
interface Pages {
  readonly bytes: number
  readonly most: number
  readonly count: number
  readonly free: number
}

/** The prepared statements of a store. Each throws what SQLite throws. Bytes read are the caller's. */
export class Statements {
  readonly #putRow: Database.Statement<[number, Uint8Array]>
  readonly #dropRow: Database.Statement<[number]>
  readonly #putStage: Database.Statement<[number, number, number]>
  readonly #dropStage: Database.Statement<[number]>
  readonly #putPart: Database.Statement<[number, number, Uint8Array]>
  readonly #dropPart: Database.Statement<[number]>
  readonly #sizesAfter: Database.Statement<[number], { turn: Turn; size: number }>
  readonly #rowsBetween: Database.Statement<[number, number], { turn: Turn; bytes: Buffer }>
  readonly #row: Database.Statement<[number], { bytes: Buffer }>
  readonly #lastTurn: Database.Statement<[], { turn: number | null }>
  readonly #stages: Database.Statement<[], { stage: number; group: GroupId; at: LogIndex }>
  readonly #parts: Database.Statement<[], { id: number; bytes: number }>
  readonly #part: Database.Statement<[number], { bytes: Buffer; checksum: number }>
  readonly #pages: Database.Statement<[], Pages>
  readonly #inTransaction: Database.Transaction<(writes: DiskWrites) => void>

  constructor(db: Database.Database) {
    this.#putRow = db.prepare('INSERT OR REPLACE INTO turn_row (turn, bytes) VALUES (?, ?)')
    this.#dropRow = db.prepare('DELETE FROM turn_row WHERE turn = ?')
    this.#putStage = db.prepare('INSERT OR REPLACE INTO stage (stage, raft_group, at) VALUES (?, ?, ?)')
    this.#dropStage = db.prepare('DELETE FROM stage WHERE stage = ?')
    this.#putPart = db.prepare('INSERT OR REPLACE INTO part (id, checksum, bytes) VALUES (?, ?, ?)')
    this.#dropPart = db.prepare('DELETE FROM part WHERE id = ?')
    this.#sizesAfter = db.prepare(
      `SELECT turn, length(bytes) AS size FROM turn_row WHERE turn > ? ORDER BY turn LIMIT ${SIZES_AT_ONCE}`,
    )
    this.#rowsBetween = db.prepare(
      'SELECT turn, bytes FROM turn_row WHERE turn > ? AND turn <= ? ORDER BY turn',
    )
    this.#row = db.prepare('SELECT bytes FROM turn_row WHERE turn = ?')
    this.#lastTurn = db.prepare('SELECT max(turn) AS turn FROM turn_row')
    this.#stages = db.prepare('SELECT stage, raft_group AS "group", at FROM stage ORDER BY stage')
    this.#parts = db.prepare('SELECT id, length(bytes) AS bytes FROM part ORDER BY id')
    this.#part = db.prepare('SELECT bytes, checksum FROM part WHERE id = ?')
    this.#pages = db.prepare(
      `SELECT page_size AS bytes, max_page_count AS most, page_count AS count, freelist_count AS free
       FROM pragma_page_size, pragma_max_page_count, pragma_page_count, pragma_freelist_count`,
    )
    this.#inTransaction = db.transaction((writes: DiskWrites) => this.#write(writes))
  }

  /** All of it in one transaction. */
  write(writes: DiskWrites): void {
    // A single statement is a transaction by itself, without the two that would begin and end one.
    if (isRowAlone(writes)) this.#write(writes)
    else this.#inTransaction.immediate(writes)
  }

  rowsAfter(turn: number, bytesMax: number): readonly DiskRow[] {
    let last: number | undefined
    let bytes = 0
    for (const { turn: next, size } of this.#sizesAfter.all(turn)) {
      if (last !== undefined && bytes + size > bytesMax) break
      last = next
      bytes += size
    }
    if (last === undefined) return []
    return this.#rowsBetween.all(turn, last).map((row) => ({ turn: row.turn, bytes: plain(row.bytes) }))
  }

  row(turn: Turn): Uint8Array | undefined {
    const row = this.#row.get(turn)
    return row && plain(row.bytes)
  }

  /** 0: there is no row. */
  lastTurn(): number {
    return this.#lastTurn.get()?.turn ?? 0
  }

  pages(): Pages {
    const pages = this.#pages.get()
    assert(pages !== undefined, 'a pragma has one row')
    return pages
  }

  stages(): readonly DiskStage[] {
    return this.#stages.all()
  }

  parts(): readonly DiskPartSize[] {
    return this.#parts.all().map(({ id, bytes }) => ({
      stage: Math.floor(id / STATE_PARTS_MAX),
      number: id % STATE_PARTS_MAX,
      bytes,
    }))
  }

  part(key: DiskPartKey): { readonly bytes: Uint8Array; readonly checksum: number } | undefined {
    const part = this.#part.get(partId(key))
    return part && { bytes: plain(part.bytes), checksum: part.checksum }
  }

  #write({ dropRows, putRow, dropStages, putStages, dropParts, putParts }: DiskWrites): void {
    for (const turn of dropRows ?? []) this.#dropRow.run(turn)
    if (putRow !== undefined) this.#putRow.run(putRow.turn, putRow.bytes)
    for (const stage of dropStages ?? []) this.#dropStage.run(stage)
    for (const { stage, group, at } of putStages ?? []) this.#putStage.run(stage, group, at)
    for (const part of dropParts ?? []) this.#dropPart.run(partId(part))
    for (const part of putParts ?? []) this.#putPart.run(partId(part), part.checksum, part.bytes)
  }
}

function isRowAlone({ putRow, ...others }: DiskWrites): boolean {
  return putRow !== undefined && Object.values(others).every((one) => one === undefined)
}

function partId({ stage, number }: DiskPartKey): number {
  return stage * STATE_PARTS_MAX + number
}

/** The same bytes, not as a Buffer, whose `slice` does not copy. */
function plain(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length)
}
