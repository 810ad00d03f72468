import { describe, expect, it } from 'vitest'
import { INJECTED } from '../../../../src/core/meter/injected.ts'
import { corpusModule, IMPORTS } from './corpus.ts'
import { type EngineGlobal, engine } from './engine.ts'
import { Machine, Memory } from './interpreter/machine.ts'
import type { Value } from './interpreter/numeric.ts'
import { metered, open, PLENTY } from './run.ts'

const WASM = corpusModule('opa')
const START_GAS = 1_000_000
const CONFIG = { imports: IMPORTS, startGas: START_GAS }
const PAGES = 8

const INPUTS: readonly object[] = [
  {
    kind: 'NEED',
    size: 700,
    from: 'did:key:z6Mk',
    payload: { class: 'small', bounty: 50, deadline: 9 },
    tags: 'b,a',
    samples: [],
  },
  {
    kind: 'NEED',
    size: 2_000_000,
    from: 'DID:KEY:z6',
    payload: { class: 'large', bounty: 20_000 },
    tags: '',
    samples: [1],
  },
  {
    kind: 'COMMIT',
    size: 1,
    from: 'x',
    payload: {},
    tags: 'é,€,x',
    samples: [0.1, 1e21, -3.75, 1e30],
  },
  {
    kind: 'NOPE',
    left: [1, { a: [null, true] }],
    right: [1, { a: [null, true] }],
    samples: [2, 3, 5, 7, 11, 13],
  },
  {},
]

/** The few functions of OPA's interface that an evaluation needs, over whatever runs them. */
interface Opa {
  call(name: string, ...args: number[]): number
  bytes(): Uint8Array
}

const ABORTED = (): never => {
  throw new Error('aborted')
}
const NOTHING = (): readonly Value[] => [0]
const BUILTINS = [0, 1, 2, 3, 4].map((count) => `opa_builtin${count}`)

function onEngine(bytes: Uint8Array): Opa & { readonly gas: EngineGlobal } {
  const memory = new engine.Memory({ initial: PAGES, maximum: PAGES })
  const builtins = Object.fromEntries(BUILTINS.map((name) => [name, () => 0]))
  const env = { memory, opa_abort: ABORTED, opa_println: () => {}, ...builtins }
  const { exports } = open(bytes, { env })
  return {
    gas: exports[INJECTED.gas] as EngineGlobal,
    call: (name, ...args) => (exports[name] as (...args: number[]) => number)(...args),
    bytes: () => new Uint8Array(memory.buffer),
  }
}

function onMachine(): Opa & { readonly machine: Machine } {
  const memory = new Memory(PAGES, PAGES)
  const builtins = Object.fromEntries(BUILTINS.map((name) => [name, NOTHING]))
  const machine = new Machine(WASM, {
    env: { memory, opa_abort: ABORTED, opa_println: () => [], ...builtins },
  })
  return {
    machine,
    call: (name, ...args) => Number(machine.invoke(name, ...args)[0] ?? 0),
    bytes: () => memory.bytes,
  }
}

/** Loads the empty data and gives its address and that of the heap behind it. */
function load(opa: Opa): { data: number; heap: number } {
  const text = new TextEncoder().encode('{}')
  const at = opa.call('opa_malloc', text.length)
  opa.bytes().set(text, at)
  const data = opa.call('opa_json_parse', at, text.length)
  return { data, heap: opa.call('opa_heap_ptr_get') }
}

/** Arguments of `opa_eval`: the input is put on top of the heap. */
function evaluation(opa: Opa, input: object): number[] {
  const { data, heap } = load(opa)
  const text = new TextEncoder().encode(JSON.stringify(input))
  opa.bytes().set(text, heap)
  return [0, 0, data, heap, text.length, heap + ((text.length + 7) & ~7), 0]
}

function decision(opa: Opa, at: number): unknown {
  const bytes = opa.bytes()
  return JSON.parse(new TextDecoder().decode(bytes.slice(at, bytes.indexOf(0, at))))
}

describe("OPA's runtime", () => {
  const module = metered(WASM, CONFIG).bytes

  it('pays for its start function from the gas of the configuration', () => {
    const { machine } = onMachine()
    expect(BigInt(START_GAS) - BigInt(onEngine(module).gas.value)).toBe(BigInt(machine.executed))
    expect(machine.executed).toBeGreaterThan(0)
  })

  it.each(INPUTS.map((input) => [JSON.stringify(input).slice(0, 40), input] as const))(
    'evaluates %s to the same bytes, with exact gas',
    (_, input) => {
      const reference = onMachine()
      const { machine } = reference
      const args = evaluation(reference, input)
      machine.executed = machine.grown = machine.moved = 0
      const expected = decision(reference, reference.call('opa_eval', ...args))

      const plain = onEngine(WASM)
      expect(decision(plain, plain.call('opa_eval', ...evaluation(plain, input)))).toEqual(expected)

      const subject = onEngine(module)
      subject.gas.value = PLENTY
      expect(evaluation(subject, input)).toEqual(args)
      const { gas } = subject
      gas.value = PLENTY
      expect(decision(subject, subject.call('opa_eval', ...args))).toEqual(expected)
      expect(PLENTY - gas.value).toBe(BigInt(machine.executed + machine.grown + machine.moved))
      expect(Buffer.compare(subject.bytes(), reference.bytes())).toBe(0)
    },
  )
})
