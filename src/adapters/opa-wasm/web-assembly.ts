/**
 * The few things of WebAssembly that the loader needs, typed here: the compiler's own types for it come with
 * the browser's, and those would let the rest of the code believe that it has a window.
 */
export interface WasmModule {
  readonly [Symbol.toStringTag]: string
}

export interface WasmMemory {
  /** Replaced when the memory grows: never keep it. */
  readonly buffer: ArrayBuffer
  /** In pages of 65,536 bytes. Throws a RangeError over the maximum. */
  grow(pages: number): number
}

export interface WasmGlobal {
  /** A bigint for i64. Setting an immutable one throws a TypeError. */
  value: number | bigint
}

interface Described {
  readonly name: string
  readonly kind: string
}

interface WasmApi {
  readonly Module: {
    new (bytes: Uint8Array): WasmModule
    imports(module: WasmModule): readonly (Described & { readonly module: string })[]
    exports(module: WasmModule): readonly Described[]
  }
  readonly Instance: new (
    module: WasmModule,
    imports: Readonly<Record<string, unknown>>,
  ) => { readonly exports: Readonly<Record<string, unknown>> }
  readonly Memory: new (size: { readonly initial: number; readonly maximum: number }) => WasmMemory
  readonly Global: abstract new () => WasmGlobal
  readonly CompileError: abstract new () => Error
  readonly LinkError: abstract new () => Error
  readonly RuntimeError: abstract new () => Error
}

export const webAssembly: WasmApi = Reflect.get(globalThis, 'WebAssembly')
