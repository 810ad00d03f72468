import { judgeOrigin, STORE_ID_BYTES, type Witness } from '../../codec/turn/witness.ts'
import { assert, FaultError } from '../../model/fault.ts'
import type { Turn } from '../../model/turn.ts'
import type { Checksum } from '../../ports/checksum.ts'
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
import type { StoreOrigin, StoreRoom, TurnStore } from '../../ports/turn-store.ts'
import { openTurnStore } from '../../services/turn-store/turn-store.ts'
import { DiskContent } from './disk-content.ts'

/**
 * What becomes of one transaction. `fail`, `kill`: whether it was stored is drawn; with `-before` it was not, with
 * `-after` it was.
 */
export type DiskFault =
  | 'none'
  | 'full'
  | 'fail'
  | 'fail-before'
  | 'fail-after'
  | 'kill'
  | 'kill-before'
  | 'kill-after'

/** What goes wrong; all of it may be changed between two calls. */
export interface DiskTrouble {
  /** Bytes that rows and parts may take together; beyond it `full`. */
  roomBytes: number
  /** Ticks that the row of a turn takes, drawn from [0, so many]; 0: at once, and never `underway`. */
  slowTicksMax: number
  /** The next so many transactions are fine, then one fails `store-io`; whether it was stored is drawn. */
  failAfter: number
  /** The next so many transactions are fine, then the process is killed in one: `PowerCut` is thrown. */
  killAfter: number
  /** Asked before every transaction that is carried out, once the counts above had their say. */
  fault: (writes: DiskWrites) => DiskFault
}

/** The process is gone. Whoever drives it catches this, drops it, and opens the media again. */
export class PowerCut extends Error {
  override readonly name = 'PowerCut'
}

interface Pending {
  readonly writes: DiskWrites
  ticksLeft: number
}

/**
 * A disk in memory that outlives processes: what was stored stays, what was underway at a kill is there wholly or not
 * at all, as chance has it. A row that was torn while it was written is one that is not there: SQLite finds it by the
 * checksums of its log and drops it. Deterministic: all chance comes from `random`.
 */
export class SimulatedDisk {
  readonly trouble: DiskTrouble = {
    roomBytes: Infinity,
    slowTicksMax: 0,
    failAfter: Infinity,
    killAfter: Infinity,
    fault: () => 'none',
  }
  /** How often each thing happened, so that a run without faults is not taken for one with. */
  readonly happened = { stored: 0, full: 0, failed: 0, killed: 0, lostAtKill: 0, keptAtKill: 0 }
  /** Sees every transaction that was stored, right after it was. */
  onStored: (writes: DiskWrites) => void = () => undefined
  readonly #random: Random
  readonly #checksum: Checksum
  #content = new DiskContent()
  #witness: Witness | 'none' = 'none'
  #open: OpenDisk | undefined
  #pending: Pending | undefined

  constructor(random: Random, checksum: Checksum) {
    this.#random = random
    this.#checksum = checksum
  }

  /** As a process finds it; what an earlier one had open is closed to it. */
  openDisk(): RowDisk {
    this.kill()
    const { store } = this.#content
    const stored = store && { store: store.id, incarnation: store.incarnation, turn: this.#content.lastTurn }
    const origin = judgeOrigin(stored, this.#witness)
    if (origin.history !== 'lost') this.#raise(store?.id ?? this.#newId(), origin.incarnation)
    this.#open = new OpenDisk(this, origin)
    return this.#open
  }

  openStore(): TurnStore {
    return openTurnStore(this.openDisk(), this.#checksum)
  }

  /** Time passes: what is underway comes to its end, and is told. */
  tick(): void {
    const pending = this.#pending
    if (pending === undefined || --pending.ticksLeft > 0) return
    this.#pending = undefined
    this.#open?.settled(this.#finish(pending.writes))
  }

  get isUnderway(): boolean {
    return this.#pending !== undefined
  }

  /** The process ends at this instant. */
  kill(): void {
    const pending = this.#pending
    this.#pending = undefined
    this.#open?.die()
    this.#open = undefined
    if (pending === undefined) return
    if (this.#chance() && this.#fits(pending.writes)) {
      this.#store(pending.writes)
      this.happened.keptAtKill++
    } else this.happened.lostAtKill++
  }

  /** Everything as it is, the witness too unless it is kept elsewhere: what a backup takes. */
  backup(): { restore(options?: { readonly withWitness?: boolean }): void } {
    const content = this.#content.copy()
    const witness = this.#witness
    return {
      restore: ({ withWitness = false } = {}) => {
        this.kill()
        this.#content = content.copy()
        if (withWitness) this.#witness = witness
      },
    }
  }

  /** Turns one bit of a row over. */
  rotRow(turn: Turn, at: number, bit = 0): void {
    const bytes = this.#content.rows.get(turn)
    assert(bytes !== undefined && at < bytes.length, 'what rots is there')
    bytes[at] = (bytes[at] ?? 0) ^ (1 << bit)
  }

  /** A row that ends early although it was acknowledged: what no sound disk does. */
  tearRow(turn: Turn, bytesLeft: number): void {
    const bytes = this.#content.rows.get(turn)
    assert(bytes !== undefined, 'what is torn is there')
    this.#content.rows.set(turn, bytes.slice(0, bytesLeft))
  }

  loseRow(turn: Turn): void {
    this.#content.rows.delete(turn)
  }

  rotParts(which: (part: DiskPartKey) => boolean = () => true): void {
    for (const part of this.#content.parts.values()) {
      if (which(part)) part.bytes[0] = (part.bytes[0] ?? 0) ^ 1
    }
  }

  turns(): readonly Turn[] {
    return [...this.#content.rows.keys()].sort((a, b) => a - b)
  }

  get content(): DiskContent {
    return this.#content
  }

  /** For the open disk alone. */
  write(writes: DiskWrites, mayBeSlow: boolean): 'stored' | 'full' | 'underway' {
    assert(this.#pending === undefined, 'one transaction is underway at a time')
    if (mayBeSlow && this.trouble.slowTicksMax > 0) {
      const ticks = this.#below(this.trouble.slowTicksMax + 1)
      if (ticks > 0) {
        this.#pending = { writes, ticksLeft: ticks }
        return 'underway'
      }
    }
    const outcome = this.#finish(writes)
    if (outcome.kind === 'failed') throw outcome.fault
    return outcome.kind
  }

  startOver(incarnation: number): void {
    this.#content = new DiskContent()
    this.#raise(this.#newId(), incarnation)
  }

  #finish(writes: DiskWrites): DiskOutcome {
    const fault = this.#faultOf(writes)
    if (fault.startsWith('kill')) this.#cut(writes, fault)
    if (fault.startsWith('fail')) return this.#fail(writes, fault)
    if (fault === 'full' || !this.#fits(writes)) {
      this.happened.full++
      return { kind: 'full' }
    }
    this.#store(writes)
    this.happened.stored++
    return { kind: 'stored' }
  }

  #faultOf(writes: DiskWrites): DiskFault {
    if (--this.trouble.killAfter < 0) return 'kill'
    if (--this.trouble.failAfter < 0) return 'fail'
    return this.trouble.fault(writes)
  }

  #cut(writes: DiskWrites, fault: DiskFault): never {
    this.trouble.killAfter = Infinity
    this.happened.killed++
    if (this.#isStored(fault) && this.#fits(writes)) this.#store(writes)
    this.kill()
    throw new PowerCut('the process was killed in a transaction')
  }

  #fail(writes: DiskWrites, fault: DiskFault): DiskOutcome {
    this.trouble.failAfter = Infinity
    this.happened.failed++
    if (this.#isStored(fault)) this.#store(writes)
    const cause = new Error('SQLITE_IOERR_FSYNC')
    const told = new FaultError('store-io', 'cannot write a transaction: simulated', { cause })
    this.#open?.fail(told)
    return { kind: 'failed', fault: told }
  }

  #isStored(fault: DiskFault): boolean {
    return fault.endsWith('-after') || (!fault.endsWith('-before') && this.#chance())
  }

  /** The witness is brought up to date at each stored row; SQLite does it less often. */
  #store(writes: DiskWrites): void {
    this.#content.apply(writes)
    const { store } = this.#content
    if (store !== undefined) {
      this.#witness = { store: store.id, incarnation: store.incarnation, turn: this.#content.lastTurn }
    }
    this.onStored(writes)
  }

  #fits(writes: DiskWrites): boolean {
    return this.#content.usedBytes + this.#content.growthBy(writes) <= this.trouble.roomBytes
  }

  #raise(id: Uint8Array, incarnation: number): void {
    this.#content.store = { id, incarnation }
    this.#witness = { store: id, incarnation, turn: this.#content.lastTurn }
  }

  #newId(): Uint8Array {
    return this.#random.bytes(STORE_ID_BYTES)
  }

  #chance(): boolean {
    return this.#below(2) === 1
  }

  #below(count: number): number {
    const [a = 0, b = 0] = this.#random.bytes(2)
    return (a * 256 + b) % count
  }
}

/** The disk as one process has it, until it dies. */
class OpenDisk implements RowDisk {
  readonly origin: StoreOrigin
  readonly #disk: SimulatedDisk
  #isAlive = true
  #fault: FaultError | undefined
  #listener: ((outcome: DiskOutcome) => void) | undefined

  constructor(disk: SimulatedDisk, origin: StoreOrigin) {
    this.#disk = disk
    this.origin = origin
  }

  transact(writes: DiskWrites): 'stored' | 'full' {
    const outcome = this.#alive().write(writes, false)
    assert(outcome !== 'underway', 'only rows of turns are slow')
    return outcome
  }

  append(writes: DiskWrites, mayBeLate = false): 'stored' | 'full' | 'underway' {
    return this.#alive().write(writes, mayBeLate)
  }

  onSettled(listener: (outcome: DiskOutcome) => void): void {
    this.#listener = listener
  }

  readRowsAfter(turn: Turn | 0, bytesMax: number): readonly DiskRow[] {
    const rows: DiskRow[] = []
    let bytes = 0
    for (const next of this.#alive().turns()) {
      if (next <= turn) continue
      const row = this.readRow(next)
      if (row === undefined || (rows.length > 0 && bytes + row.length > bytesMax)) break
      rows.push({ turn: next, bytes: row })
      bytes += row.length
    }
    return rows
  }

  readRow(turn: Turn): Uint8Array | undefined {
    return this.#alive().content.rows.get(turn)?.slice()
  }

  stages(): readonly DiskStage[] {
    return [...this.#alive().content.stages.values()].sort((a, b) => a.stage - b.stage)
  }

  parts(): readonly DiskPartSize[] {
    return [...this.#alive().content.parts.values()]
      .map(({ stage, number, bytes }) => ({ stage, number, bytes: bytes.length }))
      .sort((a, b) => a.stage - b.stage || a.number - b.number)
  }

  readPart(part: DiskPartKey): { readonly bytes: Uint8Array; readonly checksum: number } | undefined {
    const found = this.#alive().content.part(part)
    return found && { bytes: found.bytes.slice(), checksum: found.checksum }
  }

  room(): StoreRoom {
    const usedBytes = this.#alive().content.usedBytes
    return { usedBytes, freeBytes: Math.max(0, Math.min(this.#disk.trouble.roomBytes, 2 ** 40) - usedBytes) }
  }

  startOver(): 'stored' {
    this.#alive().startOver(this.origin.incarnation)
    return 'stored'
  }

  close(): void {
    this.#isAlive = false
  }

  die(): void {
    this.#isAlive = false
  }

  fail(fault: FaultError): void {
    this.#fault = fault
  }

  settled(outcome: DiskOutcome): void {
    if (this.#isAlive) this.#listener?.(outcome)
  }

  #alive(): SimulatedDisk {
    assert(this.#isAlive, 'a process that ended does not touch its disk')
    if (this.#fault !== undefined) throw this.#fault
    return this.#disk
  }
}
