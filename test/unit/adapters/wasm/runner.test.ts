import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { setImmediate as turn } from 'node:timers/promises'
import { afterAll, describe, expect, it } from 'vitest'
import { systemClock } from '../../../../src/adapters/system/clock.ts'
import type { WasmLimits } from '../../../../src/adapters/wasm/task-job.ts'
import { TaskPool } from '../../../../src/adapters/wasm/task-pool.ts'
import type { WorkerSource } from '../../../../src/adapters/wasm/task-thread.ts'
import { openWasmRunner } from '../../../../src/adapters/wasm/wasm-runner.ts'
import { WASM_LIMITS } from '../../../../src/node/tasks/wasm.ts'
import type { Clock } from '../../../../src/ports/clock.ts'
import type { Job } from '../../../../src/ports/job.ts'
import type { Runner } from '../../../../src/ports/runner.ts'
import { OP, wasiProgram } from '../../../setup/wasi-program.ts'
import { bytesOf, SEED } from './run.ts'

const MODULE = new URL('../../../../src/node/tasks/wasm-worker.ts', import.meta.url)
const LOOP = wasiProgram([], { code: OP.loop })
/** Far more gas than any test waits for. */
const ENDLESS: WasmLimits = { ...WASM_LIMITS, gasMax: Number.MAX_SAFE_INTEGER }

const JOB: Job = {
  task: { need: 'a need', attempt: 0, task_type: 'test', capability: 'wasm/test', label: 'a test' },
  input: bytesOf('hello'),
  seed: SEED,
}

/** Copies its input, five bytes of it, to its output. */
const ECHO = wasiProgram([{ name: 'fd_read', args: [0, 0, 1, 8] }], {
  data: [[0, new Uint8Array(Uint32Array.of(100, 5).buffer)]],
  show: [100, 5],
})

const pools: TaskPool[] = []
afterAll(async () => {
  await Promise.all(pools.map((pool) => pool.close()))
})

function openPool(
  more: { source?: WorkerSource; threadsMax?: number; queueMax?: number; clock?: Clock } = {},
): TaskPool {
  const pool = new TaskPool({
    source: { kind: 'module', url: MODULE },
    threadsMax: 1,
    queueMax: 100,
    clock: systemClock,
    ...more,
  })
  pools.push(pool)
  return pool
}

function runnerOf(
  wasm: Uint8Array,
  pool = openPool(),
  limits = WASM_LIMITS,
  clock: Clock = systemClock,
): Runner {
  return openWasmRunner({ pool, wasm, limits, clock })
}

/** A clock on which nothing becomes due by itself: what was put on it, in order. */
function heldClock(): { readonly clock: Clock; readonly due: (() => void)[] } {
  const due: (() => void)[] = []
  const after = (_delayMs: number, task: () => void) => {
    due.push(task)
    return () => {}
  }
  return { clock: { ...systemClock, after }, due }
}

/** How many threads for tasks this process has, by the system's word; 0 where that has none. */
function taskThreads(): number {
  const folder = '/proc/self/task'
  if (!existsSync(folder)) return 0
  const names = readdirSync(folder).map((task) => readFileSync(`${folder}/${task}/comm`, 'utf8').trim())
  return names.filter((name) => name === 'tasks').length
}

describe('a runner of WebAssembly', () => {
  it('runs a job in another thread, to the same output and gas each time', async () => {
    const runner = runnerOf(ECHO)
    expect([runner.isDeterministic, runner.isolation]).toEqual([true, 'sandbox'])
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => runner.run(JOB)))
    for (const outcome of outcomes) {
      expect(outcome).toMatchObject({ kind: 'done', output: bytesOf('hello'), usage: { bytes: 10 } })
      expect(outcome.kind === 'done' && outcome.usage.gas).toBe(
        outcomes[0]?.kind === 'done' && outcomes[0].usage.gas,
      )
    }
  })

  it('refuses, with each job, a module that is no task', async () => {
    const runner = runnerOf(bytesOf('no module'))
    const refusal = { kind: 'refused', code: 'module', why: expect.stringContaining('MALFORMED') }
    expect(await runner.run(JOB)).toEqual(refusal)
    expect(await runner.run(JOB)).toEqual(refusal)
  })

  it('refuses a job that asks for a virtual machine, and one that is against the rules', async () => {
    const runner = runnerOf(ECHO)
    expect(await runner.run({ ...JOB, isolation: 'vm' })).toMatchObject({
      kind: 'refused',
      code: 'isolation',
    })
    expect(await runner.run({ ...JOB, seed: new Uint8Array(3) })).toMatchObject({
      kind: 'refused',
      code: 'job',
    })
    expect(await runner.run({ ...JOB, isolation: 'sandbox' })).toMatchObject({ kind: 'done' })
  })

  it('holds a job to the lower of two limits', async () => {
    const runner = runnerOf(LOOP, openPool(), { ...WASM_LIMITS, gasMax: 50_000 })
    const gasOf = async (limits: Job['limits']) => {
      const outcome = await runner.run({ ...JOB, ...(limits === undefined ? {} : { limits }) })
      return outcome.kind === 'limited' && outcome.usage.gas
    }
    expect([await gasOf(undefined), await gasOf({ gasMax: 70_000 }), await gasOf({ gasMax: 300 })]).toEqual([
      50_000, 50_000, 300,
    ])
  })

  it('leaves the event loop free while a task goes round and round', async () => {
    const runner = runnerOf(LOOP, openPool(), { ...WASM_LIMITS, gasMax: 100_000_000 })
    const state = { turns: 0, isOver: false }
    const pending = runner.run(JOB).finally(() => {
      state.isOver = true
    })
    while (!state.isOver) {
      await turn()
      state.turns++
    }
    expect(state.turns).toBeGreaterThan(100)
    expect(await pending).toMatchObject({ kind: 'limited', limit: 'gas', usage: { gas: 100_000_000 } })
  })

  it('aborted: the task is ended, the reason comes back as it was, and the next job finds a thread', async () => {
    const { clock, due } = heldClock()
    const pool = openPool({ clock })
    const stop = new AbortController()
    const reason = new Error('no longer wanted')
    const pending = runnerOf(LOOP, pool, ENDLESS).run(JOB, stop.signal)
    while (due.length < 2) await turn() // the first order is the plan, the second the task
    const behind = runnerOf(ECHO, pool).run(JOB)
    const gone = new AbortController()
    const dropped = runnerOf(ECHO, pool).run(JOB, gone.signal)
    gone.abort(reason)
    await expect(dropped).rejects.toBe(reason)
    stop.abort(reason)
    await expect(pending).rejects.toBe(reason)
    expect(await behind).toMatchObject({ kind: 'done' })
    await expect(runnerOf(ECHO, pool).run(JOB, AbortSignal.abort(reason))).rejects.toBe(reason)
  })

  it('a task that takes too long for this machine is limited by its wall time', async () => {
    const { clock, due } = heldClock()
    const before = taskThreads()
    const pending = runnerOf(LOOP, openPool({ clock }), ENDLESS).run(JOB)
    while (due.length < 2) await turn()
    due[1]?.()
    expect(await pending).toMatchObject({ kind: 'limited', limit: 'wall' })
    expect(taskThreads()).toBe(before)
  })

  it('closed: what is under way faults, what comes later is refused', async () => {
    const runner = runnerOf(LOOP, openPool(), ENDLESS)
    const [outcome] = await Promise.allSettled([runner.run(JOB), runner.close()])
    expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'worker' } })
    expect(await runner.run(JOB)).toMatchObject({ kind: 'refused', code: 'closed' })
    await runner.close()
  })
})

describe('threads for tasks', () => {
  it('take no more than their queue holds: the rest is refused', async () => {
    const pool = openPool({ queueMax: 2 })
    const runner = runnerOf(LOOP, pool, { ...WASM_LIMITS, gasMax: 50_000_000 })
    const running = [runner.run(JOB)]
    await running[0]
    const pending = [1, 2, 3].map(() => runner.run(JOB))
    await turn()
    expect(await runner.run(JOB)).toMatchObject({ kind: 'refused', code: 'busy' })
    expect((await Promise.all(pending)).map(({ kind }) => kind)).toEqual(['limited', 'limited', 'limited'])
  })

  it('that end by themselves fault their task, and are started again for the next', async () => {
    const text = `
      const { parentPort } = require('node:worker_threads')
      parentPort.on('message', () => process.exit(3))`
    const runner = runnerOf(ECHO, openPool({ source: { kind: 'text', text } }))
    await expect(runner.run(JOB)).rejects.toMatchObject({ code: 'worker' })
    await expect(runner.run(JOB)).rejects.toMatchObject({ code: 'worker' })
  })

  it('closed in the middle of a task: it faults, and nothing more is run', async () => {
    const pool = openPool()
    const runner = runnerOf(LOOP, pool, ENDLESS)
    const [outcome] = await Promise.allSettled([runner.run(JOB), turn().then(() => pool.close())])
    expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'worker' } })
    expect(await runner.run(JOB)).toMatchObject({ kind: 'refused', code: 'closed' })
    await pool.close()
  })
})
