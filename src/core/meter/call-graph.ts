import type { BodyFacts } from './body-scanner.ts'
import { EVENT, type EventLog } from './events.ts'
import { KIND, type ModuleView } from './module-view.ts'

/**
 * Who can call whom. Every cycle of calls holds a function that is `counted`: its entry takes slots from the stack
 * that is left and its exit gives them back. What lies between two counted ones has a depth that is known beforehand.
 */
export interface CallGraph {
  /** Functions with a body; what a function calls directly comes before it, unless that is counted. */
  readonly calleesFirst: readonly number[]
  /** By function index: 1 where entries are counted at run time. */
  readonly counted: Uint8Array
  /** By function index: slots of its own frame and of the frames that it can put above without counting. */
  readonly weights: Float64Array
}

/** What the engine pushes for each call, whatever the function holds: return address, frame, instance, markers. */
const FRAME_SLOTS = 8
/** An optimising compiler may keep a value of every few instructions alive across a call. */
const INSTRUCTIONS_PER_SLOT = 8

const NEW = 0
const OPEN = 1
const DONE = 2

/** Slots of 8 bytes that one frame of the function takes at most, in any tier of the engine. */
function frameSlots(facts: BodyFacts): number {
  const spilled = Math.ceil(facts.instructions / INSTRUCTIONS_PER_SLOT)
  return FRAME_SLOTS + facts.params + facts.locals + facts.operandsPeak + spilled
}

/** A cycle is closed by a call back to a function under way, which is counted, or by `call_indirect`, whose caller is. */
export function callGraph(module: ModuleView, bodies: readonly BodyFacts[], log: EventLog): CallGraph {
  const edges = new Edges(module, bodies, log)
  const counted = new Uint8Array(module.functions.length)
  const calleesFirst: number[] = []
  const find = new Walk(edges, {
    back: (caller, callee) => {
      counted[callee < counted.length ? callee : caller] = 1
    },
    leave: (node) => {
      if (edges.bodyOf(node) !== undefined) calleesFirst.push(node)
    },
    skip: () => false,
  })
  for (const { kind, index } of module.exports) if (kind === KIND.function) find.from(index)
  for (let index = module.importedFunctions; index < module.functions.length; index++) find.from(index)
  const weights = weigh(edges, counted, calleesFirst)
  return { calleesFirst, counted, weights }
}

/** Without the calls that enter a counted function no cycle is left, so a walk meets every callee before its caller. */
function weigh(edges: Edges, counted: Uint8Array, roots: readonly number[]): Float64Array {
  const weights = new Float64Array(edges.nodes)
  const bear = (caller: number, callee: number): void => {
    if (counted[callee] !== 1)
      weights[caller] = Math.max(weights[caller] as number, weights[callee] as number)
  }
  const walk = new Walk(edges, {
    back: () => {},
    leave: (node) => {
      const body = edges.bodyOf(node)
      if (body !== undefined) weights[node] = (weights[node] as number) + frameSlots(body)
    },
    skip: (_caller, callee) => counted[callee] === 1,
    bear,
  })
  for (const root of roots) walk.from(root)
  return weights
}

/** A node is a function, or a type: `call_indirect` of a type enters any function of that type in an element segment. */
class Edges {
  readonly nodes: number
  readonly #module: ModuleView
  readonly #bodies: readonly BodyFacts[]
  readonly #log: EventLog
  /** Functions in element segments, by type node. */
  readonly #members: number[][] = []
  /** Type node of each type index. */
  readonly #typeNodes: number[]

  constructor(module: ModuleView, bodies: readonly BodyFacts[], log: EventLog) {
    this.#module = module
    this.#bodies = bodies
    this.#log = log
    const functions = module.functions.length
    const nodes = new Map<string, number>()
    this.#typeNodes = module.typeTexts.map((text) => {
      const known = nodes.get(text) ?? functions + nodes.size
      nodes.set(text, known)
      return known
    })
    for (const index of [...module.tableFunctions].sort((a, b) => a - b)) {
      const node = this.#typeNodes[module.functions[index] as number] as number
      ;(this.#members[node - functions] ??= []).push(index)
    }
    this.nodes = functions + nodes.size
  }

  bodyOf(node: number): BodyFacts | undefined {
    return node < this.#module.functions.length
      ? this.#bodies[node - this.#module.importedFunctions]
      : undefined
  }

  /** Where the callees of a node start: a row of the log or a place in the list of members. */
  first(node: number): number {
    return this.bodyOf(node)?.first ?? 0
  }

  /** The place of the next callee from `place` on, or -1. */
  next(node: number, place: number): number {
    const body = this.bodyOf(node)
    if (body === undefined) {
      const members = this.#members[node - this.#module.functions.length]
      return place < (members?.length ?? 0) ? place : -1
    }
    for (let row = place; row < body.last; row++) {
      const op = this.#log.op(row)
      if (op === EVENT.call || op === EVENT.callIndirect) return row
    }
    return -1
  }

  callee(node: number, place: number): number {
    if (this.bodyOf(node) === undefined)
      return (this.#members[node - this.#module.functions.length] as number[])[place] as number
    const aux = this.#log.aux(place)
    return this.#log.op(place) === EVENT.call ? aux : (this.#typeNodes[aux] as number)
  }
}

interface Visitor {
  back(caller: number, callee: number): void
  leave(node: number): void
  skip(caller: number, callee: number): boolean
  bear?(caller: number, callee: number): void
}

/** Depth first, with its own stack: a chain of calls is as long as its author likes. */
class Walk {
  readonly #edges: Edges
  readonly #visitor: Visitor
  readonly #state: Uint8Array
  readonly #path: number[] = []
  readonly #place: number[] = []

  constructor(edges: Edges, visitor: Visitor) {
    this.#edges = edges
    this.#visitor = visitor
    this.#state = new Uint8Array(edges.nodes)
  }

  from(root: number): void {
    this.#enter(root)
    while (this.#path.length > 0) this.#advance()
  }

  #enter(node: number): void {
    if (this.#state[node] !== NEW) return
    this.#state[node] = OPEN
    this.#path.push(node)
    this.#place.push(this.#edges.first(node))
  }

  #advance(): void {
    const depth = this.#path.length - 1
    const node = this.#path[depth] as number
    const place = this.#edges.next(node, this.#place[depth] as number)
    if (place < 0) return this.#leave(node)
    this.#place[depth] = place + 1
    const callee = this.#edges.callee(node, place)
    if (this.#visitor.skip(node, callee)) return
    const state = this.#state[callee]
    if (state === NEW) return this.#enter(callee)
    if (state === OPEN) this.#visitor.back(node, callee)
    else this.#visitor.bear?.(node, callee)
  }

  #leave(node: number): void {
    this.#state[node] = DONE
    this.#path.pop()
    this.#place.pop()
    this.#visitor.leave(node)
    const caller = this.#path.at(-1)
    if (caller !== undefined) this.#visitor.bear?.(caller, node)
  }
}
