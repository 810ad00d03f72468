import { decodeRowFrame, decodeRowPart } from '../../codec/turn/decode-row.ts'
import type { RowPart } from '../../codec/turn/row.ts'
import { checkGroup } from '../../core/turn-log/check-group.ts'
import { RowsView } from '../../core/turn-log/rows-view.ts'
import { FaultError } from '../../model/fault.ts'
import type { Turn } from '../../model/turn.ts'
import type { Checksum } from '../../ports/checksum.ts'
import type { DiskRow, RowDisk } from '../../ports/row-disk.ts'
import type { Stages } from './stages.ts'

/** Bytes of rows that are in memory at once. */
const READ_BYTES = 4_194_304

export interface Loaded {
  readonly view: RowsView
  readonly lastTurn: Turn | 0
}

/**
 * What all rows of a disk say. A group whose parts cannot be trusted is marked damaged, and the others are not
 * touched by it. Faults `store-damaged` for a row that does not even tell of which groups it is.
 */
export function loadRows(disk: RowDisk, stages: Stages, checksum: Checksum): Loaded {
  const view = new RowsView()
  let lastTurn: Turn | 0 = 0
  for (;;) {
    const rows = disk.readRowsAfter(lastTurn, READ_BYTES)
    for (const row of rows) takeRow(view, row, checksum)
    const last = rows.at(-1)
    if (last === undefined) break
    lastTurn = last.turn
  }
  for (const group of view.groups.values()) {
    const checkpoint = group.checkpoint?.value
    group.damage = checkGroup(group)
    if (checkpoint !== undefined && !stages.has(group.group, checkpoint)) {
      group.damage ??= `parts of the state of its checkpoint at ${checkpoint.applied} are missing`
    }
  }
  return { view, lastTurn }
}

function takeRow(view: RowsView, { turn, bytes }: DiskRow, checksum: Checksum): void {
  const frame = decodeRowFrame(bytes, checksum)
  if (!frame.ok) throw damagedRow(turn, frame.error.message)
  if (frame.value.turn !== turn) throw damagedRow(turn, `it says that it is of turn ${frame.value.turn}`)
  const parts: RowPart[] = []
  const damaged: (() => void)[] = []
  for (const one of frame.value.parts) {
    const part = decodeRowPart(one, checksum)
    if (part.ok) parts.push(part.value)
    else damaged.push(() => (view.viewOf(one.group).damage ??= `row of turn ${turn}: ${part.error.message}`))
  }
  view.take({ turn, parts }, bytes.length)
  for (const mark of damaged) mark()
}

/** The row can belong to any group, so none of them may be started. */
export function damagedRow(turn: Turn, what: string): FaultError {
  return new FaultError('store-damaged', `the row of turn ${turn} is damaged: ${what}`)
}
