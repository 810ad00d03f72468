import { closeSync, existsSync, mkdirSync, openSync, statfsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { judgeOrigin, STORE_ID_BYTES, type Witness } from '../../codec/turn/witness.ts'
import type { FaultError } from '../../model/fault.ts'
import type { Turn } from '../../model/turn.ts'
import type { Random } from '../../ports/random.ts'
import type {
  DiskOutcome,
  DiskPartKey,
  DiskPartSize,
  DiskRow,
  DiskStage,
  DiskWrites,
  RowDisk,
} from '../../ports/row-disk.ts'
import type { StoreOrigin, StoreRoom } from '../../ports/turn-store.ts'
import { ioFault, isFull, openFault } from './failure.ts'
import { DiskPace, LateSync } from './late-sync.ts'
import { clearStore, readOrigin, writeOrigin } from './origin-record.ts'
import { assertVersion, checkIntegrity, configure, migrate } from './schema.ts'
import { Statements } from './statements.ts'
import { WAL_BYTES, Wal } from './wal.ts'
import { WitnessFile } from './witness-file.ts'

export interface SqliteDiskOptions {
  /** Made, for its owner alone, when it is not there. Holds the database and its log. */
  readonly directory: string
  /** Where the witness is kept, best apart from what backups of the directory take; in the directory by default. */
  readonly witness?: string
  readonly random: Random
  /** Pages of 4 KiB that the database may have; for tests of lack of room. */
  readonly pagesMax?: number
  /** Milliseconds from which on a disk is slow, and rows of turns may be late; for tests. */
  readonly slowMs?: number
}

const DATABASE = 'turns.sqlite'
const WITNESS = 'turns.witness'
/** A restored backup of the same incarnation is noticed when it is at least so many turns old. */
const WITNESS_TURNS = 1_024

/**
 * Opens the disk of a turn store in SQLite (WAL, synchronous=FULL, one connection). A row of a turn that may be late is
 * `underway` while the disk is slow. The caller closes it. Faults
 * `store-locked` when another process has it, `store-damaged` naming what is wrong, `store-full`, `store-io`.
 */
export function openSqliteDisk(options: SqliteDiskOptions): RowDisk {
  const path = join(options.directory, DATABASE)
  let db: Database.Database | undefined
  let witness: WitnessFile | undefined
  try {
    mkdirSync(options.directory, { recursive: true, mode: 0o700 })
    makeFile(path)
    db = openDatabase(path, options)
    witness = WitnessFile.open(options.witness ?? join(options.directory, WITNESS))
    return new SqliteDisk(db, witness, options)
  } catch (error) {
    witness?.close()
    db?.close()
    throw openFault(path, error)
  }
}

/** True where a store was and is no more: a backup has its witness alone, since a voter must not come back with an old one. */
export function isStoreGone(directory: string): boolean {
  return existsSync(join(directory, WITNESS)) && !existsSync(join(directory, DATABASE))
}

/** For its owner alone. Not opened when it is there: closing it would drop the locks that this process has on it. */
function makeFile(path: string): void {
  if (!existsSync(path)) closeSync(openSync(path, 'a', 0o600))
}

function openDatabase(path: string, { pagesMax }: SqliteDiskOptions): Database.Database {
  const db = new Database(path, { timeout: 0 })
  try {
    configure(db, path)
    assertVersion(String(db.prepare('SELECT sqlite_version()').pluck().get()))
    if (pagesMax !== undefined) db.pragma(`max_page_count = ${pagesMax}`)
    migrate(db, path)
    checkIntegrity(db, path)
    return db
  } catch (error) {
    db.close()
    throw error
  }
}

class SqliteDisk implements RowDisk {
  readonly origin: StoreOrigin
  readonly #db: Database.Database
  readonly #witness: WitnessFile
  readonly #options: SqliteDiskOptions
  readonly #statements: Statements
  readonly #wal: Wal
  readonly #pace: DiskPace
  readonly #late: LateSync
  #listener: (outcome: DiskOutcome) => void = () => undefined
  /** As the witness is to know it. */
  #store: Witness
  /** False while another store was in its place: then its witness must not be written over. */
  #isOurs: boolean
  #fault: FaultError | undefined

  constructor(db: Database.Database, witness: WitnessFile, options: SqliteDiskOptions) {
    this.#db = db
    this.#witness = witness
    this.#options = options
    this.#statements = new Statements(db)
    this.#wal = new Wal(db)
    this.#pace = new DiskPace(options.slowMs)
    this.#late = new LateSync(db, join(options.directory, `${DATABASE}-wal`))
    const stored = readOrigin(db, this.#statements.lastTurn())
    this.origin = judgeOrigin(stored, witness.found)
    this.#store = { ...(stored ?? this.#newStore()), incarnation: this.origin.incarnation }
    this.#isOurs = this.origin.history !== 'lost'
    if (this.#isOurs) this.#raise()
  }

  transact(writes: DiskWrites): 'stored' | 'full' {
    return this.#guarded('write a transaction', () => {
      this.#statements.write(writes)
      this.#wal.committed(bytesOf(writes))
    })
  }

  append(writes: DiskWrites, mayBeLate = false): 'stored' | 'full' | 'underway' {
    if (mayBeLate && this.#pace.isLate()) return this.#appendLate(writes)
    const begun = performance.now()
    const outcome = this.transact(writes)
    if (outcome === 'full') return outcome
    this.#pace.took(performance.now() - begun)
    this.#noted(writes)
    return outcome
  }

  onSettled(listener: (outcome: DiskOutcome) => void): void {
    this.#listener = listener
  }

  readRowsAfter(turn: Turn | 0, bytesMax: number): readonly DiskRow[] {
    return this.#read(() => this.#statements.rowsAfter(turn, bytesMax))
  }

  readRow(turn: Turn): Uint8Array | undefined {
    return this.#read(() => this.#statements.row(turn))
  }

  stages(): readonly DiskStage[] {
    return this.#read(() => this.#statements.stages())
  }

  parts(): readonly DiskPartSize[] {
    return this.#read(() => this.#statements.parts())
  }

  readPart(part: DiskPartKey): { readonly bytes: Uint8Array; readonly checksum: number } | undefined {
    return this.#read(() => this.#statements.part(part))
  }

  /** The log needs its room first: also what goes into pages that are free is written to it before. */
  room(): StoreRoom {
    return this.#read(() => {
      const pages = this.#statements.pages()
      const growth = (pages.most - pages.count) * pages.bytes
      const { bavail, bsize } = statfsSync(this.#options.directory)
      const path = join(this.#options.directory, DATABASE)
      const logBytes = sizeOf(`${path}-wal`)
      const spare = bavail * bsize - Math.max(0, WAL_BYTES - logBytes)
      const free = pages.free * pages.bytes + Math.min(growth, spare)
      return { usedBytes: sizeOf(path) + logBytes, freeBytes: spare <= 0 ? 0 : free }
    })
  }

  startOver(): 'stored' | 'full' {
    return this.#guarded('start over', () => {
      this.#store = { ...this.#newStore(), incarnation: this.origin.incarnation }
      clearStore(this.#db, this.#store)
      this.#witness.write(this.#store)
      this.#isOurs = true
    })
  }

  close(): void {
    this.#late.close()
    try {
      if (this.#fault === undefined && this.#isOurs) this.#witness.write(this.#store)
    } catch (error) {
      throw ioFault('close the store', error)
    } finally {
      this.#witness.close()
      this.#db.close()
    }
  }

  #appendLate(writes: DiskWrites): 'full' | 'underway' {
    const outcome = this.#guarded('write a turn', () => {
      this.#late.commit(() => this.#statements.write(writes))
      this.#wal.committed(bytesOf(writes))
    })
    if (outcome === 'full') return outcome
    this.#late.sync((error) => this.#listener(this.#synced(writes, error)))
    return 'underway'
  }

  #synced(writes: DiskWrites, error: Error | null): DiskOutcome {
    try {
      if (error !== null) throw error
      this.#noted(writes)
      return { kind: 'stored' }
    } catch (cause) {
      this.#fault = ioFault('sync a turn', cause)
      return { kind: 'failed', fault: this.#fault }
    }
  }

  #noted({ putRow }: DiskWrites): void {
    if (putRow !== undefined) this.#guarded('note a turn', () => this.#see(putRow.turn))
  }

  #newStore(): Witness {
    return { store: this.#options.random.bytes(STORE_ID_BYTES), incarnation: 0, turn: 0 }
  }

  /** The store before the witness: a crash in between leaves the store ahead, which is no loss. */
  #raise(): void {
    writeOrigin(this.#db, this.#store)
    this.#witness.write(this.#store)
  }

  #see(turn: Turn): void {
    this.#store = { ...this.#store, turn }
    const { found } = this.#witness
    if (turn - (typeof found === 'string' ? 0 : found.turn) >= WITNESS_TURNS) this.#witness.write(this.#store)
  }

  #guarded(what: string, run: () => void): 'stored' | 'full' {
    if (this.#fault !== undefined) throw this.#fault
    try {
      run()
      return 'stored'
    } catch (error) {
      if (isFull(error) && !this.#db.inTransaction) return 'full'
      this.#fault = ioFault(what, error)
      throw this.#fault
    }
  }

  #read<Value>(run: () => Value): Value {
    if (this.#fault !== undefined) throw this.#fault
    try {
      return run()
    } catch (error) {
      this.#fault = ioFault('read', error)
      throw this.#fault
    }
  }
}

function bytesOf({ putRow, putParts }: DiskWrites): number {
  return (putParts ?? []).reduce((sum, { bytes }) => sum + bytes.length, putRow?.bytes.length ?? 0)
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0
}
