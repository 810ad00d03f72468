import { compareOps, type PlanOp } from './operation.ts'
import { SortedList } from './sorted-list.ts'

/** From the task of the operation to the one that it names: it waits for it (REQUIRES), or points to it (LINK). */
export interface Edge {
  readonly kind: 'REQUIRES' | 'LINK'
  readonly from: string
  readonly to: string
  /** Of a LINK; empty for REQUIRES. */
  readonly relation: string
  readonly by: PlanOp
}

/** The edge that an operation makes; undefined for an operation that makes none. */
export function edgeOf(by: PlanOp): Edge | undefined {
  const { op } = by
  if (op.op_type === 'REQUIRES') {
    return { kind: 'REQUIRES', from: op.task_id, to: op.payload.requires, relation: '', by }
  }
  if (op.op_type === 'LINK') {
    const { to, relation } = op.payload
    return { kind: 'LINK', from: op.task_id, to, relation, by }
  }
  return undefined
}

function compareEdges(a: Edge, b: Edge): number {
  return compareOps(a.by, b.by)
}

/**
 * Edges of both kinds in one graph without cycles: considered in the order of their operations, each is left out that
 * would close a cycle with those that count before it. Which ones count follows from the set alone, not from the
 * order of arrival.
 *
 * An edge that closes no cycle with all that count, later ones included, changes nothing else: each of them closed none
 * before and closes none now, and who was left out is so still. Only otherwise is anything considered again, and then
 * only what comes later. Source: plan-and-storage.md, "Plan documents" (Merge rules).
 */
export class EdgeSet {
  readonly #all = new SortedList<Edge>(compareEdges)
  readonly #out = new Map<string, Edge[]>()
  readonly #in = new Map<string, Edge[]>()
  readonly #leftOut = new Set<Edge>()

  /** Edges that count and start at the task; a pair that two operations joined stands twice. */
  from(task: string): readonly Edge[] {
    return this.#out.get(task) ?? []
  }

  /** Edges that count and end at the task. */
  to(task: string): readonly Edge[] {
    return this.#in.get(task) ?? []
  }

  /** Edges that close a cycle, in the order of their operations. */
  get leftOut(): readonly Edge[] {
    return [...this.#leftOut].toSorted(compareEdges)
  }

  /** Edges that count, in the order of their operations. */
  get counted(): readonly Edge[] {
    return this.#all.items.filter((edge) => !this.#leftOut.has(edge))
  }

  /** Takes an edge in; those of which it changed whether they count, itself included when it counts. */
  add(edge: Edge): readonly Edge[] {
    const place = this.#all.add(edge)
    if (!this.reaches(edge.to, edge.from)) {
      this.#count(edge)
      return [edge]
    }
    if (this.pathBefore(edge) !== undefined) {
      this.#leftOut.add(edge)
      return []
    }
    return this.#reconsiderFrom(place)
  }

  /** True when edges that count lead from `start` to `goal`; from a task to itself they do. */
  reaches(start: string, goal: string): boolean {
    return this.#path(start, goal, undefined) !== undefined
  }

  /** Tasks on a way by edges that count and come before `edge`, from its end to its start: what it would close. */
  pathBefore(edge: Edge): readonly string[] | undefined {
    return this.#path(edge.to, edge.from, edge)
  }

  #path(start: string, goal: string, before: Edge | undefined): readonly string[] | undefined {
    const cameFrom = new Map<string, string | undefined>([[start, undefined]])
    // A Map goes on with what is added while it is walked: breadth first.
    for (const [task] of cameFrom) {
      if (task === goal) return wayTo(goal, cameFrom)
      for (const next of this.from(task)) {
        const isSeen = cameFrom.has(next.to)
        if (!isSeen && (before === undefined || compareEdges(next, before) < 0)) cameFrom.set(next.to, task)
      }
    }
    return undefined
  }

  #reconsiderFrom(place: number): readonly Edge[] {
    const later = this.#all.items.slice(place)
    const before = new Set(later.filter((edge) => this.#counts(edge)))
    for (const edge of before) this.#uncount(edge)
    for (const edge of later) {
      this.#leftOut.delete(edge)
      if (this.reaches(edge.to, edge.from)) this.#leftOut.add(edge)
      else this.#count(edge)
    }
    return later.filter((edge) => before.has(edge) !== this.#counts(edge))
  }

  #counts(edge: Edge): boolean {
    return this.from(edge.from).includes(edge)
  }

  #count(edge: Edge): void {
    insert(this.#out, edge.from, edge)
    insert(this.#in, edge.to, edge)
  }

  #uncount(edge: Edge): void {
    remove(this.#out, edge.from, edge)
    remove(this.#in, edge.to, edge)
  }
}

/** Keeps the list in the order of operations, so that ways are found alike whatever arrived first. */
function insert(lists: Map<string, Edge[]>, task: string, edge: Edge): void {
  const list = lists.get(task) ?? []
  const after = list.findLastIndex((other) => compareEdges(other, edge) < 0)
  list.splice(after + 1, 0, edge)
  lists.set(task, list)
}

function remove(lists: Map<string, Edge[]>, task: string, edge: Edge): void {
  const list = lists.get(task) ?? []
  list.splice(list.indexOf(edge), 1)
  if (list.length === 0) lists.delete(task)
}

function wayTo(goal: string, cameFrom: ReadonlyMap<string, string | undefined>): readonly string[] {
  const way: string[] = []
  for (let task: string | undefined = goal; task !== undefined; task = cameFrom.get(task)) way.push(task)
  return way.toReversed()
}
