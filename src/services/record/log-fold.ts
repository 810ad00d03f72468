import type { OpenedGenesis } from '../../codec/genesis/genesis.ts'
import type { Records } from '../../core/records/tables.ts'
import type { Shape } from '../../core/records/view.ts'
import type { AppliedAt } from '../../core/records/world.ts'
import { firstVoters } from '../../core/witness/first-voters.ts'
import { isStepOf, type LogMachine } from '../../core/witness/machine.ts'
import { ReadRecorder, type Row, writesOfRows } from '../../core/witness/rows.ts'
import { FaultError } from '../../model/fault.ts'
import type { Sha256 } from '../../ports/crypto.ts'
import { nameOf, type StoredItem, type StoredLog } from './stored-log.ts'

/** A machine's whole log, folded; beside it the shadow that whoever has the export will have. */
export class LogFold {
  readonly state: Records<Shape>
  readonly #shadow: Records<Shape>
  readonly #machine: LogMachine<never>
  readonly #log: StoredLog
  readonly #genesis: OpenedGenesis
  readonly #sha256: Sha256

  constructor(machine: LogMachine<unknown>, log: StoredLog, genesis: OpenedGenesis, sha256: Sha256) {
    this.#machine = machine as LogMachine<never>
    this.state = machine.open()
    this.#shadow = machine.open()
    this.#log = log
    this.#genesis = genesis
    this.#sha256 = sha256
  }

  /** The rows of an exported item; undefined for one that is not. Faults `store-damaged` (1). */
  apply(stored: StoredItem, slot: AppliedAt['slot'], isExported: boolean): readonly Row[] | undefined {
    const { at, encoded, leaf, read } = stored
    if (!read.applied) return undefined
    const first = firstVoters(this.#genesis.genesis, this.#log.machine)
    const { voters } = this.#log.votersAt(at, first)
    const item = this.#log.decoded(stored)
    const recorder = new ReadRecorder(this.state)
    const step = this.#machine.apply(isExported ? recorder : this.state, item, encoded, {
      position: at,
      voters,
      slot,
    })
    if (!isStepOf(leaf, read, encoded, step, this.#sha256)) {
      const why =
        step.verdict.kind === 'rejected' ? `${step.verdict.code}: ${step.verdict.message}` : 'another leaf'
      throw new FaultError(
        'store-damaged',
        `${nameOf(this.#log.machine)}, leaf ${at}: the rules make ${why} of it`,
      )
    }
    const rows = isExported ? recorder.rowsFor(this.#shadow) : undefined
    if (rows !== undefined) this.#shadow.apply([...writesOfRows(rows), ...step.writes])
    this.state.apply(step.writes)
    return rows
  }
}
