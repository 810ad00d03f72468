import { F32, I64 } from './value-type.ts'
import type { Writer } from './writer.ts'

const OP = {
  unreachable: 0x00,
  if: 0x04,
  end: 0x0b,
  select: 0x1b,
  localGet: 0x20,
  localSet: 0x21,
  localTee: 0x22,
  globalGet: 0x23,
  globalSet: 0x24,
  i32Const: 0x41,
  i64Const: 0x42,
  f32Const: 0x43,
  f64Const: 0x44,
  i32LtS: 0x48,
  i64LtS: 0x53,
  f32Eq: 0x5b,
  f64Eq: 0x61,
  i32Sub: 0x6b,
  i64Sub: 0x7d,
  i64Mul: 0x7e,
  i64ExtendI32U: 0xad,
} as const

/** A block that leaves nothing. */
const EMPTY_BLOCK = 0x40

/** The canonical NaN as the specification has it: sign clear, the top bit of the significand alone. */
const NAN_32 = Uint8Array.of(0x00, 0x00, 0xc0, 0x7f)
const NAN_64 = Uint8Array.of(0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xf8, 0x7f)

/** The code that the meter puts in, written at the end of `out`. */
export class GasCode {
  readonly #out: Writer
  readonly #gas: number
  readonly #stack: number

  /** `gas` and `stack`: indexes of the globals that hold what is left of each. */
  constructor(out: Writer, gas: number, stack: number) {
    this.#out = out
    this.#gas = gas
    this.#stack = stack
  }

  /**
   * Takes `cost` from the gas left, in the global and in `local`. `known`: the local holds it already, which saves the
   * wait for a store that was made just before.
   */
  charge(cost: number, local: number, known: boolean): void {
    if (known) this.#op(OP.localGet, local)
    else this.#op(OP.globalGet, this.#gas)
    this.#const64(cost)
    this.#out.byte(OP.i64Sub)
    this.#op(OP.localTee, local)
    this.#op(OP.globalSet, this.#gas)
  }

  loadGas(local: number): void {
    this.#op(OP.globalGet, this.#gas)
    this.#op(OP.localSet, local)
  }

  /** Traps when the gas left is below 0. */
  checkGas(local: number, known: boolean): void {
    if (known) this.#op(OP.localGet, local)
    else this.#op(OP.globalGet, this.#gas)
    this.#const64(0)
    this.#out.byte(OP.i64LtS)
    this.#trapIf()
  }

  /** Takes slots from the stack left, which `before` keeps as it was; traps when it falls below 0. */
  takeStack(slots: number, before: number): void {
    this.#op(OP.globalGet, this.#stack)
    this.#op(OP.localTee, before)
    this.#const32(slots)
    this.#out.byte(OP.i32Sub)
    this.#op(OP.globalSet, this.#stack)
    this.#op(OP.localGet, before)
    this.#const32(slots)
    this.#out.byte(OP.i32LtS)
    this.#trapIf()
  }

  giveStack(before: number): void {
    this.#op(OP.localGet, before)
    this.#op(OP.globalSet, this.#stack)
  }

  /** Puts the canonical NaN in the place of any NaN on the stack; `local` is of the same type. */
  canonicalNan(type: number, local: number): void {
    const out = this.#out
    this.#op(OP.localTee, local)
    out.byte(type === F32 ? OP.f32Const : OP.f64Const)
    out.copy(type === F32 ? NAN_32 : NAN_64)
    this.#op(OP.localGet, local)
    this.#op(OP.localGet, local)
    out.byte(type === F32 ? OP.f32Eq : OP.f64Eq)
    out.byte(OP.select)
  }

  /** A whole body of type i32 to i32: charges `price` for each unit of its operand, and gives the operand back. */
  chargeByOperand(price: number): void {
    const [operand, left] = [0, 1]
    this.#out.copy(Uint8Array.of(1, 1, I64))
    this.#op(OP.globalGet, this.#gas)
    this.#op(OP.localGet, operand)
    this.#out.byte(OP.i64ExtendI32U)
    this.#const64(price)
    this.#out.byte(OP.i64Mul)
    this.#out.byte(OP.i64Sub)
    this.#op(OP.localTee, left)
    this.#op(OP.globalSet, this.#gas)
    this.checkGas(left, true)
    this.#op(OP.localGet, operand)
    this.#out.byte(OP.end)
  }

  #trapIf(): void {
    this.#out.byte(OP.if)
    this.#out.byte(EMPTY_BLOCK)
    this.#out.byte(OP.unreachable)
    this.#out.byte(OP.end)
  }

  #op(op: number, index: number): void {
    this.#out.byte(op)
    this.#out.unsigned(index)
  }

  #const32(value: number): void {
    this.#out.byte(OP.i32Const)
    this.#out.signed(value)
  }

  #const64(value: number): void {
    this.#out.byte(OP.i64Const)
    this.#out.signed(value)
  }
}
