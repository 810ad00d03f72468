import { type GroupView, headOf } from './group-view.ts'

/**
 * Why a group must not be started from what its rows say; undefined when nothing is wrong. What only the engine can
 * judge (a membership that no changes lead to) it judges when it is opened. Source: raft-host-catalogue B3.
 */
export function checkGroup(view: GroupView): string | undefined {
  if (view.damage !== undefined) return view.damage
  if (view.head === undefined) return 'no row has its hard state'
  const { floor, last, commit, floorTerm } = view.head
  if (floor > last) return `its log begins after ${floor} and ends at ${last}`
  if (commit < floor || commit > last) return `commit ${commit} is outside of the log (${floor}, ${last}]`
  return checkCheckpoint(view) ?? checkRuns(view, floorTerm)
}

function checkCheckpoint(view: GroupView): string | undefined {
  const { floor, last, commit } = headOf(view)
  const checkpoint = view.checkpoint?.value
  if (checkpoint === undefined)
    return floor === 0 ? undefined : `its log begins after ${floor}, and no checkpoint holds what was before`
  const { applied } = checkpoint
  if (applied < floor || applied > last)
    return `its checkpoint at ${applied} is outside of the log (${floor}, ${last}]`
  return applied > commit ? `its checkpoint at ${applied} is beyond commit ${commit}` : undefined
}

function checkRuns(view: GroupView, floorTerm: number): string | undefined {
  const { floor, last, term } = headOf(view)
  let next = floor + 1
  let before = floorTerm
  for (const run of view.runs) {
    if (run.from !== next) return `no row has entries ${next} to ${run.from - 1}`
    next = run.to + 1
    for (const span of run.terms) {
      if (span.from > run.to) break
      if (span.term < before) return `entry ${span.from} has term ${span.term} after one of term ${before}`
      before = span.term
    }
  }
  if (next !== last + 1) return `no row has entries ${next} to ${last}`
  return before > term ? `its entries reach term ${before}, its hard state has ${term}` : undefined
}
