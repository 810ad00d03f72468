import { expect, it } from 'vitest'
import { wasiImports } from '../../../../src/adapters/etcd-raft/wasi.ts'
import type { WasmImports } from '../../../../src/adapters/etcd-raft/web-assembly.ts'

interface Bench {
  readonly calls: WasmImports
  readonly view: DataView
  readonly written: string[]
}

function bench(...names: readonly string[]): Bench {
  const buffer = new ArrayBuffer(1024)
  const written: string[] = []
  const calls = wasiImports(names, {
    memory: () => ({ buffer }),
    fill: (target) => void target.fill(7),
    write: (bytes) => void written.push(Buffer.from(bytes).toString()),
    exit(code) {
      throw new Error(`exit ${code}`)
    },
  })
  return { calls, view: new DataView(buffer), written }
}

it('what is not answered is not supported, and nothing is there that was not asked for', () => {
  const { calls } = bench('path_open', 'sock_recv', 'random_get')
  expect(Object.keys(calls)).toEqual(['path_open', 'sock_recv', 'random_get'])
  expect([calls['path_open']?.(), calls['sock_recv']?.()]).toEqual([52, 52])
})

it('chance comes from the host alone', () => {
  const { calls, view } = bench('random_get')
  expect(calls['random_get']?.(100, 3)).toBe(0)
  expect([99, 100, 102, 103].map((at) => view.getUint8(at))).toEqual([0, 7, 7, 0])
})

it('the clock counts its readings and knows no time', () => {
  const { calls, view } = bench('clock_time_get')
  const read = (): bigint => {
    calls['clock_time_get']?.(0, 0, 8)
    return view.getBigUint64(8, true)
  }
  expect([read(), read(), read()]).toEqual([1000n, 2000n, 3000n])
})

it('every subscription has fired at once', () => {
  const { calls, view } = bench('poll_oneoff')
  view.setBigUint64(0, 11n, true)
  view.setBigUint64(48, 22n, true)
  view.setBigUint64(208, 99n, true)
  expect(calls['poll_oneoff']?.(0, 200, 2, 400)).toBe(0)
  expect(view.getUint32(400, true)).toBe(2)
  expect([200, 208, 232].map((at) => view.getBigUint64(at, true))).toEqual([11n, 0n, 22n])
})

it('what is written goes to the host, and all of it is taken', () => {
  const { calls, view, written } = bench('fd_write')
  new Uint8Array(view.buffer).set(Buffer.from('hello'), 100)
  for (const [at, value] of [
    [0, 100],
    [4, 2],
    [8, 102],
    [12, 3],
  ] as const)
    view.setUint32(at, value, true)
  expect(calls['fd_write']?.(2, 0, 2, 50)).toBe(0)
  expect(written).toEqual(['he', 'llo'])
  expect(view.getUint32(50, true)).toBe(5)
})

it('there are no arguments, no environment and no files', () => {
  const { calls, view } = bench('args_sizes_get', 'environ_sizes_get', 'fd_prestat_get')
  view.setUint32(0, 5, true)
  expect([calls['args_sizes_get']?.(0, 4), calls['environ_sizes_get']?.(0, 4)]).toEqual([0, 0])
  expect(view.getUint32(0, true)).toBe(0)
  expect(calls['fd_prestat_get']?.(3, 0)).toBe(8)
})

it('its exit does not come back', () => {
  expect(() => bench('proc_exit').calls['proc_exit']?.(2)).toThrow('exit 2')
})
