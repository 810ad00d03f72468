import { describe, expect, it } from 'vitest'
import { CALLS, corpusModule, IMPORTS } from './corpus.ts'
import { engine } from './engine.ts'
import { Machine, toBits } from './interpreter/machine.ts'
import { Trap } from './interpreter/numeric.ts'
import { metered, type Num, open, PLENTY } from './run.ts'

const CONFIG = { imports: IMPORTS, startGas: 1_000_000, gasPerByteGrown: 2, gasPerByteMoved: 3 }
const HOST = {
  env: {
    abort: (): never => {
      throw new Error('aborted')
    },
  },
}

describe.each(Object.keys(CALLS))('what the compiler of %s put out', (name) => {
  const bytes = corpusModule(name)
  const calls = CALLS[name] ?? []
  const pagesMax = 40

  it('validates once metered', () => {
    expect(engine.validate(metered(bytes, CONFIG).bytes)).toBe(true)
  })

  it('gives the same results and memory, and uses the gas of its instructions and bytes', () => {
    const plain = open(bytes, HOST)
    const instance = open(metered(bytes, { ...CONFIG, memoryPagesMax: pagesMax }).bytes, HOST)
    const machine = new Machine(bytes, HOST, pagesMax)
    for (const [call, ...args] of calls) {
      machine.executed = machine.grown = machine.moved = 0
      const { params, results } = machine.typeOf(call)
      const expected = machine.invoke(call, ...args.map((arg, i) => toBits(arg, params[i] ?? 0)))
      const outcome = instance.call(call, args)
      expect({ call, used: outcome.used }).toEqual({
        call,
        used: BigInt(machine.executed + 2 * machine.grown + 3 * machine.moved),
      })
      expect((outcome.result as Num[]).map((value, i) => toBits(value, results[i] ?? 0))).toEqual(expected)
      if (call !== 'grow') expect(outcome.result).toEqual(plain.call(call, args).result)
      expect(Buffer.compare(new Uint8Array(instance.memory?.buffer ?? []), machine.memory.bytes)).toBe(0)
    }
  })

  it('stops out of gas at every limit below its gas, and with the same gas at every other', () => {
    const module = metered(bytes, CONFIG).bytes
    for (const [call, ...args] of calls) {
      const whole = open(module, HOST).call(call, args, PLENTY)
      for (let part = 0n; part < 8n; part++) {
        const limit = (whole.used * part) / 8n
        expect(open(module, HOST).call(call, args, limit)).toEqual({ result: 'out-of-gas', used: limit })
      }
      expect(open(module, HOST).call(call, args, whole.used - 1n).result).toBe('out-of-gas')
      expect(open(module, HOST).call(call, args, whole.used)).toEqual(whole)
    }
  })
})

describe('a program of C', () => {
  const module = metered(corpusModule('c-o2'), CONFIG).bytes

  it.each([
    ['division by zero', [0, 0]],
    ['unreachable', [1, 0]],
    ['access out of bounds', [2, 0]],
  ])('that traps by %s has paid for what ran', (_, args) => {
    const machine = new Machine(corpusModule('c-o2'))
    expect(() => machine.invoke('trap', ...args)).toThrow(Trap)
    const outcome = open(module).call('trap', args)
    expect(outcome.result).toBe('trap')
    expect(outcome.used).toBeGreaterThanOrEqual(BigInt(machine.executed))
  })
})
