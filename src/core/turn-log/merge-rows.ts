import type { RowPart, TurnRow } from '../../codec/turn/row.ts'
import type { GroupId } from '../../model/raft.ts'
import type { Turn } from '../../model/turn.ts'
import type { Entry } from '../../ports/consensus-group.ts'
import type { Note } from '../../ports/turn-store.ts'
import type { GroupView, Held } from './group-view.ts'
import type { RowsView } from './rows-view.ts'

/**
 * What is still needed of rows that follow one another, as one row in the last one's place; undefined when nothing
 * is. Ascending, none missing between the first and the last. The rows before and after say the same as before:
 * nothing is moved past a row that has something later.
 */
export function mergeRows(view: RowsView, rows: readonly TurnRow[]): TurnRow | undefined {
  const last = rows.at(-1)
  if (last === undefined) return undefined
  const turns = new Set(rows.map(({ turn }) => turn))
  const groups = new Set(rows.flatMap(({ parts }) => parts.map(({ group }) => group)))
  const parts = [...groups]
    .sort((a, b) => a - b)
    .map((group) => mergedPart(view, rows, turns, group))
    .filter((part) => part !== undefined)
  return parts.length === 0 ? undefined : { turn: last.turn, parts }
}

function mergedPart(
  { groups, forgotten }: RowsView,
  rows: readonly TurnRow[],
  turns: ReadonlySet<Turn>,
  group: GroupId,
): RowPart | undefined {
  const forgottenAt = forgotten.get(group)
  const view = groups.get(group)
  const part = {
    group,
    forget: forgottenAt !== undefined && turns.has(forgottenAt),
    head: view && heldIn(view.stable, turns),
    checkpoint: view && heldIn(view.checkpoint, turns),
    entries: view === undefined ? [] : neededEntries(view, rows),
    notes: view === undefined ? [] : neededNotes(view, turns),
  }
  const isNeeded = part.forget || part.head !== undefined || part.checkpoint !== undefined
  return isNeeded || part.entries.length + part.notes.length > 0 ? part : undefined
}

function heldIn<Value>(held: Held<Value> | undefined, turns: ReadonlySet<Turn>): Value | undefined {
  return held !== undefined && turns.has(held.turn) ? held.value : undefined
}

/** Runs ascend with their rows, so those of rows that follow one another are one piece of the log. */
function neededEntries(view: GroupView, rows: readonly TurnRow[]): readonly Entry[] {
  const entries: Entry[] = []
  for (const { turn, parts } of rows) {
    const run = view.runs.find((one) => one.turn === turn)
    const part = run && parts.find(({ group }) => group === view.group)
    if (run === undefined || part === undefined) continue
    for (const entry of part.entries) {
      if (run.from <= entry.index && entry.index <= run.to) entries.push(entry)
    }
  }
  return entries
}

function neededNotes(view: GroupView, turns: ReadonlySet<Turn>): readonly Note[] {
  return [...view.notes.values()]
    .filter(({ turn }) => turns.has(turn))
    .map(({ value }) => value)
    .sort((a, b) => a.kind - b.kind)
}
