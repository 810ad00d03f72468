/**
 * The few things of WebAssembly that tasks need, typed here: the compiler's own types for it come with the browser's,
 * and those would let the rest of the code believe that it has a window.
 */
export interface WasmModule {
  readonly [Symbol.toStringTag]: string
}

export interface WasmMemory {
  /** Replaced when the memory grows: never keep it. */
  readonly buffer: ArrayBuffer
}

export interface WasmGlobal {
  /** A bigint for i64. */
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
  readonly CompileError: abstract new () => Error
  readonly RuntimeError: abstract new () => Error
}

export const webAssembly: WasmApi = Reflect.get(globalThis, 'WebAssembly')
