import { hash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliDecompressSync } from 'node:zlib'
import { FaultError } from '../../model/fault.ts'
import { type WasmModule, webAssembly } from './web-assembly.ts'

export const MODULE_FILE = 'raft.wasm'
export const COMPRESSED_FILE = 'raft.wasm.br'
export const SUMS_FILE = 'raft.wasm.sha256'

/** The two files of the engine, from this folder or out of a single executable. */
export interface EngineFiles {
  /** raft.wasm.br. */
  readonly compressed: Uint8Array
  /** raft.wasm.sha256, as sha256sum writes it: of the compressed module and of the module. */
  readonly sums: string
}

/** Compiled once a process; every instance is made of it. */
export interface EngineModule {
  readonly module: WasmModule
  /** Of the compressed file, in hex: for the log, and to compare with what another place has. */
  readonly sha256: string
}

/** Reads the files beside this one. Faults `engine-module` when they are not there. */
export function readEngineFiles(): EngineFiles {
  try {
    return {
      compressed: readFileSync(join(import.meta.dirname, COMPRESSED_FILE)),
      sums: readFileSync(join(import.meta.dirname, SUMS_FILE), 'utf8'),
    }
  } catch (cause) {
    throw new FaultError('engine-module', 'the consensus module is not there', { cause })
  }
}

/** Checks both hashes, then compiles. Faults `engine-module` when anything differs from the sums. */
export function compileEngine({ compressed, sums }: EngineFiles): EngineModule {
  const wanted = parseSums(sums)
  const sha256 = hash('sha256', compressed, 'hex')
  if (sha256 !== wanted.get(COMPRESSED_FILE)) throw damaged(COMPRESSED_FILE)
  const bytes = brotliDecompressSync(compressed)
  if (hash('sha256', bytes, 'hex') !== wanted.get(MODULE_FILE)) throw damaged(MODULE_FILE)
  return { module: new webAssembly.Module(bytes), sha256 }
}

export function formatSums(sums: ReadonlyMap<string, string>): string {
  return [...sums].map(([file, hex]) => `${hex}  ${file}\n`).join('')
}

function parseSums(text: string): ReadonlyMap<string, string> {
  const lines = text.split('\n').filter((line) => line !== '')
  return new Map(
    lines.map((line) => {
      const [hex = '', file = ''] = line.split('  ')
      return [file, hex]
    }),
  )
}

function damaged(file: string): FaultError {
  return new FaultError('engine-module', `${file} is not what ${SUMS_FILE} says`)
}
