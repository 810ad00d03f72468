/** Puts modules together byte by byte: no text format, no tool. Source: WebAssembly specification, "Binary Format". */
export type Bytes = readonly number[]

export const I32 = 0x7f
export const I64 = 0x7e
export const F32 = 0x7d
export const F64 = 0x7c

export interface Func {
  readonly params?: Bytes
  readonly results?: Bytes
  readonly locals?: Bytes
  /** Instructions without the last `end`. */
  readonly code: Bytes
  readonly export?: string
}

export interface Parts {
  readonly imports?: readonly Bytes[]
  /** How many of the imports are functions: their types come first. */
  readonly importedTypes?: readonly { readonly params: Bytes; readonly results: Bytes }[]
  /** Types besides those of the functions, behind them. */
  readonly types?: readonly Bytes[]
  readonly funcs?: readonly Func[]
  readonly table?: Bytes
  readonly memory?: Bytes
  readonly globals?: readonly Bytes[]
  readonly exports?: readonly Bytes[]
  readonly start?: number
  readonly elements?: readonly Bytes[]
  readonly dataCount?: number
  readonly data?: readonly Bytes[]
  /** Whole sections put at the end. */
  readonly after?: readonly Bytes[]
}

export const PREAMBLE: Bytes = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00]

/** Unsigned LEB128. */
export function leb(value: number): number[] {
  return value < 0x80 ? [value] : [(value % 0x80) | 0x80, ...leb(Math.floor(value / 0x80))]
}

/** Signed LEB128. */
export function sleb(value: number | bigint): number[] {
  const wide = BigInt(value)
  const low = Number(BigInt.asUintN(7, wide))
  const rest = wide >> 7n
  const done = (rest === 0n && low < 0x40) || (rest === -1n && low >= 0x40)
  return done ? [low] : [low | 0x80, ...sleb(rest)]
}

export function vec(items: readonly Bytes[]): number[] {
  return [...leb(items.length), ...items.flat()]
}

export function text(value: string): number[] {
  const bytes = [...new TextEncoder().encode(value)]
  return [...leb(bytes.length), ...bytes]
}

export function section(id: number, content: Bytes): number[] {
  return [id, ...leb(content.length), ...content]
}

export function custom(name: string, content: Bytes = []): number[] {
  return section(0, [...text(name), ...content])
}

export function exported(name: string, kind: number, index: number): number[] {
  return [...text(name), kind, ...leb(index)]
}

export function funcType(params: Bytes, results: Bytes): number[] {
  return [0x60, ...leb(params.length), ...params, ...leb(results.length), ...results]
}

export function f64Bytes(value: number): number[] {
  return [...new Uint8Array(new Float64Array([value]).buffer)]
}

export function f32Bytes(value: number): number[] {
  return [...new Uint8Array(new Float32Array([value]).buffer)]
}

/** Function `i` has type `i` (imported ones first); other types come behind. */
export function build(parts: Parts): Uint8Array<ArrayBuffer> {
  const {
    imports = [],
    importedTypes = [],
    types = [],
    funcs = [],
    globals = [],
    elements = [],
    data = [],
  } = parts
  const signatures = [
    ...importedTypes,
    ...funcs.map(({ params = [], results = [] }) => ({ params, results })),
  ]
  const allTypes = [...signatures.map(({ params, results }) => funcType(params, results)), ...types]
  const named = funcs.flatMap((func, i) =>
    func.export === undefined ? [] : [exported(func.export, 0, importedTypes.length + i)],
  )
  const exports = [...named, ...(parts.exports ?? [])]
  const bodies = funcs.map(({ locals = [], code }) => {
    const body = [...vec(locals.map((type) => [1, type])), ...code, 0x0b]
    return [...leb(body.length), ...body]
  })
  return Uint8Array.from([
    ...PREAMBLE,
    ...(allTypes.length > 0 ? section(1, vec(allTypes)) : []),
    ...(imports.length > 0 ? section(2, vec(imports)) : []),
    ...(funcs.length > 0 ? section(3, vec(funcs.map((_, i) => leb(importedTypes.length + i)))) : []),
    ...(parts.table === undefined ? [] : section(4, vec([parts.table]))),
    ...(parts.memory === undefined ? [] : section(5, vec([parts.memory]))),
    ...(globals.length > 0 ? section(6, vec(globals)) : []),
    ...(exports.length > 0 ? section(7, vec(exports)) : []),
    ...(parts.start === undefined ? [] : section(8, leb(parts.start))),
    ...(elements.length > 0 ? section(9, vec(elements)) : []),
    ...(parts.dataCount === undefined ? [] : section(12, leb(parts.dataCount))),
    ...(bodies.length > 0 ? section(10, vec(bodies)) : []),
    ...(data.length > 0 ? section(11, vec(data)) : []),
    ...(parts.after ?? []).flat(),
  ])
}

/** A module of one exported function `run`. */
export function single(code: Bytes, func: Partial<Func> = {}, parts: Parts = {}): Uint8Array<ArrayBuffer> {
  return build({
    memory: [0, 1],
    ...parts,
    funcs: [{ export: 'run', ...func, code }, ...(parts.funcs ?? [])],
  })
}
