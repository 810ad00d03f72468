import type { EventLog } from './events.ts'
import type { Reader } from './reader.ts'
import { ANY, F32, nameOfType } from './value-type.ts'

/** No row of the log: an operand that no float operator made. */
const NO_ROW = -1

/**
 * The operands of one body by their types, and of each that a float operator made that operator's row: once its bits
 * can be seen, the row is marked. Source: WebAssembly specification, "Validation Algorithm" (appendix).
 */
export class OperandStack {
  readonly #reader: Reader
  readonly #log: EventLog
  readonly #types: Uint8Array
  /** For each operand the row of the float operator that made it, or NO_ROW. */
  readonly #makers: Int32Array
  height = 0
  /** Operands below are of the blocks around the one that is open. */
  floor = 0
  /** The code cannot be reached: at the floor there is one operand more, of any type. */
  bottomless = false
  /** Most operands so far. */
  peak = 0
  /** The bits of some f32, of some f64, that an operator made can be seen. */
  seesFloat32 = false
  seesFloat64 = false

  constructor(reader: Reader, log: EventLog, operandsMax: number) {
    this.#reader = reader
    this.#log = log
    this.#types = new Uint8Array(operandsMax)
    this.#makers = new Int32Array(operandsMax)
  }

  /** Empty, for the next body. */
  clear(): void {
    this.height = 0
    this.peak = 0
    this.seesFloat32 = false
    this.seesFloat64 = false
  }

  /** `maker`: row of the float operator that gives the operand. */
  push(type: number, maker = NO_ROW): void {
    const height = this.height
    if (height === this.#types.length)
      return void this.#reader.refuse('LIMIT', `more than ${height} operands`)
    this.#types[height] = type
    this.#makers[height] = maker
    this.height = height + 1
    if (height >= this.peak) this.peak = height + 1
  }

  pushAll(types: Uint8Array): void {
    for (let i = 0; i < types.length; i++) this.push(types[i] as number)
  }

  /** Takes an operand whose bits can be seen from here on. */
  pop(type: number): void {
    const height = this.height - 1
    if (height >= this.floor && this.#types[height] === type && this.#makers[height] === NO_ROW) {
      this.height = height
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
    if (this.height === this.floor) {
      if (!this.bottomless) this.#reader.refuse('INVALID', 'operand missing')
      return ANY
    }
    const height = --this.height
    const type = this.#types[height] as number
    const maker = this.#makers[height] as number
    if (seen && maker !== NO_ROW) {
      this.#log.setAux(maker, 1)
      if (type === F32) this.seesFloat32 = true
      else this.seesFloat64 = true
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
}
