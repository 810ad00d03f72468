import { EVENT, type EventLog, LABEL_UNPAID, LOOP_CALLS, LOOP_PAID_BACK, labelOfBody } from './events.ts'
import type { Reader } from './reader.ts'
import { ANY, F32, nameOfType } from './value-type.ts'

const NO_TYPES = new Uint8Array(0)

/** No row of the log: an operand that no float operator made, a block in unreachable code, the body itself. */
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
 * The state of the validator within one body: operands with their types, open blocks, and the events written so far.
 * Source: WebAssembly specification, "Validation Algorithm" (appendix).
 */
export class BodyState {
  readonly #reader: Reader
  readonly #log: EventLog
  readonly #nestingMax: number
  readonly #types: Uint8Array
  /** For each operand the row of the float operator that made it, or NO_ROW. */
  readonly #makers: Int32Array
  #height = 0
  readonly #frames: Frame[] = []
  #frame: Frame = newFrame()
  #first = 0
  /** Blocks that are open, the body itself included. */
  depth = 0
  /** Instructions with a cost since the last event. */
  plain = 0
  operandsPeak = 0
  floats32 = false
  floats64 = false

  constructor(reader: Reader, log: EventLog, operandsMax: number, nestingMax: number) {
    this.#reader = reader
    this.#log = log
    this.#nestingMax = nestingMax
    this.#types = new Uint8Array(operandsMax)
    this.#makers = new Int32Array(operandsMax)
  }

  /** Starts a body that gives `results`. */
  start(results: Uint8Array): void {
    this.#height = 0
    this.#first = this.#log.count
    this.depth = 0
    this.plain = 0
    this.operandsPeak = 0
    this.floats32 = false
    this.floats64 = false
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
    this.#height = this.#frame.height
    this.#frame.unreachable = true
  }

  push(type: number, maker = NO_ROW): void {
    const height = this.#height
    if (height === this.#types.length)
      return void this.#reader.refuse('LIMIT', `more than ${height} operands`)
    this.#types[height] = type
    this.#makers[height] = maker
    this.#height = height + 1
    if (height >= this.operandsPeak) this.operandsPeak = height + 1
  }

  pushAll(types: Uint8Array): void {
    for (let i = 0; i < types.length; i++) this.push(types[i] as number)
  }

  /** Takes an operand whose bits can be seen from here on. */
  pop(type: number): void {
    const height = this.#height - 1
    if (height >= this.#frame.height && this.#types[height] === type && this.#makers[height] === NO_ROW) {
      this.#height = height
    } else this.#expect(type, this.popAny(true))
  }

  /** Takes an operand of which only whether it is NaN matters. */
  popUnseen(type: number): void {
    this.#expect(type, this.popAny(false))
  }

  #expect(type: number, actual: number): void {
    if (actual === type || actual === ANY) return
    this.#reader.refuse('INVALID', `expected ${nameOfType(type)}, found ${nameOfType(actual)}`)
  }

  popAll(types: Uint8Array): void {
    for (let i = types.length - 1; i >= 0; i--) this.pop(types[i] as number)
  }

  /** Takes an operand of any type and gives that; unreachable code has one of every type. */
  popAny(seen: boolean): number {
    if (this.#height === this.#frame.height) {
      if (!this.#frame.unreachable) this.#reader.refuse('INVALID', 'operand missing')
      return ANY
    }
    const height = --this.#height
    const type = this.#types[height] as number
    const maker = this.#makers[height] as number
    if (seen && maker !== NO_ROW) {
      this.#log.setAux(maker, 1)
      if (type === F32) this.floats32 = true
      else this.floats64 = true
    }
    return type
  }

  /** Checks the top operands and leaves them where they are. */
  check(types: Uint8Array): void {
    if (types.length === 0) return
    const found = Array.from(types, () => this.popAny(true)).toReversed()
    for (let i = 0; i < types.length; i++) {
      this.#expect(types[i] as number, found[i] as number)
      this.push(found[i] as number)
    }
  }

  /** Opens a block whose opcode and type have been read and whose condition, if it has one, was taken. */
  open(kind: number, at: number, params: Uint8Array, results: Uint8Array): void {
    this.popAll(params)
    this.#enter(kind, this.event(kind, at, 0), params, results)
    this.pushAll(params)
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
    frame.height = this.#height
    frame.unreachable = false
    frame.live = live
    frame.unpaid = false
    frame.calls = false
    this.#frame = frame
    this.depth++
  }

  else(at: number): void {
    const frame = this.#frame
    if (frame.kind !== EVENT.if) return void this.#reader.refuse('MALFORMED', 'else without if', at)
    this.#closeArm(frame)
    frame.kind = EVENT.else
    frame.unreachable = false
    if (frame.live) this.#row(EVENT.else, at, 0, frame.open)
    this.pushAll(frame.params)
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
    this.#frame = outer
    this.pushAll(frame.results)
  }

  #closeArm(frame: Frame): void {
    if (frame.unreachable) this.plain = 0
    this.popAll(frame.results)
    if (this.#height !== frame.height) this.#reader.refuse('INVALID', 'operands left at the end of a block')
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
