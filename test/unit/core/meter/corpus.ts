import { readFileSync } from 'node:fs'
import { brotliDecompressSync } from 'node:zlib'
import type { AllowedImport } from '../../../../src/core/meter/config.ts'
import type { ValueTypeName } from '../../../../src/core/meter/value-type.ts'
import type { Num } from './run.ts'

const VECTORS = new URL('../../../vectors/meter/', import.meta.url)

/** A compiled module of test/vectors/meter. */
export function corpusModule(name: string): Uint8Array {
  return new Uint8Array(brotliDecompressSync(readFileSync(new URL(`${name}.wasm.br`, VECTORS))))
}

export function vectorPath(name: string): URL {
  return new URL(name, VECTORS)
}

export const CORPUS = ['c-o2', 'c-o0', 'rust', 'assemblyscript', 'opa']

export type Call = readonly [name: string, ...args: Num[]]

const KERNELS: readonly Call[] = [
  ['fnv', 1000],
  ['fib', 11],
  ['sort', 150, 5, 0],
  ['sort', 90, 9, 1],
  ['interpret', 1500],
  ['mandelbrot', 9, 40],
  ['matrix', 9, 1.5],
  ['matrix', 12, 3e38],
  ['move', 700, 12.7],
  ['move', 16000, 1e30],
  ['grow', 1],
  ['grow', 65536],
  ['parity', 33],
]

/** Calls of each module, all of which return. */
export const CALLS: Readonly<Record<string, readonly Call[]>> = {
  'c-o2': KERNELS,
  'c-o0': KERNELS,
  rust: [
    ['words', 5, 60],
    ['shapes', 9],
    ['clamp', 1e20],
    ['clamp', Number.NaN],
  ],
  assemblyscript: [
    ['tree', 50],
    ['text', 30],
    ['sieve', 300],
    ['mean', 20],
    ['apply', 3],
  ],
}

export function hostFunction(module: string, name: string, params: string, results = ''): AllowedImport {
  const types = (letters: string): ValueTypeName[] => Array.from(letters, (l) => (l === 'i' ? 'i32' : 'i64'))
  return { module, name, kind: 'function', params: types(params), results: types(results) }
}

/** Imports of the modules of the corpus. */
export const IMPORTS: readonly AllowedImport[] = [
  hostFunction('env', 'abort', 'iiii'),
  { module: 'env', name: 'memory', kind: 'memory' },
  hostFunction('env', 'opa_abort', 'i'),
  hostFunction('env', 'opa_println', 'i'),
  ...[0, 1, 2, 3, 4].map((count) =>
    hostFunction('env', `opa_builtin${count}`, 'ii'.padEnd(count + 2, 'i'), 'i'),
  ),
]
