import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import * as Automerge from '@automerge/automerge/slim'

/** The library's module as it is installed. */
export function automergeWasm(): Uint8Array {
  return new Uint8Array(
    readFileSync(fileURLToPath(import.meta.resolve('@automerge/automerge/automerge.wasm'))),
  )
}

/** The library, ready to be used in this process. */
export async function readyAutomerge(): Promise<typeof Automerge> {
  if (!Automerge.isWasmInitialized()) await Automerge.initializeWasm(automergeWasm())
  return Automerge
}
