import { BodyState, labelTypes } from './body-state.ts'
import type { MeterLimits } from './config.ts'
import { EVENT, type EventLog } from './events.ts'
import { type ModuleView, typeOfFunction } from './module-view.ts'
import { BYTES4, BYTES8, MEMORY, NONE, OPCODES, type Opcode, S32, S64, SATURATING } from './opcodes.ts'
import { readValueType, refuseType } from './read-types.ts'
import type { Reader } from './reader.ts'
import { refusedOpcode } from './refused-opcodes.ts'
import { ANY, F32, F64, I32, isValueType } from './value-type.ts'

/** What is known of one body after a scan; its events are rows [first, last) of the log. */
export interface BodyFacts {
  readonly first: number
  readonly last: number
  /** Groups of locals that the body declares, where they start, and where the instructions do. */
  readonly localGroups: number
  readonly localsAt: number
  readonly codeAt: number
  readonly params: number
  /** Locals, parameters included. */
  readonly locals: number
  readonly operandsPeak: number
  /** Instructions, unreachable ones included. */
  readonly instructions: number
  /** Something in it changes the gas left elsewhere: a call, or an instruction that is paid by its operand. */
  readonly calls: boolean
  /** Some operator on f32, on f64, gives a NaN that can be seen. */
  readonly floats32: boolean
  readonly floats64: boolean
  readonly dropsData: boolean
}

const EMPTY_BLOCK = 0x40
const NO_TYPES = new Uint8Array(0)
const SINGLES = [0x7c, 0x7d, 0x7e, 0x7f].map((type) => Uint8Array.of(type))

/** Opcodes that the tables do not describe and that leave no event under their own number. */
const OP = {
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
  /** After the prefix. */
  memoryInit: 8,
  dataDrop: 9,
  memoryCopy: 10,
  memoryFill: 11,
} as const

/** Validates bodies and writes down their events. Unreachable instructions are checked and leave none. */
export class BodyScanner {
  readonly #module: ModuleView
  readonly #limits: MeterLimits
  readonly #reader: Reader
  readonly #log: EventLog
  readonly #state: BodyState
  readonly #locals: Uint8Array
  #localCount = 0
  #instructions = 0
  #dropsData = false

  constructor(module: ModuleView, limits: MeterLimits, reader: Reader, log: EventLog) {
    this.#module = module
    this.#limits = limits
    this.#reader = reader
    this.#log = log
    this.#state = new BodyState(reader, log, limits.operandsMax, limits.nestingMax)
    this.#locals = new Uint8Array(limits.localsMax)
  }

  /** Scans the body of function `index` at [at, end). A refusal is left in the reader. */
  scan(index: number, at: number, end: number): BodyFacts {
    const reader = this.#reader
    const state = this.#state
    const first = this.#log.count
    const { params, results } = typeOfFunction(this.#module, index)
    reader.at = at
    reader.end = end
    this.#instructions = 0
    this.#dropsData = false
    const localGroups = reader.count()
    const localsAt = reader.at
    this.#readLocals(params, localGroups)
    const codeAt = reader.at
    state.start(results)
    while (state.depth > 0 && reader.refusal === undefined) this.#instruction()
    if (reader.at !== end) reader.refuse('MALFORMED', 'bytes after the end of a body')
    return {
      first,
      last: this.#log.count,
      localGroups,
      localsAt,
      codeAt,
      params: params.length,
      locals: this.#localCount,
      operandsPeak: state.operandsPeak,
      instructions: this.#instructions,
      calls: state.calls,
      floats32: state.floats32,
      floats64: state.floats64,
      dropsData: this.#dropsData,
    }
  }

  #readLocals(params: Uint8Array, groups: number): void {
    const reader = this.#reader
    this.#localCount = 0
    this.#addLocals(params.length, 0)
    this.#locals.set(params.subarray(0, this.#localCount))
    for (let i = 0; i < groups && reader.refusal === undefined; i++) {
      const count = reader.u32()
      this.#addLocals(count, readValueType(reader))
    }
  }

  #addLocals(count: number, type: number): void {
    const total = this.#localCount + count
    const max = this.#limits.localsMax
    if (total > max) return void this.#reader.refuse('LIMIT', `${total} locals, ${max} allowed`)
    this.#locals.fill(type, this.#localCount, total)
    this.#localCount = total
  }

  #instruction(): void {
    const reader = this.#reader
    const state = this.#state
    const at = reader.at
    const code = reader.byte()
    this.#instructions++
    if (code === OP.localGet) return this.#local(code) // a third of all instructions
    const opcode = OPCODES[code]
    if (opcode !== undefined) return this.#apply(opcode, at)
    switch (code) {
      case OP.localSet:
      case OP.localTee:
        return this.#local(code)
      case OP.globalGet:
      case OP.globalSet:
        return this.#global(code)
      case OP.drop:
        state.plain++
        state.popAny(false)
        return
      case OP.select:
      case OP.selectTyped:
        return this.#select(code)
      case OP.nop:
        state.plain++
        return
      case OP.prefix:
        return this.#prefixed(at)
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
        state.popAll(state.results)
        return state.leave(code, at, 0)
      case EVENT.call:
        return this.#call(at)
      case EVENT.callIndirect:
        return this.#callIndirect(at)
      case EVENT.grow:
        this.#memory(reader.u32())
        state.pop(I32)
        state.callEvent(code, at, 0)
        return state.push(I32)
      default:
        return this.#refuse(code, false, at)
    }
  }

  #refuse(code: number, prefixed: boolean, at: number): void {
    const refused = refusedOpcode(code, prefixed)
    this.#reader.refuse(refused.code, refused.message, at)
  }

  /** An instruction that the tables describe. */
  #apply(opcode: Opcode, at: number): void {
    const state = this.#state
    const { takes, nan, puts } = opcode
    if (opcode.immediate !== NONE) this.#immediate(opcode)
    if (nan === '') for (let i = takes.length - 1; i >= 0; i--) state.pop(takes[i] as number)
    else for (let i = takes.length - 1; i >= 0; i--) state.popUnseen(takes[i] as number)
    if (nan === 'makes')
      return state.push(puts, state.event(puts === F32 ? EVENT.float32 : EVENT.float64, at, 0))
    state.plain++
    if (puts !== 0) state.push(puts)
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
    if (opcode !== undefined) return this.#apply(opcode, at)
    switch (code) {
      case OP.memoryInit:
        this.#dataSegment(reader.u32())
        this.#memory(reader.u32())
        return this.#move(at)
      case OP.dataDrop:
        this.#state.plain++
        this.#dropsData = true
        return this.#dataSegment(reader.u32())
      case OP.memoryCopy:
        this.#memory(reader.u32())
        this.#memory(reader.u32())
        return this.#move(at)
      case OP.memoryFill:
        this.#memory(reader.u32())
        return this.#move(at)
      default:
        return this.#refuse(code, true, at)
    }
  }

  #dataSegment(index: number): void {
    const { dataCount } = this.#module
    if (dataCount === undefined) this.#reader.refuse('MALFORMED', 'no data count section')
    else if (index >= dataCount) this.#reader.refuse('INVALID', `no data segment ${index}`)
  }

  #move(at: number): void {
    for (let i = 0; i < 3; i++) this.#state.pop(I32)
    this.#state.callEvent(EVENT.move, at, 0)
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
    if (kind === EVENT.if) this.#state.pop(I32)
    this.#state.open(kind, at, params, results)
  }

  #br(at: number): void {
    const depth = this.#reader.u32()
    this.#state.popAll(labelTypes(this.#state.label(depth)))
    this.#state.leave(EVENT.br, at, depth)
  }

  #brIf(at: number): void {
    const state = this.#state
    const depth = this.#reader.u32()
    const label = state.label(depth)
    const types = labelTypes(label)
    state.pop(I32)
    state.popAll(types)
    state.event(EVENT.brIf, at, depth)
    state.pushAll(types)
    state.reachByBranch(label)
  }

  #brTable(at: number): void {
    const reader = this.#reader
    const state = this.#state
    state.pop(I32)
    const count = reader.count()
    const max = this.#limits.branchTargetsMax
    if (count > max) return void reader.refuse('LIMIT', `br_table with ${count} targets, ${max} allowed`)
    const first = state.label(reader.u32())
    const types = labelTypes(first)
    state.check(types)
    state.reachByTable(first, first)
    for (let i = 0; i < count && reader.refusal === undefined; i++) {
      const label = state.label(reader.u32())
      if (labelTypes(label).length !== types.length)
        reader.refuse('INVALID', 'br_table to labels of different arity')
      state.check(labelTypes(label))
      state.reachByTable(first, label)
    }
    state.popAll(types)
    state.leave(EVENT.brTable, at, state.labelOf(first))
  }

  #call(at: number): void {
    const index = this.#reader.u32()
    if (index >= this.#module.functions.length)
      return void this.#reader.refuse('INVALID', `no function ${index}`)
    const { params, results } = typeOfFunction(this.#module, index)
    this.#state.popAll(params)
    this.#state.callEvent(EVENT.call, at, index)
    this.#state.pushAll(results)
  }

  #callIndirect(at: number): void {
    const reader = this.#reader
    const index = reader.u32()
    const table = reader.u32()
    const type = this.#module.types[index]
    if (table !== 0) return void reader.refuse('MULTI_TABLE', `call_indirect by table ${table}`)
    if (this.#module.tables === 0) return void reader.refuse('INVALID', 'no table')
    if (type === undefined) return void reader.refuse('INVALID', `no type ${index}`)
    this.#state.pop(I32)
    this.#state.popAll(type.params)
    this.#state.callEvent(EVENT.callIndirect, at, index)
    this.#state.pushAll(type.results)
  }

  #select(code: number): void {
    const reader = this.#reader
    const state = this.#state
    state.plain++
    state.pop(I32)
    if (code === OP.selectTyped) {
      const count = reader.count()
      if (count !== 1) return void reader.refuse('INVALID', `select of ${count} types`)
      const type = readValueType(reader)
      state.pop(type)
      state.pop(type)
      return state.push(type)
    }
    const second = state.popAny(true)
    const first = state.popAny(true)
    if (first !== second && first !== ANY && second !== ANY) reader.refuse('INVALID', 'select of two types')
    state.push(first === ANY ? second : first)
  }

  #local(code: number): void {
    const index = this.#reader.u32()
    if (index >= this.#localCount) return void this.#reader.refuse('INVALID', `no local ${index}`)
    const type = this.#locals[index] as number
    this.#state.plain++
    if (code !== OP.localGet) this.#state.pop(type)
    if (code !== OP.localSet) this.#state.push(type)
  }

  #global(code: number): void {
    const index = this.#reader.u32()
    const global = this.#module.globals[index]
    if (global === undefined) return void this.#reader.refuse('INVALID', `no global ${index}`)
    this.#state.plain++
    if (code === OP.globalGet) return this.#state.push(global.type)
    if (!global.mutable) this.#reader.refuse('INVALID', `global ${index} is not mutable`)
    this.#state.pop(global.type)
  }
}
