/** Small modules that speak OPA's ABI, made by hand: what a hostile author would make. */

/** Instructions, in their binary form. */
export const OP = {
  unreachable: [0x00],
  block: [0x02, 0x40],
  loop: [0x03, 0x40],
  if: [0x04, 0x40],
  end: [0x0b],
  drop: [0x1a],
  br: (depth: number) => [0x0c, depth],
  call: (index: number) => [0x10, ...unsigned(index)],
  get: (local: number) => [0x20, ...unsigned(local)],
  globalGet: (index: number) => [0x23, ...unsigned(index)],
  globalSet: (index: number) => [0x24, ...unsigned(index)],
  load: [0x28, 2, 0],
  load8: [0x2d, 0, 0],
  store: [0x36, 2, 0],
  store8: [0x3a, 0, 0],
  size: [0x3f, 0],
  grow: [0x40, 0],
  i32: (value: number) => [0x41, ...signed(value)],
  add: [0x6a],
  fill: [0xfc, 11, 0],
  memoryInit: (segment: number) => [0xfc, 8, segment, 0],
  dataDrop: (segment: number) => [0xfc, 9, segment],
} as const

/** Where the texts of every such module stand. */
export const AT = {
  allow: 1024,
  builtins: 2048,
  entrypoints: 2304,
  scratch: 4096,
  result: 6144,
  heap: 8192,
} as const

export const ALLOW = '[{"result":{"allow":true,"denials":[]}}]'

export interface ModuleParts {
  /** Instructions of `opa_eval`, whose parameters are locals 0 to 6; leave an address. Else: allows. */
  readonly evaluate?: readonly number[]
  /** Instructions of `opa_malloc`, whose parameter is local 0. Else: always the same place. */
  readonly malloc?: readonly number[]
  /** More texts in the memory, each ended by a zero byte. */
  readonly texts?: readonly (readonly [at: number, text: string])[]
  /** JSON of the functions of the host that it asks for. */
  readonly builtins?: string
  readonly entrypoints?: string
  /** Imports besides the memory and `opa_abort` (function 0): functions of so many i32 that give one. */
  readonly imports?: readonly string[]
  /** 3 unless said: what `opa_builtin1` has. */
  readonly importParams?: number
  /** Own memory, exported, instead of an imported one. */
  readonly ownMemory?: boolean
  readonly pages?: number
  /** Instructions of a start function. */
  readonly start?: readonly number[]
  /** Mutable i32 globals by their first values, numbered from 0. */
  readonly globals?: readonly number[]
  /** Names of exports to leave out. */
  readonly without?: readonly string[]
  /** Instructions of one more function of type () -> i32: `FUNCTION.extra` after the imports. */
  readonly extra?: readonly number[]
  /** A passive data segment, number 0. */
  readonly passive?: string
  readonly abiMinor?: number
}

const I32 = 0x7f
/** Magic and version. */
const HEAD = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]

/** Own functions, in their order after the imported ones. */
export const FUNCTION = {
  builtins: 0,
  entrypoints: 1,
  malloc: 2,
  parse: 3,
  dump: 4,
  heap: 5,
  evaluate: 6,
  extra: 7,
}

/** The bytes of a module in which a value is the address of its text. */
export function opaModule(parts: ModuleParts = {}): Uint8Array {
  const imports = parts.imports ?? []
  const first = 1 + imports.length
  const own = (name: keyof typeof FUNCTION) => first + FUNCTION[name]
  const globals = parts.globals ?? []
  const bodies = [
    OP.i32(AT.builtins),
    OP.i32(AT.entrypoints),
    parts.malloc ?? OP.i32(AT.scratch),
    OP.get(0),
    OP.get(0),
    OP.i32(AT.heap),
    parts.evaluate ?? OP.i32(AT.allow),
    parts.extra ?? OP.i32(0),
    ...(parts.start === undefined ? [] : [parts.start]),
  ]
  const types = [2, 2, 3, 4, 3, 2, 5, 2, ...(parts.start === undefined ? [] : [6])]
  const exported: readonly (readonly [string, number, number])[] = [
    ['builtins', 0, own('builtins')],
    ['entrypoints', 0, own('entrypoints')],
    ['opa_malloc', 0, own('malloc')],
    ['opa_value_parse', 0, own('parse')],
    ['opa_json_dump', 0, own('dump')],
    ['opa_value_dump', 0, own('dump')],
    ['opa_heap_ptr_get', 0, own('heap')],
    ['opa_eval', 0, own('evaluate')],
    ['opa_wasm_abi_version', 3, globals.length],
    ['opa_wasm_abi_minor_version', 3, globals.length + 1],
    ...(parts.ownMemory === true ? [['memory', 2, 0] as const] : []),
  ]
  const pages = parts.pages ?? 1
  const texts = [
    [AT.allow, ALLOW],
    [AT.builtins, parts.builtins ?? '{}'],
    [AT.entrypoints, parts.entrypoints ?? '{"canswarm/policy/decision":0}'],
    ...(parts.texts ?? []),
  ] as const
  const data = texts.map(([at, text]) => [0, ...OP.i32(at), ...OP.end, ...bytesOf(`${text}\0`)])
  const passive = parts.passive === undefined ? [] : [[1, ...bytesOf(parts.passive)]]
  return new Uint8Array([
    ...HEAD,
    ...section(1, [
      functionType(1, 0),
      functionType(parts.importParams ?? 3, 1),
      functionType(0, 1),
      functionType(1, 1),
      functionType(2, 1),
      functionType(7, 1),
      functionType(0, 0),
    ]),
    ...section(2, [
      importOf('opa_abort', 0, 0),
      ...imports.map((name) => importOf(name, 0, 1)),
      ...(parts.ownMemory === true
        ? []
        : [[...bytesOf('env'), ...bytesOf('memory'), 2, 0, ...unsigned(pages)]]),
    ]),
    ...section(
      3,
      types.map((type) => [type]),
    ),
    ...(parts.ownMemory === true ? section(5, [[0, ...unsigned(pages)]]) : []),
    ...section(6, [
      ...globals.map((value) => [I32, 1, ...OP.i32(value), ...OP.end]),
      [I32, 0, ...OP.i32(1), ...OP.end],
      [I32, 0, ...OP.i32(parts.abiMinor ?? 3), ...OP.end],
    ]),
    ...section(
      7,
      exported
        .filter(([name]) => parts.without?.includes(name) !== true)
        .map(([name, kind, index]) => [...bytesOf(name), kind, ...unsigned(index)]),
    ),
    ...(parts.start === undefined ? [] : sized(8, unsigned(first + bodies.length - 1))),
    ...(passive.length === 0 ? [] : sized(12, unsigned(data.length + 1))),
    ...section(
      10,
      bodies.map((body) => {
        const code = [0, ...body, ...OP.end]
        return [...unsigned(code.length), ...code]
      }),
    ),
    ...section(11, [...passive, ...data]),
  ])
}

function functionType(params: number, results: number): number[] {
  return [0x60, params, ...Array<number>(params).fill(I32), results, ...Array<number>(results).fill(I32)]
}

function importOf(name: string, kind: number, type: number): number[] {
  return [...bytesOf('env'), ...bytesOf(name), kind, type]
}

function section(id: number, items: readonly (readonly number[])[]): number[] {
  return sized(id, [...unsigned(items.length), ...items.flat()])
}

function sized(id: number, content: readonly number[]): number[] {
  return [id, ...unsigned(content.length), ...content]
}

/** A text with its length before it. */
function bytesOf(text: string): number[] {
  const bytes = new TextEncoder().encode(text)
  return [...unsigned(bytes.length), ...bytes]
}

function unsigned(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)]
}

function signed(value: number): number[] {
  const low = value & 0x7f
  const rest = value >> 7
  const last = (rest === 0 && (low & 0x40) === 0) || (rest === -1 && (low & 0x40) !== 0)
  return last ? [low] : [low | 0x80, ...signed(rest)]
}
