import { type Body, type Decoded, decodeModule, type FuncType, type Instr } from './decode.ts'
import { BINARY, bits32, bits64, Trap, UNARY, type Value } from './numeric.ts'

const PAGE = 65_536
const [F32, F64, I64] = [0x7d, 0x7c, 0x7e]

/** Instructions that cost nothing, as the doc comment of `meter` has it: block, loop, else, end. */
const FREE = new Set([0x02, 0x03, 0x05, 0x0b])

/** Width in bytes, signed, and whether the value is wide, of each load from 0x28 on. */
const LOADS: readonly (readonly [width: number, signed: boolean, wide: boolean])[] = [
  [4, true, false],
  [8, true, true],
  [4, true, false],
  [8, true, true],
  [1, true, false],
  [1, false, false],
  [2, true, false],
  [2, false, false],
  [1, true, true],
  [1, false, true],
  [2, true, true],
  [2, false, true],
  [4, true, true],
  [4, false, true],
]
/** Width of each store from 0x36 on. */
const STORES = [4, 8, 4, 8, 1, 2, 1, 2, 4]

export class Memory {
  bytes: Uint8Array
  readonly max: number

  constructor(pages: number, max: number) {
    this.bytes = new Uint8Array(pages * PAGE)
    this.max = max
  }

  grow(by: number): number {
    const pages = this.bytes.length / PAGE
    if (pages + by > this.max) return -1
    const bigger = new Uint8Array((pages + by) * PAGE)
    bigger.set(this.bytes)
    this.bytes = bigger
    return pages
  }
}

export type HostFunction = (...args: Value[]) => readonly Value[]
export type Host = Readonly<Record<string, Readonly<Record<string, HostFunction | Memory>>>>

interface Label {
  readonly arity: number
  readonly height: number
  /** Where a branch goes on. */
  readonly target: number
  readonly loop: boolean
}

/** An instance that counts what it executes. */
export class Machine {
  /** Instructions executed that cost something. */
  executed = 0
  /** Bytes that memory.grow asked for, and bytes that bulk instructions were asked to write. */
  grown = 0
  moved = 0
  readonly memory: Memory
  readonly globals: Value[]
  readonly #module: Decoded
  readonly #functions: (Body | HostFunction)[]
  readonly #table: number[]
  readonly #dropped = new Set<number>()

  constructor(bytes: Uint8Array, host: Host = {}, pagesMax = 65_536) {
    const module = decodeModule(bytes)
    this.#module = module
    const imported = module.imports.map(({ module: from, name }) => host[from]?.[name])
    this.#functions = [...imported.filter((each) => typeof each === 'function'), ...module.bodies]
    const { min, max } = module.memory ?? { min: 0, max: 0 }
    const given = imported.find((each) => each instanceof Memory)
    this.memory = given ?? new Memory(min, Math.min(max, pagesMax))
    this.globals = []
    for (const { init } of module.globals) this.globals.push(this.#constant(init))
    this.#table = Array<number>(module.tableSize).fill(-1)
    this.#fill()
    if (module.start !== undefined) this.#call(module.start, [])
  }

  #fill(): void {
    for (const { active, offset, functions } of this.#module.elements) {
      if (!active) continue
      const at = Number(this.#constant(offset)) >>> 0
      if (at + functions.length > this.#table.length) throw new Trap('table')
      functions.forEach((index, i) => (this.#table[at + i] = index))
    }
    this.#module.data.forEach(({ active, offset, bytes }, i) => {
      if (!active) return
      const at = Number(this.#constant(offset)) >>> 0
      if (at + bytes.length > this.memory.bytes.length) throw new Trap('memory')
      this.memory.bytes.set(bytes, at)
      this.#dropped.add(i)
    })
  }

  #constant(code: readonly Instr[]): Value {
    const [first] = code
    if (first === undefined) return 0
    return first.op === 0x23 ? (this.globals[Number(first.a)] as Value) : first.a
  }

  /** Calls an export. Values are bits, as everywhere here. */
  invoke(name: string, ...args: Value[]): readonly Value[] {
    const found = this.#module.exports.get(name)
    if (found?.kind !== 0) throw new Error(`no function ${name}`)
    return this.#call(found.index, args)
  }

  typeOf(name: string): FuncType {
    return this.#typeOf((this.#module.exports.get(name) as { index: number }).index)
  }

  #typeOf(index: number): FuncType {
    return this.#module.types[this.#module.functions[index] as number] as FuncType
  }

  #call(index: number, args: readonly Value[]): readonly Value[] {
    const body = this.#functions[index]
    if (typeof body === 'function') return body(...args)
    if (body === undefined) throw new Error(`no function ${index}`)
    const zeros = body.locals.map((type): Value => (type === I64 || type === F64 ? 0n : 0))
    return this.#run(body.code, [...args, ...zeros], this.#typeOf(index).results.length)
  }

  #run(code: readonly Instr[], locals: Value[], arity: number): readonly Value[] {
    const stack: Value[] = []
    const labels: Label[] = [{ arity, height: 0, target: code.length, loop: false }]
    let pc = 0
    const branch = (depth: number): void => {
      const at = labels.length - 1 - depth
      const label = labels[at] as Label
      const carried = label.arity === 0 ? [] : stack.slice(-label.arity)
      stack.length = label.height
      stack.push(...carried)
      pc = label.target
      labels.length = label.loop ? at + 1 : at
    }
    while (pc < code.length) {
      const instr = code[pc++] as Instr
      const { op, a } = instr
      if (!FREE.has(op)) this.executed++
      switch (op) {
        case 0x00:
          throw new Trap('unreachable')
        case 0x01:
          break
        case 0x02:
        case 0x03:
        case 0x04: {
          const { params, results } = instr.block as FuncType
          const taken = op === 0x04 ? stack.pop() !== 0 : true
          if (!taken && instr.otherwise < 0) {
            pc = instr.end + 1
            break
          }
          const height = stack.length - params.length
          const loop = op === 0x03
          const target = loop ? pc : instr.end + 1
          labels.push({ arity: (loop ? params : results).length, height, target, loop })
          if (!taken) pc = instr.otherwise + 1
          break
        }
        case 0x05:
          pc = instr.end + 1
          labels.pop()
          break
        case 0x0b:
          labels.pop()
          break
        case 0x0c:
          branch(a as number)
          break
        case 0x0d:
          if (stack.pop() !== 0) branch(a as number)
          break
        case 0x0e: {
          const targets = instr.labels as readonly number[]
          const index = (stack.pop() as number) >>> 0
          branch(targets[Math.min(index, targets.length - 1)] as number)
          break
        }
        case 0x0f:
          branch(labels.length - 1)
          break
        case 0x10:
          this.#callFrom(stack, a as number)
          break
        case 0x11:
          this.#callFrom(stack, this.#lookUp(stack.pop() as number, a as number))
          break
        case 0x1a:
          stack.pop()
          break
        case 0x1b:
        case 0x1c: {
          const condition = stack.pop()
          const second = stack.pop() as Value
          if (condition === 0) stack[stack.length - 1] = second
          break
        }
        case 0x20:
          stack.push(locals[a as number] as Value)
          break
        case 0x21:
          locals[a as number] = stack.pop() as Value
          break
        case 0x22:
          locals[a as number] = stack.at(-1) as Value
          break
        case 0x23:
          stack.push(this.globals[a as number] as Value)
          break
        case 0x24:
          this.globals[a as number] = stack.pop() as Value
          break
        case 0x41:
        case 0x42:
        case 0x43:
        case 0x44:
          stack.push(a)
          break
        default:
          this.#plain(instr, stack)
      }
    }
    return arity === 0 ? [] : stack.slice(-arity)
  }

  #callFrom(stack: Value[], index: number): void {
    const { params } = this.#typeOf(index)
    const args = params.length === 0 ? [] : stack.splice(-params.length)
    stack.push(...this.#call(index, args))
  }

  #lookUp(element: number, type: number): number {
    const index = this.#table[element >>> 0]
    if (index === undefined || index < 0) throw new Trap('no such element')
    const { types } = this.#module
    if (JSON.stringify(this.#typeOf(index)) !== JSON.stringify(types[type])) throw new Trap('another type')
    return index
  }

  /** Numbers and memory. */
  #plain(instr: Instr, stack: Value[]): void {
    const { op } = instr
    const unary = UNARY.get(op)
    if (unary !== undefined) return void stack.push(unary(stack.pop() as Value))
    const binary = BINARY.get(op)
    if (binary !== undefined) {
      const second = stack.pop() as Value
      return void stack.push(binary(stack.pop() as Value, second))
    }
    if (op >= 0x28 && op <= 0x35) return void stack.push(this.#load(instr, stack.pop() as number))
    if (op >= 0x36 && op <= 0x3e) {
      const value = stack.pop() as Value
      return this.#store(instr, stack.pop() as number, value)
    }
    if (op === 0x3f) return void stack.push(this.memory.bytes.length / PAGE)
    if (op === 0x40) {
      const pages = (stack.pop() as number) >>> 0
      this.grown += pages * PAGE
      return void stack.push(this.memory.grow(pages))
    }
    if (op === 0xfc09) return void this.#dropped.add(instr.a as number)
    this.#move(instr, stack)
  }

  #address(base: number, offset: number, width: number): number {
    const at = (base >>> 0) + offset
    if (at + width > this.memory.bytes.length) throw new Trap('out of bounds')
    return at
  }

  #load(instr: Instr, base: number): Value {
    const [width, signed, wide] = LOADS[instr.op - 0x28] as (typeof LOADS)[number]
    const at = this.#address(base, instr.a as number, width)
    let value = 0n
    for (let i = width; i-- > 0; ) value = (value << 8n) | BigInt(this.memory.bytes[at + i] as number)
    if (signed) value = BigInt.asIntN(width * 8, value)
    return wide ? BigInt.asIntN(64, value) : Number(BigInt.asIntN(32, value))
  }

  #store(instr: Instr, base: number, value: Value): void {
    const width = STORES[instr.op - 0x36] as number
    const at = this.#address(base, instr.a as number, width)
    let rest = BigInt.asUintN(64, BigInt(value))
    for (let i = 0; i < width; i++, rest >>= 8n) this.memory.bytes[at + i] = Number(rest & 0xffn)
  }

  /** memory.init, memory.copy, memory.fill. */
  #move(instr: Instr, stack: Value[]): void {
    const size = (stack.pop() as number) >>> 0
    const from = (stack.pop() as number) >>> 0
    const to = stack.pop() as number
    this.moved += size
    const { bytes } = this.memory
    if (instr.op === 0xfc0b) {
      const at = this.#address(to, 0, size)
      return void bytes.fill(from & 0xff, at, at + size)
    }
    const index = instr.a as number
    const empty = new Uint8Array(0)
    const segment = this.#dropped.has(index) ? empty : (this.#module.data[index]?.bytes ?? empty)
    const source = instr.op === 0xfc0a ? bytes : segment
    if (from + size > source.length) throw new Trap('out of bounds')
    bytes.set(source.slice(from, from + size), this.#address(to, 0, size))
  }
}

/** A JavaScript number or bigint as the bits of a value of the type. */
export function toBits(value: number | bigint, type: number): Value {
  if (type === F32) return bits32(Number(value))
  if (type === F64) return bits64(Number(value))
  return type === I64 ? BigInt(value) : Number(value) | 0
}
