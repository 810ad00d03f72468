import {
  type Bytes,
  build,
  exported,
  F32,
  F64,
  type Func,
  f32Bytes,
  f64Bytes,
  I32,
  I64,
  leb,
  sleb,
} from './build.ts'
import type { Tape } from './tape.ts'

const TYPES = [I32, I64, F32, F64]
const EMPTY = 0x40

/** Global 0: what loops and calls back use up, so that every program ends. Globals 1 and 2: i64 and f64. */
const FUEL = 0
const FUEL_START = 120

/** Locals of each type in every function, behind its parameters; then one i32 for scratch. */
const LOCALS = [I32, I32, I64, I64, F32, F64, F64, I32]

/** Operators from two of a type to the same type, and from one. */
const BINARY: Readonly<Record<number, Bytes>> = {
  [I32]: [0x6a, 0x6b, 0x6c, 0x71, 0x72, 0x73, 0x74, 0x75, 0x76, 0x77, 0x78, 0x6e, 0x6f, 0x6d, 0x70],
  [I64]: [0x7c, 0x7d, 0x7e, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8a, 0x80, 0x81, 0x7f, 0x82],
  [F32]: [0x92, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98],
  [F64]: [0xa0, 0xa1, 0xa2, 0xa3, 0xa4, 0xa5, 0xa6],
}
const UNARY: Readonly<Record<number, Bytes>> = {
  [I32]: [0x67, 0x68, 0x69, 0x45, 0xc0, 0xc1],
  [I64]: [0x79, 0x7a, 0x7b, 0xc2, 0xc3, 0xc4],
  [F32]: [0x8b, 0x8c, 0x8d, 0x8e, 0x8f, 0x90, 0x91],
  [F64]: [0x99, 0x9a, 0x9b, 0x9c, 0x9d, 0x9e, 0x9f],
}
/** Opcodes that make the type of another: [other, opcode...]. */
const CONVERT: Readonly<Record<number, readonly (readonly [from: number, ...opcode: number[]])[]>> = {
  [I32]: [
    [I64, 0xa7],
    [F32, 0xbc],
    [F32, 0xfc, 0],
    [F32, 0xfc, 1],
    [F64, 0xfc, 2],
    [F64, 0xfc, 3],
    [F64, 0xaa],
    [F32, 0xa9],
  ],
  [I64]: [
    [I32, 0xac],
    [I32, 0xad],
    [F64, 0xbd],
    [F32, 0xfc, 4],
    [F32, 0xfc, 5],
    [F64, 0xfc, 6],
    [F64, 0xfc, 7],
    [F64, 0xb0],
    [F32, 0xaf],
  ],
  [F32]: [
    [I32, 0xb2],
    [I32, 0xb3],
    [I64, 0xb4],
    [I64, 0xb5],
    [F64, 0xb6],
    [I32, 0xbe],
  ],
  [F64]: [
    [I32, 0xb7],
    [I32, 0xb8],
    [I64, 0xb9],
    [I64, 0xba],
    [F32, 0xbb],
    [I64, 0xbf],
  ],
}
const COMPARE: Readonly<Record<number, Bytes>> = {
  [I32]: [0x46, 0x47, 0x48, 0x49, 0x4a, 0x4b, 0x4f],
  [I64]: [0x51, 0x52, 0x53, 0x54, 0x55, 0x58],
  [F32]: [0x5b, 0x5c, 0x5d, 0x5e, 0x5f, 0x60],
  [F64]: [0x61, 0x62, 0x63, 0x64, 0x65, 0x66],
}
/** Alignment exponents by opcode. */
const LOADS: Readonly<Record<number, readonly (readonly [opcode: number, align: number])[]>> = {
  [I32]: [
    [0x28, 2],
    [0x2c, 0],
    [0x2d, 0],
    [0x2e, 1],
    [0x2f, 0],
  ],
  [I64]: [
    [0x29, 3],
    [0x30, 0],
    [0x31, 0],
    [0x33, 1],
    [0x34, 2],
    [0x35, 0],
  ],
  [F32]: [[0x2a, 2]],
  [F64]: [[0x2b, 3]],
}
const STORES: Readonly<Record<number, readonly (readonly [opcode: number, align: number])[]>> = {
  [I32]: [
    [0x36, 2],
    [0x3a, 0],
    [0x3b, 1],
  ],
  [I64]: [
    [0x37, 0],
    [0x3c, 0],
    [0x3e, 2],
  ],
  [F32]: [[0x38, 0]],
  [F64]: [[0x39, 3]],
}
const ODD_FLOATS = [0, -0, 1.5, -1, Number.NaN, Infinity, -Infinity, 1e300, 5e-324, 3.4e38]

interface Label {
  readonly types: Bytes
  readonly loop: boolean
}

interface Signature {
  readonly params: Bytes
  readonly results: Bytes
}

/**
 * A module made of a tape of choices: functions that call one another, loops of every shape, branches with and without
 * operands, tables, memory and floats. It always validates, and every call of `run` ends, by returning or by a trap.
 */
export function program(tape: Tape): Uint8Array<ArrayBuffer> {
  const signatures: Signature[] = [{ params: [I32], results: [I64] }]
  const more = tape.below(4)
  for (let i = 0; i < more; i++) signatures.push(signature(tape))
  const funcs = signatures.map((_, i) => new FunctionMaker(tape, signatures, i).make())
  return build({
    funcs: funcs.map((func, i) => (i === 0 ? { ...func, export: 'run' } : func)),
    types: [
      [0x60, 1, I32, 1, I32],
      [0x60, 2, I32, F64, 2, F64, I32],
    ],
    memory: [1, 1, 3],
    table: [0x70, 0, ...leb(signatures.length)],
    globals: [
      [I32, 1, 0x41, ...sleb(FUEL_START), 0x0b],
      [I64, 1, 0x42, 7, 0x0b],
      [F64, 1, 0x44, ...f64Bytes(0.5), 0x0b],
    ],
    exports: [exported('memory', 2, 0), exported('fuel', 3, 0), exported('g1', 3, 1), exported('g2', 3, 2)],
    elements: [[0, 0x41, 0, 0x0b, ...leb(signatures.length), ...signatures.flatMap((_, i) => leb(i))]],
  })
}

function signature(tape: Tape): Signature {
  const params = Array.from({ length: tape.below(3) }, () => tape.pick(TYPES))
  const results = Array.from({ length: tape.pick([1, 0, 1, 2]) }, () => tape.pick(TYPES))
  return { params, results }
}

class FunctionMaker {
  readonly #tape: Tape
  readonly #signatures: readonly Signature[]
  readonly #index: number
  readonly #signature: Signature
  /** Labels that are open, the innermost last. */
  readonly #labels: Label[]

  constructor(tape: Tape, signatures: readonly Signature[], index: number) {
    this.#tape = tape
    this.#signatures = signatures
    this.#index = index
    this.#signature = signatures[index] as Signature
    this.#labels = [{ types: this.#signature.results, loop: false }]
  }

  make(): Func {
    const { params, results } = this.#signature
    const code = [...this.#statements(4), ...results.flatMap((type) => this.#expr(type, 3))]
    return { params, results, locals: LOCALS, code }
  }

  #statements(depth: number): number[] {
    return Array.from({ length: 1 + this.#tape.below(3) }, () => this.#statement(depth)).flat()
  }

  #statement(depth: number): number[] {
    if (this.#tape.ended) return []
    if (depth === 0) return this.#simple(1)
    switch (this.#tape.below(17)) {
      case 0:
      case 1:
      case 2:
        return this.#simple(2)
      case 3:
        return this.#if(depth)
      case 4:
        return [
          0x02,
          EMPTY,
          ...this.#inside({ types: [], loop: false }, () => this.#statements(depth - 1)),
          0x0b,
        ]
      case 5:
        return this.#bottomLoop(depth)
      case 6:
        return this.#topLoop(depth)
      case 7:
        return this.#ifLoop(depth)
      case 8:
      case 9:
        return this.#branch()
      case 10:
        return this.#branchIf()
      case 11:
        return this.#branchTable()
      case 12:
        return this.#callStatement()
      case 13:
        return this.#switch(depth)
      case 14:
        return this.#carryingLoop(depth)
      case 15:
        return this.#wideBlock()
      default:
        return this.#leave()
    }
  }

  /** A statement without control flow of its own. */
  #simple(depth: number): number[] {
    const tape = this.#tape
    const type = tape.pick(TYPES)
    switch (tape.below(9)) {
      case 0:
      case 1:
        return [...this.#expr(type, depth), 0x21, ...leb(this.#local(type))]
      case 2: {
        const [opcode, align] = tape.pick(STORES[type] as (typeof STORES)[number])
        return [...this.#address(), ...this.#expr(type, depth), opcode, align, tape.below(64)]
      }
      case 3:
        return [...this.#expr(type, depth), 0x1a]
      case 4:
        return [...this.#expr(I64, depth), 0x24, 1]
      case 5:
        return [...this.#expr(F64, depth), 0x24, 2]
      case 6:
        return [0x41, tape.below(3), 0x40, 0, 0x1a, 0x01]
      case 7:
        return [...this.#address(), ...this.#address(), ...this.#small(), 0xfc, 10, 0, 0]
      default:
        return [...this.#address(), ...this.#expr(I32, 1), ...this.#small(), 0xfc, 11, 0]
    }
  }

  #if(depth: number): number[] {
    const condition = this.#expr(I32, 2)
    const then = this.#inside({ types: [], loop: false }, () => this.#statements(depth - 1))
    if (this.#tape.below(2) === 0) return [...condition, 0x04, EMPTY, ...then, 0x0b]
    const otherwise = this.#inside({ types: [], loop: false }, () => this.#statements(depth - 1))
    return [...condition, 0x04, EMPTY, ...then, 0x05, ...otherwise, 0x0b]
  }

  /** do ... while: the branch back is conditional. */
  #bottomLoop(depth: number): number[] {
    const body = this.#inside({ types: [], loop: true }, () => [
      ...this.#statements(depth - 1),
      ...this.#expr(I32, 1),
      ...this.#fuelLeft(),
      0x71,
      0x0d,
      0,
    ])
    return [0x03, EMPTY, ...body, 0x0b]
  }

  /** while: left at the top, with a plain branch back. */
  #topLoop(depth: number): number[] {
    const body = this.#inside({ types: [], loop: false }, () =>
      this.#inside({ types: [], loop: true }, () => [
        ...this.#fuelLeft(),
        0x45,
        0x0d,
        1,
        ...this.#statements(depth - 1),
        0x0c,
        0,
      ]),
    )
    return [0x02, EMPTY, 0x03, EMPTY, ...body, 0x0b, 0x0b]
  }

  /** while, as an `if` in a loop. */
  #ifLoop(depth: number): number[] {
    const body = this.#inside({ types: [], loop: true }, () =>
      this.#inside({ types: [], loop: false }, () => [...this.#statements(depth - 1), 0x0c, 1]),
    )
    return [0x03, EMPTY, ...this.#fuelLeft(), 0x04, EMPTY, ...body, 0x0b, 0x0b]
  }

  /** A loop with a parameter, which the conditional branch back carries. */
  #carryingLoop(depth: number): number[] {
    const body = this.#inside({ types: [I32], loop: true }, () => [
      0x21,
      ...leb(this.#local(I32)),
      ...this.#statements(depth - 1),
      ...this.#expr(I32, 1),
      ...this.#fuelLeft(),
      0x0d,
      0,
    ])
    return [...this.#expr(I32, 1), 0x03, ...sleb(this.#signatures.length), ...body, 0x0b, 0x1a]
  }

  /** A block that takes two operands and gives two, some by a branch. */
  #wideBlock(): number[] {
    const operands = [...this.#expr(I32, 1), ...this.#expr(F64, 1)]
    const swapped = [0x21, ...leb(this.#local(F64)), 0x1a, ...this.#expr(F64, 1), ...this.#expr(I32, 1)]
    const branch = [...this.#expr(I32, 1), 0x0d, 0]
    return [...operands, 0x02, ...sleb(this.#signatures.length + 1), ...swapped, ...branch, 0x0b, 0x1a, 0x1a]
  }

  #branch(): number[] {
    const depth = this.#tape.below(this.#labels.length)
    const label = this.#label(depth)
    const jump = (extra: number): number[] => [
      ...label.types.flatMap((type) => this.#expr(type, 1)),
      0x0c,
      ...leb(depth + extra),
    ]
    if (!label.loop) return [...jump(0), ...this.#statement(1)]
    return [...this.#fuelLeft(), 0x04, EMPTY, ...jump(1), 0x0b]
  }

  #branchIf(): number[] {
    const depth = this.#tape.below(this.#labels.length)
    const label = this.#label(depth)
    const condition = label.loop ? [...this.#expr(I32, 1), ...this.#fuelLeft(), 0x71] : this.#expr(I32, 2)
    const operands = label.types.flatMap((type) => this.#expr(type, 1))
    return [...operands, ...condition, 0x0d, ...leb(depth), ...label.types.map(() => 0x1a)]
  }

  #branchTable(): number[] {
    const same = this.#labels.flatMap(({ types }, i) =>
      types.length === 0 ? [this.#labels.length - 1 - i] : [],
    )
    if (same.length === 0) return []
    const targets = Array.from({ length: 1 + this.#tape.below(4) }, () => this.#tape.pick(same) + 1)
    const jump = [
      ...this.#expr(I32, 1),
      0x0e,
      ...leb(targets.length - 1),
      ...targets.flatMap((to) => leb(to)),
    ]
    return [...this.#fuelLeft(), 0x04, EMPTY, ...jump, 0x0b]
  }

  /** switch: cases that fall into the next one or leave. */
  #switch(depth: number): number[] {
    const cases = 2 + this.#tape.below(3)
    for (let i = 0; i <= cases; i++) this.#labels.push({ types: [], loop: false })
    const table = Array.from({ length: cases + 1 }, (_, i) => i)
    const out = [...this.#expr(I32, 1), 0x41, 7, 0x71, 0x0e, ...leb(cases), ...table]
    for (let i = 0; i < cases; i++) {
      this.#labels.pop()
      out.push(0x0b, ...this.#statements(depth - 1))
      if (this.#tape.below(2) === 0) out.push(0x0c, ...leb(cases - 1 - i))
    }
    this.#labels.pop()
    return [...Array.from({ length: cases + 1 }, () => [0x02, EMPTY]).flat(), ...out, 0x0b]
  }

  #leave(): number[] {
    if (this.#tape.below(6) === 0) return [...this.#expr(I32, 2), 0x04, EMPTY, 0x00, 0x0b]
    const results = this.#signature.results.flatMap((type) => this.#expr(type, 1))
    const leave = [...results, 0x0f, ...this.#simple(1)]
    return [...this.#expr(I32, 2), 0x04, EMPTY, ...leave, 0x0b]
  }

  #callStatement(): number[] {
    const index = this.#tape.below(this.#signatures.length)
    const { params, results } = this.#signatures[index] as Signature
    const args = params.flatMap((type) => this.#expr(type, 1))
    const call =
      this.#tape.below(3) === 0 ? [0x41, ...sleb(index), 0x11, ...leb(index), 0] : [0x10, ...leb(index)]
    const whole = [...args, ...call, ...results.map(() => 0x1a)]
    const back = index <= this.#index || call[0] === 0x41
    return back ? [...this.#fuelLeft(), 0x04, EMPTY, ...whole, 0x0b] : whole
  }

  /** Uses up fuel; 1 while there is some. */
  #fuelLeft(): number[] {
    return [0x23, FUEL, 0x41, 1, 0x6b, 0x24, FUEL, 0x23, FUEL, 0x41, 0, 0x4a]
  }

  #inside(label: Label, make: () => number[]): number[] {
    this.#labels.push(label)
    const code = make()
    this.#labels.pop()
    return code
  }

  #label(depth: number): Label {
    return this.#labels[this.#labels.length - 1 - depth] as Label
  }

  #local(type: number): number {
    const { params } = this.#signature
    const all = [...params, ...LOCALS].flatMap((each, i) => (each === type ? [i] : []))
    return this.#tape.pick(all)
  }

  /** Most often inside of the memory. */
  #address(): number[] {
    if (this.#tape.below(40) === 39) return this.#expr(I32, 1)
    return [...this.#expr(I32, 1), 0x41, ...sleb(1023), 0x71]
  }

  #small(): number[] {
    return [...this.#expr(I32, 1), 0x41, ...sleb(63), 0x71]
  }

  #constant(type: number): number[] {
    const tape = this.#tape
    if (type === I32) return [0x41, ...sleb(tape.pick([0, 1, -1, 2, 100, 0x7fffffff, -0x80000000]))]
    if (type === I64) return [0x42, ...sleb(tape.pick([0n, 1n, -1n, 3n, 0x123456789n, -(2n ** 63n)]))]
    // also a NaN with a payload and a sign, which loads and constants are to keep
    if (type === F32)
      return [0x43, ...(tape.below(12) === 11 ? [1, 2, 0xa3, 0xff] : f32Bytes(tape.pick(ODD_FLOATS)))]
    const odd = [1, 2, 3, 4, 5, 6, 0xf4, 0xff]
    return [0x44, ...(tape.below(12) === 11 ? odd : f64Bytes(tape.pick(ODD_FLOATS)))]
  }

  #expr(type: number, depth: number): number[] {
    const tape = this.#tape
    if (tape.ended || depth === 0) return this.#leaf(type)
    switch (tape.below(12)) {
      case 0:
      case 1:
        return this.#leaf(type)
      case 2:
      case 3:
        return [
          ...this.#expr(type, depth - 1),
          ...this.#expr(type, depth - 1),
          tape.pick(BINARY[type] as Bytes),
        ]
      case 4:
        return [...this.#expr(type, depth - 1), tape.pick(UNARY[type] as Bytes)]
      case 5: {
        const [from, ...opcode] = tape.pick(CONVERT[type] as (typeof CONVERT)[number])
        return [...this.#expr(from, depth - 1), ...opcode]
      }
      case 6: {
        const [opcode, align] = tape.pick(LOADS[type] as (typeof LOADS)[number])
        return [...this.#address(), opcode, align, ...leb(tape.pick([0, 8, 500]))]
      }
      case 7:
        return [
          ...this.#expr(type, depth - 1),
          ...this.#expr(type, depth - 1),
          ...this.#expr(I32, depth - 1),
          0x1b,
        ]
      case 8: {
        const then = this.#expr(type, depth - 1)
        const otherwise = this.#expr(type, depth - 1)
        return [...this.#expr(I32, depth - 1), 0x04, type, ...then, 0x05, ...otherwise, 0x0b]
      }
      case 9: {
        const early = [...this.#expr(type, depth - 1), ...this.#expr(I32, depth - 1), 0x0d, 0, 0x1a]
        return [0x02, type, ...early, ...this.#expr(type, depth - 1), 0x0b]
      }
      case 10:
        return this.#other(type, depth)
      default:
        return [...this.#expr(type, depth - 1), 0x22, ...leb(this.#local(type))]
    }
  }

  #other(type: number, depth: number): number[] {
    const other = this.#tape.pick(TYPES)
    if (type === I32) {
      const compare = this.#tape.pick(COMPARE[other] as Bytes)
      return [...this.#expr(other, depth - 1), ...this.#expr(other, depth - 1), compare]
    }
    const index = this.#signatures.findIndex(
      ({ results }, i) => i > this.#index && results.length === 1 && results[0] === type,
    )
    if (index < 0) return this.#leaf(type)
    const { params } = this.#signatures[index] as Signature
    return [...params.flatMap((each) => this.#expr(each, depth - 1)), 0x10, ...leb(index)]
  }

  #leaf(type: number): number[] {
    if (type === I64 && this.#tape.below(8) === 7) return [0x23, 1]
    if (type === F64 && this.#tape.below(8) === 7) return [0x23, 2]
    return this.#tape.below(2) === 0 ? this.#constant(type) : [0x20, ...leb(this.#local(type))]
  }
}
