import { EVENT, type EventLog, LABEL_UNPAID, LOOP_CALLS, LOOP_PAID_BACK, labelOfBody } from './events.ts'
import { OperandStack } from './operand-stack.ts'
import type { Reader } from './reader.ts'

const NO_TYPES = new Uint8Array(0)

/** No row of the log: a block in unreachable code, the body itself. */
const NO_ROW = -1

/** A block that is open: what a label of the validator is, and what the meter keeps with it. */
export interface Frame {
  kind: number
  /** Row that opened it, or NO_ROW. */
  open: number
  params: Uint8Array
  results: Uint8Array
  /** Operands below its own. */
  height: number
  /** What is read now cannot be reached, for something before it in the block left. Has operands of any type. */
  unreachable: boolean
  /** False: the block stands in unreachable code. To the validator it is a block like any other. */
  live: boolean
  unpaid: boolean
  calls: boolean
}

/**
 * The state of the validator within one body: operands, open blocks, and the events written so far.
 * Source: WebAssembly specification, "Validation Algorithm" (appendix).
 */
export class BodyState {
  readonly #reader: Reader
  readonly #log: EventLog
  readonly #nestingMax: number
  readonly operands: OperandStack
  readonly #frames: Frame[] = []
  #frame: Frame = newFrame()
  #first = 0
  /** Blocks that are open, the body itself included. */
  depth = 0
  /** Instructions with a cost since the last event. */
  plain = 0

  constructor(reader: Reader, log: EventLog, operandsMax: number, nestingMax: number) {
    this.#reader = reader
    this.#log = log
    this.#nestingMax = nestingMax
    this.operands = new OperandStack(reader, log, operandsMax)
  }

  /** Starts a body that gives `results`. */
  start(results: Uint8Array): void {
    this.operands.clear()
    this.#first = this.#log.count
    this.depth = 0
    this.plain = 0
    this.#enter(0, NO_ROW, NO_TYPES, results)
  }

  /** Whether anything that was read so far changes the gas left elsewhere; asked once the body has ended. */
  get calls(): boolean {
    return this.#frame.calls
  }

  get results(): Uint8Array {
    return (this.#frames[0] as Frame).results
  }

  /** Adds a row where the code can be reached; gives its number, or NO_ROW. The instruction has been read whole. */
  event(op: number, at: number, aux: number): number {
    return this.#isReachable() ? this.#row(op, at, aux, NO_ROW) : NO_ROW
  }

  #isReachable(): boolean {
    return this.#frame.live && !this.#frame.unreachable
  }

  #row(op: number, at: number, aux: number, mate: number): number {
    const row = this.#log.push(op, at, this.#reader.at, this.plain, aux, mate)
    this.plain = 0
    return row
  }

  /** An event after which the gas left is no longer what the function knew. */
  callEvent(op: number, at: number, aux: number): void {
    this.event(op, at, aux)
    this.#frame.calls = true
  }

  /** An event after which nothing is reachable up to the end of its block. */
  leave(op: number, at: number, aux: number): void {
    this.event(op, at, aux)
    this.operands.height = this.operands.floor
    this.#setReachable(false)
  }

  /** Opens a block whose opcode and type have been read and whose condition, if it has one, was taken. */
  open(kind: number, at: number, params: Uint8Array, results: Uint8Array): void {
    this.operands.popAll(params)
    this.#enter(kind, this.event(kind, at, 0), params, results)
    this.operands.pushAll(params)
  }

  #enter(kind: number, open: number, params: Uint8Array, results: Uint8Array): void {
    const max = this.#nestingMax
    if (this.depth > max) return void this.#reader.refuse('LIMIT', `blocks nested deeper than ${max}`)
    const live = this.depth === 0 || this.#isReachable()
    const frame = (this.#frames[this.depth] ??= newFrame())
    frame.kind = kind
    frame.open = open
    frame.params = params
    frame.results = results
    frame.height = this.operands.height
    frame.unreachable = false
    frame.live = live
    frame.unpaid = false
    frame.calls = false
    this.#resume(frame)
    this.depth++
  }

  #resume(frame: Frame): void {
    this.#frame = frame
    this.operands.floor = frame.height
    this.operands.bottomless = frame.unreachable
  }

  #setReachable(reachable: boolean): void {
    this.#frame.unreachable = !reachable
    this.operands.bottomless = !reachable
  }

  else(at: number): void {
    const frame = this.#frame
    if (frame.kind !== EVENT.if) return void this.#reader.refuse('MALFORMED', 'else without if', at)
    this.#closeArm(frame)
    frame.kind = EVENT.else
    this.#setReachable(true)
    if (frame.live) this.#row(EVENT.else, at, 0, frame.open)
    this.operands.pushAll(frame.params)
  }

  end(at: number): void {
    const frame = this.#frame
    this.#closeArm(frame)
    if (frame.kind === EVENT.if && !equalTypes(frame.params, frame.results)) {
      this.#reader.refuse('INVALID', 'if without else changes the operands', at)
    }
    if (frame.live) this.#endEvent(frame, at)
    this.depth--
    if (this.depth === 0) return
    const outer = this.#frames[this.depth - 1] as Frame
    outer.calls ||= frame.calls
    this.#resume(outer)
    this.operands.pushAll(frame.results)
  }

  #closeArm(frame: Frame): void {
    if (frame.unreachable) this.plain = 0
    this.operands.popAll(frame.results)
    if (this.operands.height !== frame.height)
      this.#reader.refuse('INVALID', 'operands left at the end of a block')
  }

  #endEvent(frame: Frame, at: number): void {
    const row = this.#row(EVENT.end, at, frame.unpaid ? LABEL_UNPAID : 0, frame.open)
    if (frame.open === NO_ROW) return
    this.#log.setMate(frame.open, row)
    if (frame.kind !== EVENT.loop) return
    this.#log.setAux(frame.open, (frame.calls ? LOOP_CALLS : 0) | (frame.unpaid ? 0 : LOOP_PAID_BACK))
  }

  /** The block that a branch goes to; refuses a depth that there is not. */
  label(depth: number): Frame {
    const frame = depth < this.depth ? this.#frames[this.depth - 1 - depth] : undefined
    if (frame !== undefined) return frame
    this.#reader.refuse('INVALID', `no label ${depth}`)
    return this.#frame
  }

  /** A `br_if` goes to the label. It can pay only where it carries no operands, and not at all back to a loop. */
  reachByBranch(label: Frame): void {
    if (!this.#isReachable()) return
    if (label.kind === EVENT.loop || labelTypes(label).length > 0) label.unpaid = true
  }

  /** One `br_table` goes to both labels. */
  reachByTable(first: Frame, label: Frame): void {
    if (!this.#isReachable()) return
    if (label.kind === EVENT.loop) label.unpaid = true
    this.#log.joinLabels(this.labelOf(first), this.labelOf(label))
  }

  /** What the log knows a label by. */
  labelOf(frame: Frame): number {
    return frame.open === NO_ROW ? labelOfBody(this.#first) : frame.open
  }
}

/** What a branch to the label carries. */
export function labelTypes(frame: Frame): Uint8Array {
  return frame.kind === EVENT.loop ? frame.params : frame.results
}

function newFrame(): Frame {
  return {
    kind: 0,
    open: NO_ROW,
    params: NO_TYPES,
    results: NO_TYPES,
    height: 0,
    unreachable: false,
    live: true,
    unpaid: false,
    calls: false,
  }
}

function equalTypes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((type, i) => type === b[i])
}
