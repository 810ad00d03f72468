import type { GroupId } from '../../model/raft.ts'
import type { Outcome } from '../../model/replicated.ts'
import { Violation } from './violation.ts'

/** What a caller asked of a group. */
export type Ask =
  | { readonly kind: 'put'; readonly cell: string; readonly value: string }
  | { readonly kind: 'add' }
  | { readonly kind: 'read'; readonly cell: string }

/** What it got: `seen` is what the cell holds (absent: undefined), or the counter after its own addition. */
export type Got =
  | { readonly kind: 'took'; readonly count?: number }
  | { readonly kind: 'seen'; readonly value: string | undefined }
  | { readonly kind: 'nothing' }

/** One operation of a recorded history. Times are of one clock, and no two are equal. */
export interface Operation {
  readonly group: GroupId
  readonly ask: Ask
  readonly begun: number
  /** Infinity: nobody knows whether it had an effect. */
  ended: number
  got: Got | undefined
}

/**
 * Whether a history of cells that are set once is linearizable, cell by cell. With one possible write that wins, a
 * point in time for it is all that is to be found: after it and everyone who saw nothing began, before it and everyone
 * who saw it ended. Such a point exists exactly if the history is linearizable. Throws Violation.
 * Source: Herlihy and Wing, "Linearizability", 1990; locality lets each cell be checked alone.
 */
export function checkCells(history: readonly Operation[]): void {
  const byCell = Map.groupBy(
    history.filter(({ ask }) => ask.kind !== 'add'),
    ({ group, ask }) => `${group} ${ask.kind === 'add' ? '' : ask.cell}`,
  )
  for (const [cell, operations] of byCell) checkCell(cell, operations)
}

function checkCell(cell: string, operations: readonly Operation[]): void {
  const takers = operations.filter(({ ask, got }) => ask.kind === 'put' && got?.kind === 'took')
  const seers = operations.filter(({ got }) => got?.kind === 'seen' && got.value !== undefined)
  const values = new Set([...takers, ...seers].map(valueOf))
  if (takers.length > 1) throw new Violation('linearizable', `cell ${cell}: set twice`)
  if (values.size > 1) throw new Violation('linearizable', `cell ${cell}: ${[...values].join(' and ')}`)
  const [value] = values
  if (value === undefined) return
  const writer = operations.find(({ ask }) => ask.kind === 'put' && ask.value === value)
  if (writer === undefined) throw new Violation('linearizable', `cell ${cell}: nobody wrote ${value}`)
  if (writer.got?.kind === 'seen')
    throw new Violation('linearizable', `cell ${cell}: its writer was refused by it`)
  const empty = operations.filter(({ got }) => got?.kind === 'seen' && got.value === undefined)
  const earliest = Math.max(writer.begun, ...empty.map(({ begun }) => begun))
  const latest = Math.min(writer.ended, ...seers.map(({ ended }) => ended))
  if (earliest >= latest) {
    throw new Violation('linearizable', `cell ${cell}: seen empty at ${earliest}, full at ${latest}`)
  }
}

function valueOf({ ask, got }: Operation): string | undefined {
  if (got?.kind === 'seen') return got.value
  return ask.kind === 'put' ? ask.value : undefined
}

/** Additions of one each that were told the sum: all different, and in the order of time. Throws Violation. */
export function checkCounter(history: readonly Operation[]): void {
  const byGroup = Map.groupBy(
    history.filter(({ ask, got }) => ask.kind === 'add' && got?.kind === 'took'),
    ({ group }) => group,
  )
  for (const [group, additions] of byGroup) {
    const sorted = additions.toSorted((a, b) => countOf(a) - countOf(b))
    let latestBegun = Number.NEGATIVE_INFINITY
    for (const [at, one] of sorted.entries()) {
      const before = sorted[at - 1]
      if (before !== undefined && countOf(before) === countOf(one)) {
        throw new Violation('linearizable', `counter of group ${group}: ${countOf(one)} twice`)
      }
      if (one.ended < latestBegun) {
        throw new Violation(
          'linearizable',
          `counter of group ${group}: ${countOf(one)} ended before a smaller one began`,
        )
      }
      latestBegun = Math.max(latestBegun, one.begun)
    }
  }
}

function countOf({ got }: Operation): number {
  return got?.kind === 'took' ? (got.count ?? 0) : 0
}

/** What an outcome says that the operation did; undefined while nobody knows. */
export function gotOf(ask: Ask, outcome: Outcome): Got | undefined {
  if (outcome.kind !== 'settled') return undefined
  const { verdict } = outcome
  if (verdict.kind === 'applied') {
    const text = new TextDecoder().decode(verdict.result)
    return ask.kind === 'add' ? { kind: 'took', count: Number(text) } : { kind: 'took' }
  }
  return verdict.code === 'CONFLICT' ? { kind: 'seen', value: verdict.message } : { kind: 'nothing' }
}
