import { type Rejection, reject } from '../../model/rejection.ts'
import { ok, type Result } from '../../model/result.ts'
import { Stop } from './stop.ts'
import { type WasmGlobal, type WasmModule, webAssembly } from './web-assembly.ts'

const ABI_VERSION = 1
/** The first that has `opa_eval`. */
const ABI_MINOR_MIN = 2

/** Calls into the module. Addresses are unsigned. Source: OPA, WebAssembly ABI 1.3, "Exports". */
export interface OpaExports {
  /** Address of the map from names of the host's functions to numbers; the one of entrypoints. */
  builtins(): number
  entrypoints(): number
  malloc(size: number): number
  /** Address of the value that the text says (JSON, and sets as Rego writes them); 0: not to be read. */
  parse(at: number, size: number): number
  /** Address of a value's text, ended by a zero byte: as JSON; as Rego. */
  dumpJson(value: number): number
  dumpRego(value: number): number
  heapPointer(): number
  /** Address of the text of the result set, ended by a zero byte. */
  evaluate(
    plan: { readonly entrypoint: number; readonly data: number; readonly output: 'json' | 'rego' },
    input: { readonly at: number; readonly size: number },
    heap: number,
  ): number
}

const FUNCTIONS = [
  'builtins',
  'entrypoints',
  'opa_eval',
  'opa_heap_ptr_get',
  'opa_json_dump',
  'opa_malloc',
  'opa_value_dump',
  'opa_value_parse',
] as const

const VERSIONS = ['opa_wasm_abi_version', 'opa_wasm_abi_minor_version'] as const

/** Rejects MALFORMED, naming the first export that is not there. */
export function checkExports(module: WasmModule): Result<undefined, Rejection> {
  const kinds = new Map(webAssembly.Module.exports(module).map(({ name, kind }) => [name, kind]))
  const missing =
    FUNCTIONS.find((name) => kinds.get(name) !== 'function') ??
    VERSIONS.find((name) => kinds.get(name) !== 'global')
  if (missing === undefined) return ok(undefined)
  return reject('MALFORMED', `a policy exports ${missing}, as OPA's ABI 1.2 and later say`, 'wasm.exports')
}

/** Rejects MALFORMED for an ABI of another version. */
export function checkVersion(exports: Readonly<Record<string, unknown>>): Result<undefined, Rejection> {
  const [major, minor] = VERSIONS.map((name) => (exports[name] as WasmGlobal).value)
  if (major === ABI_VERSION && typeof minor === 'number' && minor >= ABI_MINOR_MIN) return ok(undefined)
  return reject('MALFORMED', `a policy is for OPA's ABI 1.2 and later, not ${major}.${minor}`, 'wasm.exports')
}

/** The functions, of whatever type they really are: a call that does not fit its type throws a TypeError. */
export function opaExports(exports: Readonly<Record<string, unknown>>): OpaExports {
  const all = exports as Readonly<Record<(typeof FUNCTIONS)[number], (...args: number[]) => unknown>>
  return {
    builtins: () => address(all.builtins()),
    entrypoints: () => address(all.entrypoints()),
    malloc: (size) => address(all.opa_malloc(size)),
    parse: (at, size) => address(all.opa_value_parse(at, size)),
    dumpJson: (value) => address(all.opa_json_dump(value)),
    dumpRego: (value) => address(all.opa_value_dump(value)),
    heapPointer: () => address(all.opa_heap_ptr_get()),
    evaluate: ({ entrypoint, data, output }, { at, size }, heap) =>
      address(all.opa_eval(0, entrypoint, data, at, size, heap, output === 'json' ? 0 : 1)),
  }
}

/** WebAssembly hands addresses over as signed. */
function address(value: unknown): number {
  if (typeof value !== 'number' || !Number.isInteger(value))
    throw new Stop('trap', 'no address where one is due')
  return value >>> 0
}
