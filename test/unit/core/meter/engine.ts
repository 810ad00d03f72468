/** The engine's own side of WebAssembly, as far as the tests need it: its types come with the browser's. */
export interface EngineMemory {
  readonly buffer: ArrayBuffer
  grow(pages: number): number
}

export interface EngineGlobal {
  value: number | bigint
}

export type Exports = Readonly<Record<string, unknown>>

interface Engine {
  validate(bytes: Uint8Array): boolean
  readonly Module: {
    new (bytes: Uint8Array): object
    customSections(module: object, name: string): readonly ArrayBuffer[]
  }
  readonly Instance: new (module: object, imports?: object) => { readonly exports: Exports }
  readonly Memory: new (size: { readonly initial: number; readonly maximum: number }) => EngineMemory
  readonly Global: new (
    type: { readonly value: string; readonly mutable: boolean },
    value: number | bigint,
  ) => EngineGlobal
  readonly RuntimeError: abstract new () => Error
}

export const engine: Engine = Reflect.get(globalThis, 'WebAssembly')
