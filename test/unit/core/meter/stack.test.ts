import { describe, expect, it } from 'vitest'
import { METER_CONFIG } from '../../../../src/core/meter/config.ts'
import { INJECTED } from '../../../../src/core/meter/injected.ts'
import { type Bytes, build, exported, F64, type Func, I32, I64, leb, single, sleb } from './build.ts'
import { CALLS, corpusModule, IMPORTS } from './corpus.ts'
import type { EngineGlobal } from './engine.ts'
import { metered, open, refusalOf } from './run.ts'

const CONFIG = { startGas: 1_000_000, imports: IMPORTS }

/** run(n): calls itself n times and gives n. */
const RECURSION: Func = {
  params: [I32],
  results: [I32],
  code: [0x20, 0, 0x04, I32, 0x20, 0, 0x41, 1, 0x6b, 0x10, 0, 0x41, 1, 0x6a, 0x05, 0x41, 0, 0x0b],
}

function stackLeft(bytes: Uint8Array, call: string, args: readonly number[]) {
  const instance = open(bytes)
  const outcome = instance.call(call, args)
  return { outcome, left: (instance.exports[INJECTED.stack] as EngineGlobal).value }
}

describe('the bound on calls', () => {
  const bounded = (stackSlotsMax: number) => metered(single(RECURSION.code, RECURSION), { stackSlotsMax })

  it('stops at the same depth each time, by its own reason', () => {
    const { bytes, stats } = bounded(2_000)
    expect(stats).toMatchObject({ functions: 1, countedFunctions: 1 })
    const depths = [...Array(400).keys()]
    const reached = depths.filter((depth) => open(bytes).call('run', [depth]).result !== 'too-deep')
    expect(reached).toEqual(depths.slice(0, reached.length)) // once too deep, always
    expect(reached.length).toBeGreaterThan(20)
    expect(open(bytes).call('run', [100_000])).toEqual(open(bytes).call('run', [200_000]))
    expect(open(bytes).call('run', [reached.length]).result).toBe('too-deep')
  })

  it('is twice as far with twice the slots', () => {
    const reach = (slots: number) => {
      const { bytes } = bounded(slots)
      let depth = 0
      while (open(bytes).call('run', [depth]).result !== 'too-deep') depth++
      return depth
    }
    const [near, far] = [reach(1_000), reach(2_000)]
    expect(Math.abs(far - 2 * near)).toBeLessThanOrEqual(1)
  })

  it('is put back by every way out of a function', () => {
    const exits: readonly Bytes[] = [
      [0x20, 0],
      [0x20, 0, 0x0f],
      [0x20, 0, 0x0c, 0],
      [0x02, 0x40, 0x20, 0, 0x0c, 1, 0x0b, 0x41, 7],
      [0x02, 0x40, 0x20, 0, 0x0f, 0x0b, 0x00],
      [0x20, 0, 0x41, 1, 0x0d, 0],
      [0x20, 0, 0x41, 0, 0x0e, 0, 0],
    ]
    for (const exit of exits) {
      const again = [0x20, 0, 0x04, 0x40, 0x41, 0, 0x10, 0, 0x1a, 0x0b]
      const { bytes, stackSlots } = metered(single([...again, ...exit], { params: [I32], results: [I32] }))
      expect(stackLeft(bytes, 'run', [3])).toMatchObject({ outcome: { result: [3] }, left: stackSlots })
    }
  })

  it('holds for functions with several results', () => {
    const code = [0x20, 0, 0x04, 0x40, 0x41, 0, 0x10, 0, 0x1a, 0x1a, 0x0b, 0x42, 5, 0x20, 0, 0x0f]
    const { bytes, stackSlots } = metered(single(code, { params: [I32], results: [I64, I32] }))
    expect(stackLeft(bytes, 'run', [3])).toMatchObject({ outcome: { result: [5n, 3] }, left: stackSlots })
  })

  it('holds for recursion through a table', () => {
    const code = [0x20, 0, 0x04, I32, 0x20, 0, 0x41, 1, 0x6b, 0x41, 0, 0x11, 0, 0, 0x05, 0x41, 0, 0x0b]
    const bytes = single(
      code,
      { params: [I32], results: [I32] },
      { table: [0x70, 0, 1], elements: [[0, 0x41, 0, 0x0b, 1, 0]] },
    )
    const { bytes: module } = metered(bytes, { stackSlotsMax: 2_000 })
    expect(open(module).call('run', [10]).result).toEqual([0])
    expect(open(module).call('run', [100_000]).result).toBe('too-deep')
  })

  it('a chain of calls without recursion is measured beforehand: over the bound it is refused', () => {
    const funcs = Array.from({ length: 50 }, (_, i) => ({
      locals: Array<number>(100).fill(F64),
      code: i < 49 ? [0x10, ...leb(i + 1)] : [],
    }))
    const chain = build({ funcs, exports: [exported('run', 0, 0)] })
    const { stats, stackSlots } = metered(chain)
    expect(stats.countedFunctions).toBe(0)
    expect(METER_CONFIG.stackSlotsMax - stackSlots).toBeGreaterThan(50 * 100)
    expect(refusalOf(chain, { stackSlotsMax: 5_000 })).toBe('LIMIT')
  })

  it.each(Object.entries(CALLS))('leaves no trace of the calls of %s', (name, calls) => {
    const { bytes, stackSlots } = metered(corpusModule(name), CONFIG)
    const host = { env: { abort: () => {} } }
    const instance = open(bytes, host)
    for (const [call, ...args] of calls) {
      instance.call(call, args)
      expect((instance.exports[INJECTED.stack] as EngineGlobal).value).toBe(stackSlots)
    }
  })
})

describe("the engine's own stack is never reached", () => {
  const locals = 60
  /** Functions with much to keep across the call back to themselves, each in another way. */
  const shapes: readonly (readonly [string, Func])[] = [
    ['nothing', RECURSION],
    ['locals', { ...RECURSION, locals: Array<number>(1000).fill(I64) }],
    ['parameters', wideParameters(50)],
    ['operands', { ...RECURSION, code: [...constants(500), ...RECURSION.code, ...sums(500)] }],
    ['values that an optimiser keeps', { ...RECURSION, locals: [I32], code: common(locals) }],
  ]

  it.each(shapes)('by frames that hold %s, cold or hot', (_, func) => {
    const { bytes } = metered(single(func.code, func))
    const args = (func.params ?? []).map((_type, i) => (i === 0 ? 1_000_000 : i))
    expect(open(bytes).call('run', args).result).toBe('too-deep')
    const hot = open(bytes)
    for (let i = 0; i < 3_000; i++) hot.call('run', args.with(0, 40))
    expect(hot.call('run', args).result).toBe('too-deep')
  })

  /** run(n, ...): calls itself with all of its parameters. */
  function wideParameters(count: number): Func {
    const rest = Array.from({ length: count - 1 }, (_, i) => [0x20, ...leb(i + 1)]).flat()
    const again = [0x20, 0, 0x41, 1, 0x6b, ...rest, 0x10, 0]
    return {
      params: Array<number>(count).fill(I32),
      results: [I32],
      code: [0x20, 0, 0x04, I32, ...again, 0x05, 0x41, 0, 0x0b],
    }
  }

  function constants(count: number): number[] {
    return Array.from({ length: count }, (_, i) => [0x20, 0, 0x41, ...sleb(i + 1), 0x6a]).flat()
  }

  function sums(count: number): number[] {
    return Array.from({ length: count }, () => 0x6a)
  }

  /** The same sums before and after the call: an optimiser computes them once. */
  function common(count: number): number[] {
    const all = Array.from({ length: count }, (_, i) => [0x20, 0, 0x41, ...sleb(1000 + i), 0x6c, 0x73]).flat()
    const before = [0x41, 0, ...all, 0x21, 1]
    const back = [0x20, 0, 0x04, 0x40, 0x20, 0, 0x41, 1, 0x6b, 0x10, 0, 0x20, 1, 0x6a, 0x21, 1, 0x0b]
    return [...before, ...back, 0x20, 1, ...all]
  }
})
