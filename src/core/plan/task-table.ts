import type { PlanOperation } from '../../codec/payload/plan-patch.ts'
import type { NeedState } from '../bucket/transitions.ts'
import { isOpenForWork, type PlanState, planStateOf } from './need-state.ts'
import { compareOps, type PlanOp } from './operation.ts'

type PayloadOf<Type extends PlanOperation['op_type']> = Extract<PlanOperation, { op_type: Type }>['payload']

/** A task as its first ADD_TASK describes it. */
export type TaskText = PayloadOf<'ADD_TASK'>

/** True when both describe a task in the same words. */
export function describes(a: TaskText, b: TaskText): boolean {
  const isOfOneNeed = a.need_id?.toString() === b.need_id?.toString()
  return a.label === b.label && a.task_type === b.task_type && isOfOneNeed
}

/** What an operation says, with the operation. */
interface Holds<Payload extends object> {
  readonly by: PlanOp
  readonly payload: Payload
}

interface TaskRow {
  /** The first ADD_TASK in the order of operations; absent while only others speak of the task. */
  added?: Holds<TaskText>
  /** The last STATE. */
  state?: Holds<PayloadOf<'STATE'>>
  readonly produces: Set<string>
  /** The last ANNOTATE of each key. */
  readonly annotations: Map<string, Holds<PayloadOf<'ANNOTATE'>>>
}

/**
 * What operations say of each task by itself, without edges: ADD_TASK and PRODUCES only add, of two ADD_TASK the first in
 * the order of operations describes the task; the last STATE and the last ANNOTATE of a key stand.
 * Source: plan-and-storage.md, "Plan documents" (Merge rules).
 */
export class TaskTable {
  readonly #rows = new Map<string, TaskRow>()
  /** Tasks by the text of their need's id. */
  readonly #ofNeed = new Map<string, Set<string>>()
  readonly #needs = new Map<string, NeedState>()

  /** Tasks that were added, ascending. */
  ids(): readonly string[] {
    return [...this.#rows].flatMap(([id, { added }]) => (added === undefined ? [] : [id])).sort()
  }

  has(task: string): boolean {
    return this.#rows.get(task)?.added !== undefined
  }

  text(task: string): TaskText | undefined {
    return this.#rows.get(task)?.added?.payload
  }

  /** Its outputs' names, ascending. */
  produces(task: string): readonly string[] {
    return [...(this.#rows.get(task)?.produces ?? [])].sort()
  }

  /** Keys ascending. */
  annotations(task: string): readonly (readonly [key: string, value: string])[] {
    const rows = [...(this.#rows.get(task)?.annotations ?? [])]
    return rows.map(([key, { payload }]) => [key, payload.value] as const).sort(byKey)
  }

  /** That of its need, where there is one and its state is known; else what the last STATE says; else DRAFT. */
  state(task: string): PlanState {
    const need = this.#needOf(task)
    if (need !== undefined) return planStateOf(need)
    return this.#rows.get(task)?.state?.payload.state ?? 'DRAFT'
  }

  /** Whether somebody may take the task up, as far as its own state goes. */
  isOpen(task: string): boolean {
    const need = this.#needOf(task)
    if (need !== undefined) return isOpenForWork(need)
    const state = this.state(task)
    return state === 'DRAFT' || state === 'DECIDED'
  }

  /** Takes an operation in that makes no edge. */
  add(by: PlanOp): void {
    const row = this.#rowOf(by.op.task_id)
    const { op } = by
    switch (op.op_type) {
      case 'ADD_TASK':
        this.#describe(op.task_id, row, { by, payload: op.payload })
        return
      case 'STATE':
        row.state = lastOf(row.state, { by, payload: op.payload })
        return
      case 'PRODUCES':
        row.produces.add(op.payload.produces)
        return
      case 'ANNOTATE': {
        const { payload } = op
        row.annotations.set(payload.key, lastOf(row.annotations.get(payload.key), { by, payload }))
        return
      }
      case 'REQUIRES':
      case 'LINK':
        return
      default:
        op satisfies never
    }
  }

  /** The need's state in its bucket; the tasks that it is for. */
  setNeed(need: string, state: NeedState): readonly string[] {
    this.#needs.set(need, state)
    return [...(this.#ofNeed.get(need) ?? [])]
  }

  #describe(task: string, row: TaskRow, one: Holds<TaskText>): void {
    const before = needIn(row.added)
    row.added = firstOf(row.added, one)
    const need = needIn(row.added)
    if (before === need) return
    if (before !== undefined) this.#ofNeed.get(before)?.delete(task)
    if (need !== undefined) this.#ofNeed.set(need, (this.#ofNeed.get(need) ?? new Set()).add(task))
  }

  #needOf(task: string): NeedState | undefined {
    const need = needIn(this.#rows.get(task)?.added)
    return need === undefined ? undefined : this.#needs.get(need)
  }

  #rowOf(task: string): TaskRow {
    const known = this.#rows.get(task)
    if (known !== undefined) return known
    const row: TaskRow = { produces: new Set(), annotations: new Map() }
    this.#rows.set(task, row)
    return row
  }
}

function needIn(added: Holds<TaskText> | undefined): string | undefined {
  return added?.payload.need_id?.toString()
}

/** The first, or the last, in the order of operations; the same again changes nothing. */
function firstOf<Kept extends Holds<object>>(kept: Kept | undefined, one: Kept): Kept {
  return kept === undefined || compareOps(one.by, kept.by) < 0 ? one : kept
}

function lastOf<Kept extends Holds<object>>(kept: Kept | undefined, one: Kept): Kept {
  return kept === undefined || compareOps(one.by, kept.by) > 0 ? one : kept
}

function byKey([a]: readonly [string, string], [b]: readonly [string, string]): number {
  return a < b ? -1 : 1
}
