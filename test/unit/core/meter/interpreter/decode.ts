/**
 * Decodes modules for the interpreter. Written from the WebAssembly specification, "Binary Format", and on purpose with
 * nothing of src/core/meter. Modules are known to be valid: only what an interpreter needs is read.
 */
export interface FuncType {
  readonly params: readonly number[]
  readonly results: readonly number[]
}

export interface Instr {
  /** Opcode; those after 0xfc are 0xfc00 and their number. */
  readonly op: number
  /** Index, label depth, offset of a memory access, or value of a constant (floats by their bits). */
  readonly a: number | bigint
  /** Second index (data segment and such). */
  readonly b: number
  /** Labels of `br_table`, the default last. */
  readonly labels?: readonly number[]
  readonly block?: FuncType
  /** Of block, loop and if: where the matching `end` is, and `else` or -1. */
  end: number
  otherwise: number
}

export interface Body {
  readonly locals: readonly number[]
  readonly code: readonly Instr[]
}

export interface Import {
  readonly module: string
  readonly name: string
  readonly kind: number
  readonly type: number
}

export interface Segment {
  readonly active: boolean
  readonly offset: readonly Instr[]
  readonly bytes: Uint8Array
  readonly functions: readonly number[]
}

export interface Decoded {
  readonly types: FuncType[]
  readonly imports: Import[]
  /** Type of each function, imported ones first. */
  readonly functions: number[]
  readonly bodies: Body[]
  tableSize: number
  memory: { readonly min: number; readonly max: number } | undefined
  readonly globals: { readonly type: number; readonly init: readonly Instr[] }[]
  readonly exports: Map<string, { readonly kind: number; readonly index: number }>
  start: number | undefined
  readonly elements: Segment[]
  readonly data: Segment[]
}

const BLOCKS = new Set([0x02, 0x03, 0x04])

class Cursor {
  readonly bytes: Uint8Array
  at: number

  constructor(bytes: Uint8Array, at = 0) {
    this.bytes = bytes
    this.at = at
  }

  byte(): number {
    return this.bytes[this.at++] as number
  }

  u32(): number {
    let value = 0
    for (let shift = 0; ; shift += 7) {
      const byte = this.byte()
      value += (byte & 0x7f) * 2 ** shift
      if (byte < 0x80) return value
    }
  }

  signed(bits: number): bigint {
    let value = 0n
    for (let shift = 0n; ; shift += 7n) {
      const byte = this.byte()
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return BigInt.asIntN(Math.min(bits, Number(shift) + 7), value)
    }
  }

  take(size: number): Uint8Array {
    this.at += size
    return new Uint8Array(this.bytes.subarray(this.at - size, this.at)) // a copy, also of a Buffer
  }

  text(): string {
    return new TextDecoder().decode(this.take(this.u32()))
  }

  list<Item>(read: () => Item): Item[] {
    return Array.from({ length: this.u32() }, read)
  }
}

export function decodeModule(bytes: Uint8Array): Decoded {
  const module: Decoded = {
    types: [],
    imports: [],
    functions: [],
    bodies: [],
    tableSize: 0,
    memory: undefined,
    globals: [],
    exports: new Map(),
    start: undefined,
    elements: [],
    data: [],
  }
  const cursor = new Cursor(bytes, 8)
  while (cursor.at < bytes.length) {
    const id = cursor.byte()
    const size = cursor.u32()
    const end = cursor.at + size
    readSection(cursor, module, id)
    cursor.at = end
  }
  return module
}

function readSection(c: Cursor, module: Decoded, id: number): void {
  if (id === 1) module.types.push(...c.list(() => readType(c)))
  if (id === 2) c.list(() => readImport(c, module))
  if (id === 3) module.functions.push(...c.list(() => c.u32()))
  if (id === 4) c.list(() => readTable(c, module))
  if (id === 5) c.list(() => readMemory(c, module))
  if (id === 6)
    c.list(() => module.globals.push({ type: readGlobalType(c), init: readExpression(c, module) }))
  if (id === 7) c.list(() => module.exports.set(c.text(), { kind: c.byte(), index: c.u32() }))
  if (id === 8) module.start = c.u32()
  if (id === 9) c.list(() => module.elements.push(readElement(c, module)))
  if (id === 10) c.list(() => module.bodies.push(readBody(c, module)))
  if (id === 11) c.list(() => module.data.push(readData(c, module)))
}

function readType(c: Cursor): FuncType {
  c.byte()
  return { params: c.list(() => c.byte()), results: c.list(() => c.byte()) }
}

function readImport(c: Cursor, module: Decoded): void {
  const [from, name, kind] = [c.text(), c.text(), c.byte()]
  let type = 0
  if (kind === 0) module.functions.push((type = c.u32()))
  if (kind === 1) readTable(c, module)
  if (kind === 2) readMemory(c, module)
  if (kind === 3) module.globals.push({ type: readGlobalType(c), init: [] })
  module.imports.push({ module: from, name, kind, type })
}

function readTable(c: Cursor, module: Decoded): void {
  c.byte()
  module.tableSize = readLimits(c).min
}

function readMemory(c: Cursor, module: Decoded): void {
  module.memory = readLimits(c)
}

function readLimits(c: Cursor): { min: number; max: number } {
  const flags = c.byte()
  const min = c.u32()
  return { min, max: flags === 1 ? c.u32() : 65_536 }
}

function readGlobalType(c: Cursor): number {
  const type = c.byte()
  c.byte()
  return type
}

function readElement(c: Cursor, module: Decoded): Segment {
  const flags = c.u32()
  const active = (flags & 1) === 0
  if (active && (flags & 2) !== 0) c.u32()
  const offset = active ? readExpression(c, module) : []
  if ((flags & 3) !== 0) c.byte()
  const functions = c.list(() => {
    if ((flags & 4) === 0) return c.u32()
    const [first] = readExpression(c, module)
    return first?.op === 0xd2 ? Number(first.a) : -1
  })
  return { active, offset, functions, bytes: new Uint8Array(0) }
}

function readData(c: Cursor, module: Decoded): Segment {
  const flags = c.u32()
  if (flags === 2) c.u32()
  const offset = flags === 1 ? [] : readExpression(c, module)
  return { active: flags !== 1, offset, functions: [], bytes: c.take(c.u32()) }
}

function readBody(c: Cursor, module: Decoded): Body {
  c.u32()
  const locals = c.list(() => [c.u32(), c.byte()] as const)
  return {
    locals: locals.flatMap(([count, type]) => Array<number>(count).fill(type)),
    code: readExpression(c, module),
  }
}

/** Instructions up to the `end` that closes them, itself included. */
function readExpression(c: Cursor, module: Decoded): readonly Instr[] {
  const code: Instr[] = []
  const open: number[] = []
  for (;;) {
    const instr = readInstr(c, module)
    code.push(instr)
    const here = code.length - 1
    if (BLOCKS.has(instr.op)) open.push(here)
    if (instr.op === 0x05) (code[open.at(-1) as number] as Instr).otherwise = here
    if (instr.op !== 0x0b) continue
    const opener = open.pop()
    if (opener === undefined) return code
    ;(code[opener] as Instr).end = here
    const { otherwise } = code[opener] as Instr
    if (otherwise >= 0) (code[otherwise] as Instr).end = here
  }
}

function readInstr(c: Cursor, module: Decoded): Instr {
  const op = c.byte()
  if (BLOCKS.has(op)) return { ...plain(op), block: readBlockType(c, module) }
  if (op === 0x0e) return { ...plain(op), labels: c.list(() => c.u32()).concat(c.u32()) }
  if (op === 0x11) return { ...plain(op), a: c.u32(), b: c.u32() }
  if (op === 0x1c) return { ...plain(op), b: c.list(() => c.byte()).length }
  if (op === 0x41) return { ...plain(op), a: Number(c.signed(32)) }
  if (op === 0x42) return { ...plain(op), a: c.signed(64) }
  if (op === 0x43) return { ...plain(op), a: new DataView(c.take(4).buffer).getInt32(0, true) }
  if (op === 0x44) return { ...plain(op), a: new DataView(c.take(8).buffer).getBigInt64(0, true) }
  if (op >= 0x28 && op <= 0x3e) return { ...plain(op), b: c.u32(), a: c.u32() }
  if (op === 0xd0) return { ...plain(op), b: c.byte() }
  if (op === 0xfc) return readPrefixed(c)
  const indexed =
    (op >= 0x0c && op <= 0x10) || (op >= 0x20 && op <= 0x24) || op === 0x3f || op === 0x40 || op === 0xd2
  return indexed && op !== 0x0f ? { ...plain(op), a: c.u32() } : plain(op)
}

function readPrefixed(c: Cursor): Instr {
  const op = 0xfc00 + c.u32()
  if (op < 0xfc08) return plain(op)
  const a = c.u32()
  return { ...plain(op), a, b: op === 0xfc08 || op === 0xfc0a ? c.u32() : 0 }
}

function readBlockType(c: Cursor, module: Decoded): FuncType {
  const type = Number(c.signed(33))
  if (type >= 0) return module.types[type] as FuncType
  return { params: [], results: type === -64 ? [] : [type + 128] }
}

function plain(op: number): Instr {
  return { op, a: 0, b: 0, end: -1, otherwise: -1 }
}
