import { decodeRow } from '../../codec/turn/decode-row.ts'
import type { TurnRow } from '../../codec/turn/row.ts'
import type { RowsView } from '../../core/turn-log/rows-view.ts'
import type { Turn } from '../../model/turn.ts'
import type { Checksum } from '../../ports/checksum.ts'
import type { RowDisk } from '../../ports/row-disk.ts'
import type { TrimLimits } from '../../ports/turn-store.ts'
import { damagedRow } from './load.ts'

/** What is still needed of a batch of rows becomes one row, so it is kept to the size of a full turn. */
const MERGED_BYTES_MAX = 262_144

/** Rows of which nothing is needed, but the last, as many as the limits let through. */
export function unneededRows(view: RowsView, limits: TrimLimits, lastTurn: Turn | 0): readonly Turn[] {
  const turns: Turn[] = []
  let bytes = 0
  for (const turn of view.weights.unneeded()) {
    if (turns.length >= limits.rowsMax || bytes >= limits.bytesMax) break
    if (turn === lastTurn) continue
    turns.push(turn)
    bytes += view.weights.bytesOf(turn)
  }
  return turns
}

/**
 * The next rows of a pass over all rows that follow one another and are mostly not needed, and how many rows were
 * looked at. Less than the limits: the pass is at its end.
 */
export function nextMergeable(
  pass: Iterator<Turn>,
  view: RowsView,
  limits: TrimLimits,
  lastTurn: Turn | 0,
): { readonly turns: readonly Turn[]; readonly ended: boolean } {
  const turns: Turn[] = []
  let bytes = 0
  for (let looked = 0; looked < limits.rowsMax && bytes < limits.bytesMax; looked++) {
    const next = pass.next()
    // The last row stays whatever it holds: its turn is that of the store.
    if (next.done === true || next.value === lastTurn) return { turns, ended: true }
    if (!view.weights.isMostlyUnneeded(next.value)) {
      if (turns.length > 0) break
      continue
    }
    turns.push(next.value)
    bytes += view.weights.bytesOf(next.value)
    if (bytes > MERGED_BYTES_MAX * 2) break
  }
  return { turns, ended: false }
}

/** Rows as they are on the disk. Faults `store-damaged`. */
export function readRows(disk: RowDisk, turns: readonly Turn[], checksum: Checksum): readonly TurnRow[] {
  return turns.map((turn) => {
    const bytes = disk.readRow(turn)
    if (bytes === undefined) throw damagedRow(turn, 'it is gone')
    const row = decodeRow(bytes, checksum)
    if (!row.ok) throw damagedRow(turn, row.error.message)
    return row.value
  })
}
