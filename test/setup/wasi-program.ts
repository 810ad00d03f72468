/** Modules that make WASI calls in a row, put together byte by byte: what each call left in the memory is the output. */

import type { ValueTypeName } from '../../src/core/meter/value-type.ts'
import { WASI_IMPORTS } from '../../src/core/task/wasi-imports.ts'
import { type Bytes, build, exported, I32, I64, leb, sleb, text, vec } from '../unit/core/meter/build.ts'

const MODULE = 'wasi_snapshot_preview1'
/** Where the program keeps what it needs to write its own output. */
const OWN = 65_400

export interface Call {
  readonly name: string
  readonly args: readonly (number | bigint)[]
  /** Where the error number goes; dropped when absent. */
  readonly errnoAt?: number
}

export interface ProgramOptions {
  /** What stands in the memory from the start. */
  readonly data?: readonly (readonly [at: number, bytes: Uint8Array | string])[]
  /** Part of the memory that is written to standard output in the end. */
  readonly show?: readonly [at: number, size: number]
  /** Code behind the calls. */
  readonly code?: Bytes
  /** Pages of memory: the least and the most. */
  readonly pages?: readonly [number, number]
  /** Type, mutability and first value of each. */
  readonly globals?: readonly Bytes[]
}

export const OP = {
  i32: (value: number): Bytes => [0x41, ...sleb(value | 0)],
  i64: (value: bigint): Bytes => [0x42, ...sleb(BigInt.asIntN(64, value))],
  store32: [0x36, 2, 0] as Bytes,
  drop: [0x1a] as Bytes,
  unreachable: [0x00] as Bytes,
  /** Round and round. */
  loop: [0x03, 0x40, 0x0c, 0, 0x0b] as Bytes,
  /** Calls the program's own entry. */
  callSelf: (imports: number): Bytes => [0x10, ...leb(imports)],
  /** `memory.grow`, its result dropped. */
  grow: (pages: number): Bytes => [0x41, ...sleb(pages), 0x40, 0, 0x1a],
}

/** A program that calls one after another, then shows a part of its memory. */
export function wasiProgram(calls: readonly Call[], options: ProgramOptions = {}): Uint8Array {
  const { data = [], show, code = [], pages = [1, 1], globals = [] } = options
  const ending: readonly Call[] = show === undefined ? [] : [{ name: 'fd_write', args: [1, OWN, 1, OWN + 8] }]
  const names = [...new Set([...calls, ...ending].map(({ name }) => name))]
  const buffer = show === undefined ? [] : store(OWN, OP.i32(show[0])).concat(store(OWN + 4, OP.i32(show[1])))
  return build({
    imports: names.map((name, index) => [...text(MODULE), ...text(name), 0, ...leb(index)]),
    importedTypes: names.map((name) => ({
      params: typesOf(name, 'params'),
      results: typesOf(name, 'results'),
    })),
    funcs: [
      {
        export: '_start',
        code: [
          ...calls.flatMap((call) => codeOf(call, names)),
          ...code,
          ...buffer,
          ...ending.flatMap((call) => codeOf(call, names)),
        ],
      },
    ],
    memory: [1, ...leb(pages[0]), ...leb(pages[1])],
    globals,
    exports: [exported('memory', 2, 0)],
    data: data.map(([at, bytes]) => segment(at, bytes)),
  })
}

function store(at: number, value: Bytes): number[] {
  return [...OP.i32(at), ...value, ...OP.store32]
}

function codeOf({ name, args, errnoAt }: Call, names: readonly string[]): number[] {
  const values = args.flatMap((arg) => (typeof arg === 'bigint' ? OP.i64(arg) : OP.i32(arg)))
  const call = [...values, 0x10, ...leb(names.indexOf(name))]
  if (name === 'proc_exit') return call
  return errnoAt === undefined ? [...call, ...OP.drop] : store(errnoAt, call)
}

function segment(at: number, bytes: Uint8Array | string): number[] {
  const content = typeof bytes === 'string' ? new TextEncoder().encode(bytes) : bytes
  return [0, ...OP.i32(at), 0x0b, ...vec([...content].map((byte) => [byte]))]
}

function typesOf(name: string, side: 'params' | 'results'): Bytes {
  const found = WASI_IMPORTS.find((one) => one.name === name)
  const types: readonly ValueTypeName[] = found?.kind === 'function' ? found[side] : []
  return types.map((type) => (type === 'i64' ? I64 : I32))
}
