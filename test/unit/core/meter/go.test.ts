import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { AllowedImport } from '../../../../src/core/meter/config.ts'
import { hostFunction, vectorPath } from './corpus.ts'
import { type EngineMemory, engine } from './engine.ts'
import { Machine, type Memory } from './interpreter/machine.ts'
import { metered, type Opened, open } from './run.ts'

const HAS_GO = spawnSync('go', ['version']).status === 0
if (!HAS_GO) console.warn('go is not on the PATH: programs of Go are not tested')
const WASI = 'wasi_snapshot_preview1'
const IMPORTS: readonly AllowedImport[] = [
  ...['sched_yield'].map((name) => hostFunction(WASI, name, '', 'i')),
  ...['args_get', 'args_sizes_get', 'environ_get', 'environ_sizes_get', 'random_get', 'fd_prestat_get'].map(
    (name) => hostFunction(WASI, name, 'ii', 'i'),
  ),
  ...['fd_fdstat_get', 'fd_fdstat_set_flags'].map((name) => hostFunction(WASI, name, 'ii', 'i')),
  ...['fd_write', 'poll_oneoff'].map((name) => hostFunction(WASI, name, 'iiii', 'i')),
  hostFunction(WASI, 'fd_prestat_dir_name', 'iii', 'i'),
  hostFunction(WASI, 'clock_time_get', 'ili', 'i'),
  hostFunction(WASI, 'fd_close', 'i', 'i'),
  hostFunction(WASI, 'proc_exit', 'i'),
]
const EBADF = 8

/** The calls of WASI that Go's runtime makes before `main`: no arguments, no files, a counter for a clock. */
function wasi(memory: () => Uint8Array): Record<string, (...args: never[]) => number> {
  let nanos = 0n
  const view = () => new DataView(memory().buffer)
  const sizes = (count: number, size: number): number => {
    view().setUint32(count, 0, true)
    view().setUint32(size, 0, true)
    return 0
  }
  const clock = (_id: number, _precision: bigint, out: number): number => {
    view().setBigUint64(out, (nanos += 1000n), true)
    return 0
  }
  const others = IMPORTS.map(({ name }) => [name, () => 0] as const)
  return {
    ...Object.fromEntries(others),
    args_sizes_get: sizes,
    environ_sizes_get: sizes,
    clock_time_get: clock,
    fd_fdstat_get: () => EBADF,
    fd_prestat_get: () => EBADF,
  }
}

function onEngine(bytes: Uint8Array): Opened {
  const made: { memory?: EngineMemory | undefined } = {}
  const opened = open(bytes, { [WASI]: wasi(() => new Uint8Array(made.memory?.buffer ?? [])) })
  made.memory = opened.memory
  return opened
}

function onMachine(bytes: Uint8Array): Machine {
  const made: { machine?: { readonly memory: Memory } } = {}
  const functions = wasi(() => made.machine?.memory.bytes ?? new Uint8Array(0))
  const host = Object.fromEntries(
    Object.entries(functions).map(([name, call]) => [
      name,
      (...args: (number | bigint)[]) => [(call as (...args: (number | bigint)[]) => number)(...args)],
    ]),
  )
  const machine = new Machine(bytes, { [WASI]: host })
  made.machine = machine
  return machine
}

// Go is not everywhere, and its smallest program is too large to be kept here.
describe.skipIf(!HAS_GO)('a program of Go for WASI', () => {
  const folder = mkdtempSync(join(tmpdir(), 'meter-go-'))
  let bytes: Uint8Array
  beforeAll(() => {
    const output = join(folder, 'corpus.wasm')
    const flags = ['-trimpath', '-ldflags=-s -w', '-buildmode=c-shared', '-o', output]
    const cwd = fileURLToPath(vectorPath('src/go'))
    execFileSync('go', ['build', ...flags, '.'], {
      cwd,
      env: { ...process.env, GOOS: 'wasip1', GOARCH: 'wasm' },
    })
    bytes = new Uint8Array(readFileSync(output))
  }, 300_000)
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it('is metered whole: its runtime starts, and its functions give the same results for exact gas', () => {
    const module = metered(bytes, { imports: IMPORTS })
    expect(engine.validate(module.bytes)).toBe(true)
    const [plain, instance, machine] = [onEngine(bytes), onEngine(module.bytes), onMachine(bytes)]
    plain.call('_initialize', [])
    machine.invoke('_initialize')
    const start = instance.call('_initialize', [])
    expect(start).toEqual({ result: [], used: BigInt(machine.executed + machine.grown + machine.moved) })
    for (const [call, argument] of [
      ['primes', 300],
      ['words', 40],
    ] as const) {
      machine.executed = machine.grown = machine.moved = 0
      const expected = machine.invoke(call, argument)
      const outcome = instance.call(call, [argument])
      expect(outcome).toEqual({
        result: expected,
        used: BigInt(machine.executed + machine.grown + machine.moved),
      })
      expect(plain.call(call, [argument]).result).toEqual(expected)
    }
  })
})
