import type { BodyLocals } from './body-locals.ts'
import type { BodyState } from './body-state.ts'
import { EVENT } from './events.ts'
import type { ModuleView } from './module-view.ts'
import { BYTES4, BYTES8, MEMORY, NONE, type Opcode, S32, S64, SATURATING } from './opcodes.ts'
import type { OperandStack } from './operand-stack.ts'
import { readValueType } from './read-types.ts'
import type { Reader } from './reader.ts'
import { refuseOpcode } from './refused-opcodes.ts'
import { ANY, F32, I32 } from './value-type.ts'

/** Opcodes that the tables do not describe and that leave no event under their own number. */
export const OP = {
  nop: 0x01,
  drop: 0x1a,
  select: 0x1b,
  selectTyped: 0x1c,
  localGet: 0x20,
  localSet: 0x21,
  localTee: 0x22,
  globalGet: 0x23,
  globalSet: 0x24,
  prefix: 0xfc,
} as const

/** After the prefix. */
const PREFIXED = { memoryInit: 8, dataDrop: 9, memoryCopy: 10, memoryFill: 11 } as const

/** Instructions after which the next one follows: what they take and put. */
export class ValueInstructions {
  readonly #module: ModuleView
  readonly #reader: Reader
  readonly #state: BodyState
  readonly #operands: OperandStack
  readonly #locals: BodyLocals
  dropsData = false

  constructor(module: ModuleView, reader: Reader, state: BodyState, locals: BodyLocals) {
    this.#module = module
    this.#reader = reader
    this.#state = state
    this.#operands = state.operands
    this.#locals = locals
  }

  /** What follows the opcode; refuses one that is no such instruction. The tables' own go to `apply`. */
  read(code: number, at: number): void {
    const state = this.#state
    const operands = this.#operands
    switch (code) {
      case OP.localSet:
      case OP.localTee:
        return this.local(code)
      case OP.globalGet:
      case OP.globalSet:
        return this.#global(code)
      case OP.drop:
        state.plain++
        operands.popAny(false)
        return
      case OP.select:
      case OP.selectTyped:
        return this.#select(code)
      case OP.nop:
        state.plain++
        return
      case OP.prefix:
        return this.#prefixed(at)
      case EVENT.grow:
        this.#memory(this.#reader.u32())
        operands.pop(I32)
        state.callEvent(code, at, 0)
        return operands.push(I32)
      default:
        return refuseOpcode(this.#reader, code, false, at)
    }
  }

  #select(code: number): void {
    const reader = this.#reader
    const state = this.#state
    const operands = this.#operands
    state.plain++
    operands.pop(I32)
    if (code === OP.selectTyped) {
      const count = reader.count()
      if (count !== 1) return void reader.refuse('INVALID', `select of ${count} types`)
      const type = readValueType(reader)
      operands.pop(type)
      operands.pop(type)
      return operands.push(type)
    }
    const second = operands.popAny(true)
    const first = operands.popAny(true)
    if (first !== second && first !== ANY && second !== ANY) reader.refuse('INVALID', 'select of two types')
    operands.push(first === ANY ? second : first)
  }

  /** `code`: one of the three that read an index of a local. */
  local(code: number): void {
    const index = this.#reader.u32()
    const type = this.#locals.typeOf(index)
    if (type === undefined) return void this.#reader.refuse('INVALID', `no local ${index}`)
    this.#state.plain++
    if (code !== OP.localGet) this.#operands.pop(type)
    if (code !== OP.localSet) this.#operands.push(type)
  }

  #global(code: number): void {
    const index = this.#reader.u32()
    const global = this.#module.globals[index]
    if (global === undefined) return void this.#reader.refuse('INVALID', `no global ${index}`)
    this.#state.plain++
    if (code === OP.globalGet) return this.#operands.push(global.type)
    if (!global.mutable) this.#reader.refuse('INVALID', `global ${index} is not mutable`)
    this.#operands.pop(global.type)
  }

  /** An instruction that the tables describe. */
  apply(opcode: Opcode, at: number): void {
    const state = this.#state
    const operands = this.#operands
    const { takes, nan, puts } = opcode
    if (opcode.immediate !== NONE) this.#immediate(opcode)
    if (nan === '') for (let i = takes.length - 1; i >= 0; i--) operands.pop(takes[i] as number)
    else for (let i = takes.length - 1; i >= 0; i--) operands.popUnseen(takes[i] as number)
    if (nan === 'makes')
      return operands.push(puts, state.event(puts === F32 ? EVENT.float32 : EVENT.float64, at, 0))
    state.plain++
    if (puts !== 0) operands.push(puts)
  }

  #immediate({ immediate, align, name }: Opcode): void {
    const reader = this.#reader
    switch (immediate) {
      case MEMORY: {
        const exponent = reader.u32()
        if (exponent >= 0x40) reader.refuse('MULTI_MEMORY', `${name} with a memory index`)
        else if (exponent > align) reader.refuse('INVALID', `${name} aligned to 2^${exponent}`)
        reader.u32()
        return this.#memory(0)
      }
      case S32:
        return reader.skipSigned(32)
      case S64:
        return reader.skipSigned(64)
      case BYTES4:
        return reader.skip(4)
      case BYTES8:
        return reader.skip(8)
      default:
        return this.#memory(reader.u32())
    }
  }

  #memory(index: number): void {
    if (index !== 0) this.#reader.refuse('MULTI_MEMORY', `memory ${index}`)
    else if (this.#module.memory === undefined) this.#reader.refuse('INVALID', 'no memory')
  }

  #prefixed(at: number): void {
    const reader = this.#reader
    const code = reader.u32()
    const opcode = SATURATING[code]
    if (opcode !== undefined) return this.apply(opcode, at)
    switch (code) {
      case PREFIXED.memoryInit:
        this.#dataSegment(reader.u32())
        this.#memory(reader.u32())
        return this.#move(at)
      case PREFIXED.dataDrop:
        this.#state.plain++
        this.dropsData = true
        return this.#dataSegment(reader.u32())
      case PREFIXED.memoryCopy:
        this.#memory(reader.u32())
        this.#memory(reader.u32())
        return this.#move(at)
      case PREFIXED.memoryFill:
        this.#memory(reader.u32())
        return this.#move(at)
      default:
        return refuseOpcode(reader, code, true, at)
    }
  }

  #dataSegment(index: number): void {
    const { dataCount } = this.#module
    if (dataCount === undefined) this.#reader.refuse('MALFORMED', 'no data count section')
    else if (index >= dataCount) this.#reader.refuse('INVALID', `no data segment ${index}`)
  }

  #move(at: number): void {
    for (let i = 0; i < 3; i++) this.#operands.pop(I32)
    this.#state.callEvent(EVENT.move, at, 0)
  }
}
