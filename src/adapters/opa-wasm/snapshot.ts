import { DefectError } from '../../model/fault.ts'
import type { OpaInstance } from './instance.ts'
import { type WasmGlobal, webAssembly } from './web-assembly.ts'

/** All that an evaluation can change, as it was before any. */
export interface Snapshot {
  /** The memory up to its last byte that is not zero. */
  readonly bytes: Uint8Array
  readonly pages: number
  /** Mutable globals by the names of their exports; the meter exports every one. */
  readonly globals: readonly (readonly [name: string, value: number | bigint])[]
}

/**
 * Takes the state of an instance that has run nothing but its start. Undefined when a global holds NaN, whose
 * bits are not kept on the way in and out of the module.
 */
export function takeSnapshot({ memory, rawExports }: OpaInstance): Snapshot | undefined {
  const view = memory.view()
  let end = view.length
  while (end > 0 && view[end - 1] === 0) end--
  const globals = mutableGlobals(rawExports).map(([name, global]) => [name, global.value] as const)
  if (globals.some(([, value]) => Number.isNaN(value))) return undefined
  return { bytes: view.slice(0, end), pages: memory.pages(), globals }
}

/** Puts the state back. The memory must not have grown since. */
export function restore({ memory, rawExports }: OpaInstance, { bytes, pages, globals }: Snapshot): void {
  const view = memory.view()
  if (memory.pages() !== pages) throw new DefectError('a memory that grew cannot be put back')
  view.set(bytes)
  view.fill(0, bytes.length)
  for (const [name, value] of globals) (rawExports[name] as WasmGlobal).value = value
}

function mutableGlobals(exports: Readonly<Record<string, unknown>>): (readonly [string, WasmGlobal])[] {
  return Object.entries(exports).filter((entry): entry is [string, WasmGlobal] => {
    const [, value] = entry
    return value instanceof webAssembly.Global && isMutable(value)
  })
}

/** The engine does not say, but refuses to set one that is not. */
function isMutable(global: WasmGlobal): boolean {
  const { value } = global
  try {
    global.value = value
    return true
  } catch {
    return false
  }
}
