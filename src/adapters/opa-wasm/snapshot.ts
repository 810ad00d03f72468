import { DefectError } from '../../model/fault.ts'
import type { OpaInstance } from './instance.ts'
import { type WasmGlobal, webAssembly } from './web-assembly.ts'

interface Piece {
  readonly at: number
  readonly bytes: Uint8Array
}

/** Zeroing is cheaper than copying zeros, for as many as this. */
const GAP_BYTES_MIN = 4_096

/** All that an evaluation can change, as it was before any. */
export interface Snapshot {
  /** What stands in the memory, in order of address; zero is between and behind them. */
  readonly pieces: readonly Piece[]
  readonly pages: number
  /** Mutable globals by the names of their exports; the meter exports every one. */
  readonly globals: readonly (readonly [name: string, value: number | bigint])[]
}

/**
 * Takes the state of an instance that has run nothing but its start. Undefined when a global holds NaN, whose
 * bits are not kept on the way in and out of the module.
 */
export function takeSnapshot({ memory, rawExports }: OpaInstance): Snapshot | undefined {
  const globals = mutableGlobals(rawExports).map(([name, global]) => [name, global.value] as const)
  if (globals.some(([, value]) => Number.isNaN(value))) return undefined
  return { pieces: piecesOf(memory.view()), pages: memory.pages(), globals }
}

/** Puts the state back. The memory must not have grown since. */
export function restore({ memory, rawExports }: OpaInstance, { pieces, pages, globals }: Snapshot): void {
  const view = memory.view()
  if (memory.pages() !== pages) throw new DefectError('a memory that grew cannot be put back')
  let end = 0
  for (const { at, bytes } of pieces) {
    view.fill(0, end, at)
    view.set(bytes, at)
    end = at + bytes.length
  }
  view.fill(0, end)
  for (const [name, value] of globals) (rawExports[name] as WasmGlobal).value = value
}

function piecesOf(memory: Uint8Array): Piece[] {
  const pieces: Piece[] = []
  let from = nextByte(memory, 0)
  let to = from
  for (let at = from; at < memory.length; at = nextByte(memory, to)) {
    if (at - to >= GAP_BYTES_MIN) {
      pieces.push({ at: from, bytes: memory.slice(from, to) })
      from = at
    }
    to = at + 1
  }
  if (to > from) pieces.push({ at: from, bytes: memory.slice(from, to) })
  return pieces
}

/** Of the first byte from `at` on that is not zero; the length when there is none. */
function nextByte(memory: Uint8Array, at: number): number {
  let next = at
  while (next < memory.length && memory[next] === 0) next++
  return next
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
