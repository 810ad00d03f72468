import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { sprintf } from '../../../../../src/adapters/opa-wasm/builtins/sprintf.ts'
import { inputBytes } from '../../../../../src/core/policy/input.ts'
import { openPolicyEngine } from '../../../../../src/node/policy/runtime.ts'
import type { Evaluation } from '../../../../../src/ports/policy-engine.ts'
import { AT, OP, opaModule } from '../../../../setup/opa-module.ts'

const free = () => {}

function formatted(format: string, values: string): string | undefined {
  const text = sprintf.run([JSON.stringify(format), values], free)
  return text === undefined ? undefined : (JSON.parse(text) as string)
}

describe('sprintf', () => {
  it('gives what OPA gives, on every vector', () => {
    const file = new URL('../../../../vectors/sprintf/go.json', import.meta.url)
    const vectors = JSON.parse(readFileSync(file, 'utf8')) as {
      format: string
      values: string
      text: string
    }[]
    expect(vectors.length).toBe(841)
    expect(vectors.filter(({ format, values, text }) => formatted(format, values) !== text)).toEqual([])
  })

  it('escapes in %q all beyond ASCII, whose printable part depends on the version of Unicode', () => {
    expect(formatted('%q', '["é\\u0001\\ud83d\\ude00"]')).toBe('"\\u00e9\\x01\\U0001f600"')
    expect(formatted('%q %#q', '[233, 128512]')).toBe(`'\\u00e9' '\\U0001f600'`)
    expect(formatted('%#q', '["é"]')).toBe('"\\u00e9"')
  })

  it('has no verbs for addresses and for bits of floats', () => {
    expect(formatted('%p %b %x', '["x", 1.5, 1.5]')).toBe('%!p(string=x) %!b(float64=1.5) %!x(float64=1.5)')
    expect(formatted('%w', '[99999999999999999999]')).toBe('%!w(*big.Int=99999999999999999999)')
  })

  it('is undefined only where the format is no string or the values no array', () => {
    expect(sprintf.run(['5', '[1]'], free)).toBeUndefined()
    expect(sprintf.run(['"%d"', '{"a": 1}'], free)).toBeUndefined()
    expect(sprintf.run(['"%d"', '{1, 2}'], free)).toBeUndefined()
    expect(formatted('%v', '[{1, 2}]')).toBe('{1, 2}')
  })

  it('whatever the format and the values are, it ends in a text, the same each time', () => {
    const values = fc.array(fc.oneof(fc.integer(), fc.double({ noNaN: true }), fc.string(), fc.boolean()))
    fc.assert(
      fc.property(fc.stringMatching(/^([%\-+# 0*.[\]]|[0-9]{1,2}|[a-zA-Z])*$/), values, (format, list) => {
        const text = JSON.stringify(list)
        const once = formatted(format, text)
        expect(typeof once).toBe('string')
        expect(formatted(format, text)).toBe(once)
      }),
    )
  })

  it('pays for every byte of its result before it is made', () => {
    const paid = (format: string, values: string) => {
      let bytes = 0
      const text = sprintf.run([JSON.stringify(format), values], (count) => {
        bytes += count
      })
      return { bytes, length: (JSON.parse(text ?? '""') as string).length }
    }
    fc.assert(
      fc.property(
        fc.nat(3000),
        fc.constantFrom('d', 's', 'x', 'f', 'e', 'U', 'c', 'q', 'v'),
        (width, verb) => {
          const { bytes, length } = paid(`%${width}${verb} and %-0${width}.${width}${verb}`, '[65, 66]')
          expect(bytes).toBeGreaterThanOrEqual(length)
        },
      ),
    )
    expect(() => sprintf.run(['"%9999999d"', '[1]'], refuseOver(10_000))).toThrow('too much')
    expect(() => sprintf.run(['"%.9999999f"', '[1.5]'], refuseOver(10_000))).toThrow('too much')
    expect(() => sprintf.run(['"%.9999999d"', '[1]'], refuseOver(10_000))).toThrow('too much')
  })
})

function refuseOver(most: number): (bytes: number) => void {
  let left = most
  return (bytes) => {
    left -= bytes
    if (left < 0) throw new Error('too much')
  }
}

describe('sprintf called by a module', () => {
  const engine = openPolicyEngine()
  afterAll(() => engine.close())

  /** Behind the input, which stands at the begin of the heap. */
  const VALUES = AT.heap + 64

  /** Calls function 3 of the host on the texts at `AT.result` and `VALUES`, and gives its result as the output. */
  const calling = [OP.i32(3), OP.i32(0), OP.i32(AT.result), OP.i32(VALUES), OP.call(1)].flat()

  function evaluated(
    format: string,
    values: string,
    gasMax: number,
    parts: object = {},
  ): Evaluation | undefined {
    const wasm = opaModule({
      imports: ['opa_builtin2'],
      importParams: 4,
      builtins: '{"sprintf":3}',
      evaluate: calling,
      texts: [
        [AT.result, format],
        [VALUES, values],
      ],
      ...parts,
    })
    const module = engine.load(wasm)
    if (!module.ok) throw new Error(module.error.message)
    return module.value.evaluateList([inputBytes({})], gasMax)[0]
  }

  it('reads its arguments and writes its result in the memory of the module, for a price', () => {
    const short = evaluated('"%d"', '[1]', 1_000_000)
    expect(short).toMatchObject({ kind: 'decided', output: '"1"' })
    const long = evaluated('"%100d"', '[1]', 1_000_000)
    expect(long?.kind).toBe('decided')
    // 99 bytes more of result, 3 more of format.
    expect((long?.gas ?? 0) - (short?.gas ?? 0)).toBe(20 * (99 + 3))
  })

  it('costs as much as it says: over the limit it ends at the limit', () => {
    const gas = evaluated('"%d"', '[1]', 1_000_000)?.gas ?? 0
    expect(evaluated('"%d"', '[1]', gas)).toMatchObject({ kind: 'decided', gas })
    expect(evaluated('"%d"', '[1]', gas - 1)).toEqual({ kind: 'gas-exceeded', gas: gas - 1 })
  })

  it('a width of millions ends by gas, before a text is made', () => {
    // Made, it would be longer than a string can be.
    const wide = JSON.stringify('%9999999d'.repeat(100))
    const ones = JSON.stringify(Array.from({ length: 100 }, () => 1))
    expect(evaluated(wide, ones, 1_000_000)).toEqual({ kind: 'gas-exceeded', gas: 1_000_000 })
  })

  it('what no runtime of OPA writes is a wrong call', () => {
    for (const [format, values] of [
      ['"%d', '[1]'],
      ['"%d"', '["open]'],
      ['"\\ud800"', '[]'],
      ['"%s"', '["\\x"]'],
    ] as const) {
      expect(evaluated(format, values, 1_000_000)).toMatchObject({ kind: 'failed', failure: 'builtin' })
    }
  })

  it('an argument out of the memory, or without an end, is a wrong call', () => {
    const at = (address: number) => [OP.i32(3), OP.i32(0), OP.i32(address), OP.i32(VALUES), OP.call(1)].flat()
    expect(evaluated('""', '[]', 1e6, { evaluate: at(-4) })).toMatchObject({ failure: 'builtin' })
    const fill = [OP.i32(AT.heap), OP.i32(65), OP.i32(131_072 - AT.heap), OP.fill].flat()
    expect(evaluated('""', '[]', 1e6, { evaluate: [...fill, ...at(AT.heap)] })).toMatchObject({
      failure: 'builtin',
    })
  })

  it('called inside itself it is a wrong call, however often', () => {
    // Only once the evaluation has begun: loading makes room too.
    const flag = AT.result + 500
    const evaluate = [OP.i32(flag), OP.i32(1), OP.store8, calling].flat()
    const again = [OP.i32(flag), OP.load8, OP.if, calling, OP.drop, OP.end, OP.i32(AT.scratch)].flat()
    const outcome = evaluated('""', '[]', 1e6, { evaluate, malloc: again })
    expect(outcome).toMatchObject({ kind: 'failed', failure: 'builtin' })
  })
})
