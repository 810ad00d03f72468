import { describe, expect, it } from 'vitest'
import { openOpaEngine } from '../../../../src/adapters/opa-wasm/engine.ts'
import { inputBytes } from '../../../../src/core/policy/input.ts'
import { meterPolicy } from '../../../../src/core/policy/meter-policy.ts'
import { DEFAULT_POLICY, readPolicy } from '../../../../src/node/policy/files.ts'
import { openPolicyEngine } from '../../../../src/node/policy/runtime.ts'
import type { PolicyEngine, PolicyModule } from '../../../../src/ports/policy-engine.ts'
import { OP, opaModule } from '../../../setup/opa-module.ts'
import { sha256 } from '../../../setup/policy-bodies.ts'

const GAS = 50_000_000

function defaultPolicy(engine: PolicyEngine): PolicyModule {
  const source = readPolicy(DEFAULT_POLICY)
  const module = source.ok ? engine.load(source.value.wasm) : source
  if (!module.ok) throw new Error(module.error.message)
  return module.value
}

/** Evaluations from a few microseconds to some milliseconds, in a mixed order. */
const INPUTS = [10, 60_000, 0, 5, 200_000, 3, 30_000].map((size) =>
  inputBytes({ kind: 'NEED', v: 1, payload: { label: 'x'.repeat(size) } }),
)

describe('evaluation beside the main thread', () => {
  it('gives the same outcomes in the same order, long and short together', async () => {
    const engine = openPolicyEngine()
    const module = defaultPolicy(engine)
    const here = module.evaluateList(INPUTS, GAS)
    expect(here.some(({ gas }) => gas > 500_000)).toBe(true)
    expect(await module.evaluateListAside(INPUTS, GAS)).toEqual(here)
    expect(await Promise.all(INPUTS.map((input) => module.evaluateListAside([input], GAS)))).toEqual(
      here.map((one) => [one]),
    )
    await engine.close()
  })

  it('leaves the main thread free: a runaway takes no more than its share there', async () => {
    const engine = openPolicyEngine()
    const loop = engine.load(opaModule({ evaluate: [...OP.loop, ...OP.br(0), ...OP.end, ...OP.i32(0)] }))
    if (!loop.ok) throw new Error(loop.error.message)
    let turns = 0
    const pending = loop.value.evaluateListAside([inputBytes({}), inputBytes({})], 100_000_000)
    const counted = pending.then(() => turns)
    const turn = () => {
      turns += 1
      if (turns < 100) setImmediate(turn)
    }
    setImmediate(turn)
    expect(await counted).toBe(100)
    const stopped = { kind: 'gas-exceeded', gas: 100_000_000 }
    expect(await pending).toEqual([stopped, stopped])
    await engine.close()
  })

  it('faults when the engine is closed before or while it evaluates', async () => {
    const engine = openPolicyEngine()
    const module = defaultPolicy(engine)
    const long = INPUTS.slice(4, 5)
    const pending = module.evaluateListAside(long, GAS)
    const [outcome] = await Promise.allSettled([pending, engine.close()])
    expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'worker' } })
    await expect(module.evaluateListAside(long, GAS)).rejects.toMatchObject({ code: 'worker' })
    await engine.close()
  })

  it('faults when the thread ends, and starts another for the next', async () => {
    const text = `
      const { parentPort } = require('node:worker_threads')
      parentPort.on('message', () => process.exit(3))`
    const engine = openOpaEngine({ meter: meterPolicy, sha256, source: { kind: 'text', text } })
    const module = defaultPolicy(engine)
    const long = INPUTS.slice(4, 5)
    await expect(module.evaluateListAside(long, GAS)).rejects.toMatchObject({ code: 'worker' })
    await expect(module.evaluateListAside(long, GAS)).rejects.toMatchObject({ code: 'worker' })
    await engine.close()
  })

  it('refuses more than 64 MiB of inputs that wait', async () => {
    const engine = openPolicyEngine()
    const module = defaultPolicy(engine)
    const large = inputBytes({ label: 'x'.repeat(4_000_000) })
    const lists = await Promise.allSettled([
      module.evaluateListAside(Array<Uint8Array>(9).fill(large), 600_000),
      module.evaluateListAside(Array<Uint8Array>(9).fill(large), 600_000),
    ])
    expect(lists.map(({ status }) => status)).toEqual(['fulfilled', 'rejected'])
    await engine.close()
  })
})
