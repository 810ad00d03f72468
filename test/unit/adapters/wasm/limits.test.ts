import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { wasiCalls } from '../../../../src/adapters/wasm/calls.ts'
import { GuestMemory } from '../../../../src/adapters/wasm/guest-memory.ts'
import { planTask } from '../../../../src/adapters/wasm/plan-task.ts'
import type { WasmJob } from '../../../../src/adapters/wasm/task-site.ts'
import { World } from '../../../../src/adapters/wasm/world.ts'
import { meterTask } from '../../../../src/core/task/meter-task.ts'
import { WASI_IMPORTS } from '../../../../src/core/task/wasi-imports.ts'
import { type Call, OP, wasiProgram } from '../../../setup/wasi-program.ts'
import { build, exported, I32, I64, leb, section, text } from '../../core/meter/build.ts'
import { JOB, outputOf, runHere, siteOf } from './run.ts'

const LOOP = wasiProgram([], { code: OP.loop })

function refusalOf(wasm: Uint8Array): string {
  const plan = planTask(wasm, meterTask)
  return plan.ok ? '' : `${plan.error.code} ${plan.error.message}`
}

/** A module that imports one function. */
function importing(module: string, name: string): Uint8Array {
  return build({
    imports: [[...text(module), ...text(name), 0, 0]],
    importedTypes: [{ params: [], results: [] }],
    funcs: [{ export: '_start', code: [] }],
    memory: [0, 1],
    exports: [exported('memory', 2, 0)],
  })
}

describe('what a module may import', () => {
  it('is every call of the table, and each is there', () => {
    const context = {
      world: () => new World(JOB),
      memory: new GuestMemory(() => new ArrayBuffer(0)),
      charge() {},
    }
    expect(Object.keys(wasiCalls(context)).sort()).toEqual(WASI_IMPORTS.map(({ name }) => name).sort())
  })

  it.each([
    ['wasi_snapshot_preview1', 'sock_accept'],
    ['wasi_snapshot_preview1', 'proc_raise'],
    ['wasi_unstable', 'fd_write'],
    ['env', 'time'],
  ])('is nothing else: %s.%s is refused by its name', (module, name) => {
    expect(refusalOf(importing(module, name))).toMatch(
      new RegExp(`^UNKNOWN_CAPABILITY IMPORT at byte \\d+: import ${module}\\.${name} `, 'u'),
    )
  })

  it('has the type of the table', () => {
    expect(refusalOf(importing('wasi_snapshot_preview1', 'fd_write'))).toContain(
      'is function >, not function i32,',
    )
  })
})

describe('modules that are no tasks', () => {
  const memory = { memory: [0, 1], exports: [exported('memory', 2, 0)] }
  it.each([
    ['no WebAssembly', Uint8Array.of(1, 2, 3), 'MALFORMED'],
    ['no memory', build({ funcs: [{ export: '_start', code: [] }] }), 'a task has a memory'],
    [
      'a memory of its own alone',
      build({ funcs: [{ export: '_start', code: [] }], memory: [0, 1] }),
      'exports its memory',
    ],
    ['no start', build({ funcs: [{ export: 'main', code: [] }], ...memory }), 'exports the function _start'],
    [
      'a start function',
      build({ funcs: [{ export: '_start', code: [] }], ...memory, start: 0 }),
      'START_FUNCTION',
    ],
    [
      'too much memory',
      build({ funcs: [{ export: '_start', code: [] }], ...memory, memory: [0, ...leb(4_097)] }),
      'memory of 4097 pages, 4096 allowed',
    ],
    ['too many bytes', new Uint8Array(16_777_217), 'TOO_LARGE'],
    [
      'an unknown section',
      Uint8Array.from([...importing('env', 'x').slice(0, 8), ...section(99, [])]),
      'UNKNOWN_SECTION',
    ],
  ])('%s: refused', (_what, wasm, why) => {
    expect(refusalOf(wasm)).toContain(why)
  })

  it('a `_start` that wants arguments is a trap', () => {
    const wants = build({ funcs: [{ export: '_start', params: [I64], code: [] }], ...memory })
    expect(runHere(wants)).toEqual({ kind: 'trapped', gas: 0, stderr: '' })
  })
})

describe('limits of a task', () => {
  it('gas ends a loop, with the limit as its figure', () => {
    expect(runHere(LOOP, { gasMax: 12_345 })).toEqual({
      kind: 'limited',
      limit: 'gas',
      gas: 12_345,
      stderr: '',
    })
  })

  it('gas is just enough at what a task needs, and too little one below', () => {
    const wasm = wasiProgram([{ name: 'random_get', args: [0, 64] }], { show: [0, 64] })
    const { gas } = runHere(wasm)
    expect(runHere(wasm, { gasMax: gas })).toEqual(runHere(wasm))
    expect(runHere(wasm, { gasMax: gas - 1 })).toMatchObject({ kind: 'limited', limit: 'gas', gas: gas - 1 })
  })

  it('gas pays for what the host does: each call, each piece, each byte', () => {
    const gasOf = (calls: readonly Call[]) => runHere(wasiProgram(calls)).gas
    const call = (size: number): Call => ({ name: 'random_get', args: [0, size] })
    expect(gasOf([call(0)])).toBe(500 + 4)
    expect(gasOf([call(100)]) - gasOf([call(0)])).toBe(100 * 16)
    expect(gasOf([{ name: 'fd_read', args: [0, 0, 3, 0] }])).toBe(500 + 6 + 3 * 50)
  })

  it('depth ends calls without end, for the same gas each time', () => {
    const wasm = wasiProgram([], { code: OP.callSelf(0) })
    const outcome = runHere(wasm)
    expect(outcome).toMatchObject({ kind: 'limited', limit: 'depth' })
    expect(outcome.gas).toBeGreaterThan(1_000)
    expect(runHere(wasm)).toEqual(outcome)
  })

  it('memory grows up to its limit, and no further', () => {
    const grown = (pages: number) =>
      wasiProgram([], {
        code: [...OP.i32(0), ...OP.i32(pages), 0x40, 0, ...OP.store32],
        show: [0, 4],
        pages: [1, 65_536],
      })
    const gasMax = 1_000_000_000
    expect([...outputOf(grown(4_095), { gasMax })]).toEqual([1, 0, 0, 0])
    expect([...outputOf(grown(4_096), { gasMax })]).toEqual([255, 255, 255, 255])
  })

  it('output beyond its limit ends the task; just at it, it does not', () => {
    const wasm = wasiProgram([], { show: [0, 100] })
    expect(runHere(wasm, { outputBytesMax: 100 }).kind).toBe('done')
    expect(runHere(wasm, { outputBytesMax: 99 })).toMatchObject({ kind: 'limited', limit: 'output' })
  })

  it.each<readonly [string, number, Partial<WasmJob>]>([
    ['done', 1, {}],
    ['limited', 1, { gasMax: 700 }],
    ['limited', 1, { outputBytesMax: 3 }],
    ['done, in a memory that is made anew', 9, {}],
  ])('of a job that is over (%s), nothing is left for the next', (_how, pages, between) => {
    // It adds one to what it finds in its memory and in its global, and shows both with some chance.
    const count = [...OP.i32(0), 0x28, 2, 0, ...OP.i32(1), 0x6a]
    const code = [...OP.i32(0), ...count, ...OP.store32, 0x23, 0, ...OP.i32(1), 0x6a, 0x24, 0]
    const shown = [...OP.i32(4), 0x23, 0, ...OP.store32]
    const wasm = wasiProgram([{ name: 'random_get', args: [8, 8] }], {
      code: [...code, ...shown],
      globals: [[I32, 1, ...OP.i32(40), 0x0b]],
      show: [0, 16],
      pages: [pages, pages],
    })
    const site = siteOf(wasm)
    const first = site.run(JOB)
    expect(first.kind === 'done' && Array.from(first.output.subarray(0, 8))).toEqual([
      1, 0, 0, 0, 41, 0, 0, 0,
    ])
    site.run({ ...JOB, ...between, seed: new Uint8Array(32) })
    expect(site.run(JOB)).toEqual(first)
  })

  it('of a job that went deep, exited or trapped, nothing is left for the next', () => {
    const code = [...OP.i32(0), 0x28, 2, 0, 0x04, 0x40, ...OP.callSelf(2), 0x0b]
    const deepOrNot = wasiProgram([{ name: 'fd_read', args: [0, 16, 1, 24] }], {
      data: [[16, new Uint8Array(Uint32Array.of(0, 4).buffer)]],
      code,
      show: [0, 4],
    })
    const exits = wasiProgram([{ name: 'fd_read', args: [0, 16, 1, 24] }], {
      data: [[16, new Uint8Array(Uint32Array.of(0, 4).buffer)]],
      code: [...OP.i32(0), 0x28, 2, 0, 0x04, 0x40, ...OP.unreachable, 0x0b],
      show: [0, 4],
    })
    for (const [wasm, kind] of [
      [deepOrNot, 'limited'],
      [exits, 'trapped'],
    ] as const) {
      const site = siteOf(wasm)
      const first = site.run(JOB)
      expect(first.kind).toBe('done')
      expect(site.run({ ...JOB, input: Uint8Array.of(1, 0, 0, 0) }).kind).toBe(kind)
      expect(site.run(JOB)).toEqual(first)
    }
  })
})

const word = fc.oneof(fc.nat(400), fc.nat(70_000), fc.integer(), fc.constantFrom(0, 1, 2, 3, 4, 5))
const wide = fc.oneof(fc.bigInt(0n, 100n), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }))
const anyCall: fc.Arbitrary<Call> = fc
  .constantFrom(...WASI_IMPORTS.filter(({ name }) => name !== 'proc_exit'))
  .chain((one) => {
    const params = one.kind === 'function' ? one.params : []
    const args = fc.tuple(...params.map((type) => (type === 'i64' ? wide : word)))
    return args.map((list) => ({ name: one.name, args: list }))
  })

describe('tasks of any kind', () => {
  it('whatever is called with whatever: an outcome, the same output and gas each time, never a throw', () => {
    const calls = fc.array(anyCall, { maxLength: 12 })
    const setup = fc.record({
      calls,
      seed: fc.uint8Array({ minLength: 32, maxLength: 32 }),
      input: fc.uint8Array(),
    })
    fc.assert(
      fc.property(setup, ({ calls: list, seed, input }) => {
        const numbered = list.map((call, index) => ({ ...call, errnoAt: 60_000 + 4 * index }))
        const wasm = wasiProgram(numbered, { data: [[300, 'input']], show: [0, 65_400] })
        const job = { ...JOB, seed, input, files: [{ name: 'input', bytes: input }] }
        const outcome = runHere(wasm, job)
        expect(runHere(wasm, job)).toEqual(outcome)
        const site = siteOf(wasm)
        expect([site.run(job), site.run(job)]).toEqual([outcome, outcome])
      }),
      { numRuns: 60 },
    )
  })

  it('another seed is other chance, and the same gas', () => {
    const wasm = wasiProgram([{ name: 'random_get', args: [0, 32] }], { show: [0, 32] })
    const seed = fc.uint8Array({ minLength: 32, maxLength: 32 })
    fc.assert(
      fc.property(seed, seed, (one, other) => {
        fc.pre(one.join() !== other.join())
        const [first, second] = [runHere(wasm, { seed: one }), runHere(wasm, { seed: other })]
        expect(first.gas).toBe(second.gas)
        expect(first).not.toEqual(second)
      }),
      { numRuns: 20 },
    )
  })
})
