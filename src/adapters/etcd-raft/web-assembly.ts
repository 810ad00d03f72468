/**
 * The few things of WebAssembly that the engine needs, typed here: the compiler's own types for it come with
 * the browser's, and those would let the rest of the code believe that it has a window.
 */
export interface WasmModule {
  readonly [Symbol.toStringTag]: string
}

export interface WasmMemory {
  /** Replaced when the memory grows: never keep it. */
  readonly buffer: ArrayBuffer
}

export type WasmImports = Readonly<Record<string, (...args: number[]) => number>>

interface WasmApi {
  readonly Module: {
    new (bytes: Uint8Array): WasmModule
    imports(module: WasmModule): readonly { readonly module: string; readonly name: string }[]
  }
  readonly Instance: new (
    module: WasmModule,
    imports: Readonly<Record<string, unknown>>,
  ) => { readonly exports: Readonly<Record<string, unknown>> }
}

export const webAssembly: WasmApi = Reflect.get(globalThis, 'WebAssembly')
