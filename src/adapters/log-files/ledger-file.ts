import { renameSync } from 'node:fs'
import type { LedgerLog, LedgerRow } from '../../ports/ledger-log.ts'
import { guarded } from './fault.ts'
import { LineFile } from './line-file.ts'

/** A file that has reached this is put aside, in place of the one before: about two million rows each. */
const FILE_BYTES_MAX = 536_870_912

/**
 * What the ledger did, a line of JSON each, in the order of their numbers. Lines leave at the end of a turn of the event loop; what a
 * crash took is written again when the entries are applied again, or is a gap in the numbers. What is oldest goes: the entries
 * of the logs say all of it.
 */
export class LedgerFile implements LedgerLog {
  readonly #path: string
  readonly #bytesMax: number
  #older: LineFile<LedgerRow>
  #newer: LineFile<LedgerRow>
  #last: number
  #waiting = ''

  /** Half a line at the end is cut off. Faults `store-io`. */
  constructor(path: string, bytesMax = FILE_BYTES_MAX) {
    this.#path = path
    this.#bytesMax = bytesMax
    this.#newer = new LineFile(path)
    this.#older = new LineFile(`${path}.1`)
    const [row] = this.#rows(Number.MAX_SAFE_INTEGER)
    this.#last = row?.n ?? 0
  }

  note(rows: readonly LedgerRow[]): void {
    const fresh = rows.filter(({ n }) => n > this.#last)
    if (fresh.length === 0) return
    if (this.#waiting === '') setImmediate(() => this.flush())
    for (const row of fresh) this.#waiting += `${JSON.stringify(row)}\n`
    this.#last = fresh.at(-1)?.n ?? this.#last
  }

  *backwards(before = Number.MAX_SAFE_INTEGER): Iterable<LedgerRow> {
    this.flush()
    yield* this.#rows(before)
  }

  flush(): void {
    if (this.#waiting === '') return
    const text = this.#waiting
    this.#waiting = ''
    if (this.#newer.bytes >= this.#bytesMax) this.#putAside()
    this.#newer.append(text)
  }

  close(): void {
    this.flush()
    this.#newer.close()
    this.#older.close()
  }

  #putAside(): void {
    const older = `${this.#path}.1`
    this.#older.close()
    guarded(`replace ${older}`, () => renameSync(this.#path, older))
    this.#older = this.#newer
    this.#newer = new LineFile(this.#path)
  }

  *#rows(before: number): Generator<LedgerRow> {
    yield* this.#newer.backwards(before)
    yield* this.#older.backwards(before)
  }
}
