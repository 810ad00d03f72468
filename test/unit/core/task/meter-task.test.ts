import { describe, expect, it } from 'vitest'
import { METER_VERSION } from '../../../../src/core/meter/injected.ts'
import { meterTask } from '../../../../src/core/task/meter-task.ts'
import { WASI_IMPORTS } from '../../../../src/core/task/wasi-imports.ts'
import { wasiProgram } from '../../../setup/wasi-program.ts'

describe('metering of tasks', () => {
  it('gives the same bytes for the same module, and says by which meter', () => {
    const wasm = wasiProgram([{ name: 'sched_yield', args: [] }])
    const metered = meterTask(wasm)
    expect(metered).toMatchObject({
      ok: true,
      value: { meterVersion: METER_VERSION, gasExport: 'meter:gas' },
    })
    expect(meterTask(wasm)).toEqual(metered)
  })

  it('allows WASI preview 1 without sockets and signals', () => {
    const names = WASI_IMPORTS.map(({ name }) => name)
    expect(names).toHaveLength(41)
    expect(names.filter((name) => /^(?:sock_|proc_raise)/u.test(name))).toEqual([])
    expect(WASI_IMPORTS.find(({ name }) => name === 'fd_seek')).toEqual({
      module: 'wasi_snapshot_preview1',
      name: 'fd_seek',
      kind: 'function',
      params: ['i32', 'i64', 'i32', 'i32'],
      results: ['i32'],
    })
  })

  it('rejects by code: too large, an import by its name, whatever else the meter refuses', () => {
    expect(meterTask(new Uint8Array(16_777_217))).toMatchObject({ error: { code: 'TOO_LARGE' } })
    expect(meterTask(Uint8Array.of(0))).toMatchObject({ error: { code: 'MALFORMED' } })
  })
})
