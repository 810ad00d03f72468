import { hash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import {
  COMPRESSED_FILE,
  compileEngine,
  formatSums,
  MODULE_FILE,
  readEngineFiles,
} from '../../../../src/adapters/etcd-raft/engine-module.ts'
import { FaultError } from '../../../../src/model/fault.ts'

const files = readEngineFiles()

it('what is committed is what its sums say, and its hash is told (W3)', () => {
  expect(compileEngine(files).sha256).toBe(hash('sha256', files.compressed))
})

it('a module with one byte changed is not loaded (W3)', () => {
  const compressed = Uint8Array.from(files.compressed)
  compressed[1000] = (compressed[1000] ?? 0) ^ 1
  expect(() => compileEngine({ ...files, compressed })).toThrow(FaultError)
})

it.each([
  ['of the compressed file', COMPRESSED_FILE],
  ['of the module', MODULE_FILE],
])('sums that are wrong in the line %s are not believed', (_, file) => {
  const wrong = files.sums
    .split('\n')
    .map((line) => (line.endsWith(`  ${file}`) ? `${'0'.repeat(64)}  ${file}` : line))
    .join('\n')
  expect(() => compileEngine({ ...files, sums: wrong })).toThrow(/is not what raft.wasm.sha256 says/u)
})

it('sums that name nothing load nothing', () => {
  expect(() => compileEngine({ ...files, sums: '' })).toThrow(FaultError)
})

it('sums are written as sha256sum writes them', () => {
  expect(formatSums(new Map([['a', 'ff']]))).toBe('ff  a\n')
})

it('the notice names what go.mod pins', () => {
  const folder = join(import.meta.dirname, '../../../../src/adapters/etcd-raft')
  const notice = readFileSync(join(folder, 'LICENSES/NOTICE'), 'utf8')
  const pinned = readFileSync(join(folder, 'shim/go.mod'), 'utf8')
  const modules = [...pinned.matchAll(/^\t(\S+ v\S+)$/gmu)].map(([, module = '']) => module)
  expect(modules).toHaveLength(2)
  for (const module of modules) expect(notice).toContain(module)
  expect(notice).toContain(`Go ${/^toolchain go(\S+)$/mu.exec(pinned)?.[1]}`)
})
