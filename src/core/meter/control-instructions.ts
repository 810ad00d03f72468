import { type BodyState, labelTypes } from './body-state.ts'
import { EVENT } from './events.ts'
import { type ModuleView, typeOfFunction } from './module-view.ts'
import type { OperandStack } from './operand-stack.ts'
import { refuseType } from './read-types.ts'
import type { Reader } from './reader.ts'
import { refuseOpcode } from './refused-opcodes.ts'
import { F64, I32, isValueType } from './value-type.ts'

const EMPTY_BLOCK = 0x40
const NO_TYPES = new Uint8Array(0)
const SINGLES = [0x7c, 0x7d, 0x7e, 0x7f].map((type) => Uint8Array.of(type))

/** Blocks, branches and calls: where the code goes next. Each leaves an event. */
export class ControlInstructions {
  readonly #module: ModuleView
  readonly #branchTargetsMax: number
  readonly #reader: Reader
  readonly #state: BodyState
  readonly #operands: OperandStack

  constructor(module: ModuleView, branchTargetsMax: number, reader: Reader, state: BodyState) {
    this.#module = module
    this.#branchTargetsMax = branchTargetsMax
    this.#reader = reader
    this.#state = state
    this.#operands = state.operands
  }

  /** What follows the opcode; refuses one that is no such instruction. */
  read(code: number, at: number): void {
    const state = this.#state
    const operands = this.#operands
    switch (code) {
      case EVENT.unreachable:
        return state.leave(code, at, 0)
      case EVENT.block:
      case EVENT.loop:
      case EVENT.if:
        return this.#block(code, at)
      case EVENT.else:
        return state.else(at)
      case EVENT.end:
        return state.end(at)
      case EVENT.br:
        return this.#br(at)
      case EVENT.brIf:
        return this.#brIf(at)
      case EVENT.brTable:
        return this.#brTable(at)
      case EVENT.return:
        operands.popAll(state.results)
        return state.leave(code, at, 0)
      case EVENT.call:
        return this.#call(at)
      case EVENT.callIndirect:
        return this.#callIndirect(at)
      default:
        return refuseOpcode(this.#reader, code, false, at)
    }
  }

  #block(kind: number, at: number): void {
    const reader = this.#reader
    const type = reader.blockType()
    if (type >= 0) {
      const known = this.#module.types[type]
      if (known === undefined) return void reader.refuse('INVALID', `no type ${type}`)
      return this.#open(kind, at, known.params, known.results)
    }
    if (type === -EMPTY_BLOCK) return this.#open(kind, at, NO_TYPES, NO_TYPES)
    if (!isValueType(-type)) return refuseType(reader, -type)
    this.#open(kind, at, NO_TYPES, SINGLES[-type - F64] as Uint8Array)
  }

  #open(kind: number, at: number, params: Uint8Array, results: Uint8Array): void {
    if (kind === EVENT.if) this.#operands.pop(I32)
    this.#state.open(kind, at, params, results)
  }

  #br(at: number): void {
    const depth = this.#reader.u32()
    this.#operands.popAll(labelTypes(this.#state.label(depth)))
    this.#state.leave(EVENT.br, at, depth)
  }

  #brIf(at: number): void {
    const state = this.#state
    const operands = this.#operands
    const depth = this.#reader.u32()
    const label = state.label(depth)
    const types = labelTypes(label)
    operands.pop(I32)
    operands.popAll(types)
    state.event(EVENT.brIf, at, depth)
    operands.pushAll(types)
    state.reachByBranch(label)
  }

  #brTable(at: number): void {
    const reader = this.#reader
    const state = this.#state
    const operands = this.#operands
    operands.pop(I32)
    const count = reader.count()
    const max = this.#branchTargetsMax
    if (count > max) return void reader.refuse('LIMIT', `br_table with ${count} targets, ${max} allowed`)
    const first = state.label(reader.u32())
    const types = labelTypes(first)
    operands.check(types)
    state.reachByTable(first, first)
    for (let i = 0; i < count && reader.refusal === undefined; i++) {
      const label = state.label(reader.u32())
      if (labelTypes(label).length !== types.length)
        reader.refuse('INVALID', 'br_table to labels of different arity')
      operands.check(labelTypes(label))
      state.reachByTable(first, label)
    }
    operands.popAll(types)
    state.leave(EVENT.brTable, at, state.labelOf(first))
  }

  #call(at: number): void {
    const index = this.#reader.u32()
    if (index >= this.#module.functions.length)
      return void this.#reader.refuse('INVALID', `no function ${index}`)
    const { params, results } = typeOfFunction(this.#module, index)
    this.#operands.popAll(params)
    this.#state.callEvent(EVENT.call, at, index)
    this.#operands.pushAll(results)
  }

  #callIndirect(at: number): void {
    const reader = this.#reader
    const index = reader.u32()
    const table = reader.u32()
    const type = this.#module.types[index]
    if (table !== 0) return void reader.refuse('MULTI_TABLE', `call_indirect by table ${table}`)
    if (this.#module.tables === 0) return void reader.refuse('INVALID', 'no table')
    if (type === undefined) return void reader.refuse('INVALID', `no type ${index}`)
    this.#operands.pop(I32)
    this.#operands.popAll(type.params)
    this.#state.callEvent(EVENT.callIndirect, at, index)
    this.#operands.pushAll(type.results)
  }
}
