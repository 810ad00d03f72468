import { assert } from '../../model/fault.ts'
import type { ThreadId } from '../../model/ids.ts'
import type { NeedState } from '../bucket/transitions.ts'
import { type Edge, EdgeSet, edgeOf } from './edge-set.ts'
import { topologicalOrder, walk } from './graph.ts'
import { isFinished, type PlanState } from './need-state.ts'
import { compareOps, opKey, type PlanOp } from './operation.ts'
import { SortedList } from './sorted-list.ts'
import { TaskTable, type TaskText } from './task-table.ts'

/** An edge that was left out, and the way by earlier edges that it would have closed, from its end to its start. */
export interface Cycle {
  readonly edge: Edge
  readonly path: readonly string[]
}

/**
 * The plan of a thread: a fold over its verified operations, kept as they arrive, in any order and more than once, and
 * always the same for the same set of them. Nothing exclusive follows from it: that comes from a DECIDE.
 * Tasks that nobody added are in no list, though edges and states may speak of them already.
 * Source: plan-and-storage.md, "Plan documents"; lifecycle.md, "States".
 */
export class PlanView {
  readonly thread: ThreadId
  readonly #known = new Set<string>()
  readonly #ops = new SortedList<PlanOp>(compareOps)
  readonly #tasks = new TaskTable()
  readonly #edges = new EdgeSet()
  readonly #byState = new Map<PlanState, Set<string>>()
  readonly #stateOf = new Map<string, PlanState>()
  readonly #ready = new Set<string>()
  #order: readonly string[] | undefined

  constructor(thread: ThreadId) {
    this.thread = thread
  }

  /** Takes an operation in; its place in the order of operations, or undefined for one that is known. Asserts its thread. */
  add(op: PlanOp): number | undefined {
    assert(op.thread === this.thread, 'a plan is of one thread')
    const key = opKey(op)
    if (this.#known.has(key)) return undefined
    this.#known.add(key)
    const place = this.#ops.add(op)
    this.#tasks.add(op)
    this.#refresh(op.op.task_id)
    this.#addEdge(op)
    return place
  }

  /** What a need's bucket says of it now; `need` is the text of its id. */
  setNeed(need: string, state: NeedState): void {
    for (const task of this.#tasks.setNeed(need, state)) this.#refresh(task)
  }

  /** All operations, by lamport, actor, op_id. */
  get ops(): readonly PlanOp[] {
    return this.#ops.items
  }

  /** All tasks, ascending; all lists of tasks are. */
  tasks(): readonly string[] {
    return this.#tasks.ids()
  }

  has(task: string): boolean {
    return this.#tasks.has(task)
  }

  text(task: string): TaskText | undefined {
    return this.#tasks.text(task)
  }

  state(task: string): PlanState {
    return this.#tasks.state(task)
  }

  produces(task: string): readonly string[] {
    return this.#tasks.produces(task)
  }

  annotations(task: string): readonly (readonly [key: string, value: string])[] {
    return this.#tasks.annotations(task)
  }

  inState(state: PlanState): readonly string[] {
    return [...(this.#byState.get(state) ?? [])].sort()
  }

  /** Tasks that somebody may take up now: open for work, and nothing that they require is unfinished. */
  ready(): readonly string[] {
    return [...this.#ready].sort()
  }

  /** Edges that count, by their operations. */
  edges(): readonly Edge[] {
    return this.#edges.counted
  }

  /** What a task requires or links to. */
  children(task: string): readonly string[] {
    return this.#added(this.#edges.from(task).map(({ to }) => to))
  }

  /** What requires a task or links to it. */
  parents(task: string): readonly string[] {
    return this.#added(this.#edges.to(task).map(({ from }) => from))
  }

  /** Children, their children, and so on. */
  descendants(task: string): readonly string[] {
    return this.#added(walk(task, (at) => this.#edges.from(at).map(({ to }) => to)))
  }

  /** Parents, their parents, and so on. */
  ancestors(task: string): readonly string[] {
    return this.#added(walk(task, (at) => this.#edges.to(at).map(({ from }) => from)))
  }

  /** Every task after its descendants; of those that may stand next, the smallest id first. */
  topologicalOrder(): readonly string[] {
    this.#order ??= this.#sortTasks()
    return this.#order
  }

  /** Edges that were left out, by their operations. */
  cycles(): readonly Cycle[] {
    return this.#edges.leftOut.map((edge) => ({ edge, path: this.#edges.pathBefore(edge) ?? [] }))
  }

  /** True when an edge from one task to another would close a cycle with those that count. */
  closesCycle(from: string, to: string): boolean {
    return this.#edges.reaches(to, from)
  }

  #sortTasks(): readonly string[] {
    const counted = this.edges()
    // Ways lead through tasks that nobody added yet, too.
    const all = new Set([...this.tasks(), ...counted.flatMap(({ from, to }) => [from, to])])
    return topologicalOrder(all, counted).filter((task) => this.#tasks.has(task))
  }

  #addEdge(op: PlanOp): void {
    const edge = edgeOf(op)
    if (edge === undefined) return
    const changed = this.#edges.add(edge)
    if (changed.length > 0) this.#order = undefined
    for (const from of new Set(changed.map((one) => one.from))) this.#judgeReady(from)
  }

  /** Puts the task where its state belongs; who waits for it may be ready now, or no more. */
  #refresh(task: string): void {
    if (!this.#tasks.has(task)) return
    const before = this.#stateOf.get(task)
    const state = this.#tasks.state(task)
    if (before === undefined) this.#order = undefined
    if (before !== state) {
      if (before !== undefined) this.#byState.get(before)?.delete(task)
      this.#stateOf.set(task, state)
      this.#byState.set(state, (this.#byState.get(state) ?? new Set()).add(task))
      for (const { from } of this.#edges.to(task)) this.#judgeReady(from)
    }
    this.#judgeReady(task)
  }

  #judgeReady(task: string): void {
    if (this.#isReady(task)) this.#ready.add(task)
    else this.#ready.delete(task)
  }

  #isReady(task: string): boolean {
    if (!this.#tasks.has(task) || !this.#tasks.isOpen(task)) return false
    return this.#edges
      .from(task)
      .every(
        ({ kind, to }) => kind !== 'REQUIRES' || (this.#tasks.has(to) && isFinished(this.#tasks.state(to))),
      )
  }

  #added(tasks: Iterable<string>): readonly string[] {
    return [...new Set(tasks)].filter((task) => this.#tasks.has(task)).sort()
  }
}
