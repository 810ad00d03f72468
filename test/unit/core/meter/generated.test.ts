import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { engine } from './engine.ts'
import { Machine } from './interpreter/machine.ts'
import { Trap, type Value } from './interpreter/numeric.ts'
import { program } from './program.ts'
import { metered, type Outcome, open } from './run.ts'
import { Tape } from './tape.ts'

const PAGES = 3

interface Reference {
  readonly result: readonly Value[] | 'trap'
  readonly gas: bigint
  readonly memory: Uint8Array
  readonly globals: readonly Value[]
}

/** What the interpreter says of `run(argument)`. */
function interpret(bytes: Uint8Array, arg: number): Reference {
  const machine = new Machine(bytes)
  let result: readonly Value[] | 'trap'
  try {
    result = machine.invoke('run', arg)
  } catch (error) {
    if (!(error instanceof Trap)) throw error
    result = 'trap'
  }
  const gas = BigInt(machine.executed + machine.grown + machine.moved)
  return { result, gas, memory: machine.memory.bytes, globals: machine.globals }
}

const programs = fc
  .array(fc.nat(1_000_000), { maxLength: 500, size: 'max' })
  .map((choices) => program(new Tape(choices)))
const argument = fc.integer()

function run(bytes: Uint8Array, arg: number, limit?: bigint) {
  const instance = open(metered(bytes, { memoryPagesMax: PAGES }).bytes)
  return { instance, outcome: instance.call('run', [arg], limit) }
}

describe('generated programs', () => {
  it('validate, before and after', () => {
    fc.assert(
      fc.property(programs, (bytes) => {
        expect(engine.validate(bytes)).toBe(true)
        expect(engine.validate(metered(bytes).bytes)).toBe(true)
      }),
      { numRuns: 300 },
    )
  })

  it('do what the specification says, bit by bit, and use exactly the gas of their instructions', () => {
    fc.assert(
      fc.property(programs, argument, (bytes, arg) => {
        const expected = interpret(bytes, arg)
        const { instance, outcome } = run(bytes, arg)
        expect(outcome.result).toEqual(expected.result)
        if (expected.result === 'trap') {
          // what was paid stays paid: at least all that ran
          expect(outcome.used).toBeGreaterThanOrEqual(expected.gas)
          return
        }
        expect(outcome.used).toBe(expected.gas)
        expect(Buffer.compare(new Uint8Array(instance.memory?.buffer ?? []), expected.memory)).toBe(0)
        const { fuel, g1 } = instance.exports as Record<string, { value: Value }>
        expect([fuel?.value, g1?.value]).toEqual(expected.globals.slice(0, 2))
      }),
      { numRuns: 300 },
    )
  })

  it('stop out of gas under every limit below their gas, and under no other', () => {
    fc.assert(
      fc.property(
        programs,
        argument,
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 5 }),
        (bytes, arg, parts) => {
          const { outcome } = run(bytes, arg)
          if (typeof outcome.result === 'string') return
          const total = outcome.used
          const low = parts.map((part) => BigInt(Math.floor(part * Number(total - 1n))))
          for (const limit of [0n, total - 1n, ...low].filter((each) => each >= 0n && each < total)) {
            expect(run(bytes, arg, limit).outcome).toEqual({ result: 'out-of-gas', used: limit })
          }
          for (const limit of [total, total + 1n]) expect(run(bytes, arg, limit).outcome).toEqual(outcome)
        },
      ),
      { numRuns: 150 },
    )
  })

  it('that trap do so with the same gas each time, or run out of gas before', () => {
    fc.assert(
      fc.property(programs, argument, (bytes, arg) => {
        const first = run(bytes, arg).outcome
        if (first.result !== 'trap') return
        expect(run(bytes, arg).outcome).toEqual(first)
        expect(run(bytes, arg, first.used).outcome).toEqual(first)
        const less = run(bytes, arg, first.used - 1n).outcome
        expect<Outcome[]>([first, { result: 'out-of-gas', used: first.used - 1n }]).toContainEqual(less)
      }),
      { numRuns: 150 },
    )
  })

  it('use the same gas cold and hot', () => {
    fc.assert(
      fc.property(programs, argument, (bytes, arg) => {
        const module = metered(bytes).bytes
        const cold = open(module).call('run', [arg])
        for (let i = 0; i < 20; i++) expect(open(module).call('run', [arg])).toEqual(cold)
      }),
      { numRuns: 20 },
    )
  })
})
