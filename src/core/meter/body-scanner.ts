import { BodyLocals } from './body-locals.ts'
import { BodyState } from './body-state.ts'
import type { MeterLimits } from './config.ts'
import { ControlInstructions } from './control-instructions.ts'
import { EVENT, type EventLog } from './events.ts'
import { type ModuleView, typeOfFunction } from './module-view.ts'
import { OPCODES } from './opcodes.ts'
import type { Reader } from './reader.ts'
import { OP, ValueInstructions } from './value-instructions.ts'

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

/** Opcodes up to here, but for `nop`, say where the code goes next. */
const CONTROL_LAST = EVENT.callIndirect

/** Validates bodies and writes down their events. Unreachable instructions are checked and leave none. */
export class BodyScanner {
  readonly #module: ModuleView
  readonly #reader: Reader
  readonly #log: EventLog
  readonly #state: BodyState
  readonly #locals: BodyLocals
  readonly #values: ValueInstructions
  readonly #control: ControlInstructions
  #instructions = 0

  constructor(module: ModuleView, limits: MeterLimits, reader: Reader, log: EventLog) {
    this.#module = module
    this.#reader = reader
    this.#log = log
    this.#state = new BodyState(reader, log, limits.operandsMax, limits.nestingMax)
    this.#locals = new BodyLocals(reader, limits.localsMax)
    this.#values = new ValueInstructions(module, reader, this.#state, this.#locals)
    this.#control = new ControlInstructions(module, limits.branchTargetsMax, reader, this.#state)
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
    this.#values.dropsData = false
    const localGroups = reader.count()
    const localsAt = reader.at
    this.#locals.read(params, localGroups)
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
      locals: this.#locals.count,
      operandsPeak: state.operands.peak,
      instructions: this.#instructions,
      calls: state.calls,
      floats32: state.operands.seesFloat32,
      floats64: state.operands.seesFloat64,
      dropsData: this.#values.dropsData,
    }
  }

  #instruction(): void {
    const reader = this.#reader
    const at = reader.at
    const code = reader.byte()
    this.#instructions++
    if (code === OP.localGet) return this.#values.local(code) // a third of all instructions
    const opcode = OPCODES[code]
    if (opcode !== undefined) return this.#values.apply(opcode, at)
    const isControl = code <= CONTROL_LAST && code !== OP.nop
    return isControl ? this.#control.read(code, at) : this.#values.read(code, at)
  }
}
