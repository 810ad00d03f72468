import { describe, expect, it } from 'vitest'
import { type AllowedImport, METER_CONFIG } from '../../../../src/core/meter/config.ts'
import { exportOfGlobal, INJECTED } from '../../../../src/core/meter/injected.ts'
import { meter } from '../../../../src/core/meter/meter.ts'
import { build, exported, F64, f64Bytes, I32, I64, leb, single, text } from './build.ts'
import { hostFunction } from './corpus.ts'
import { type EngineGlobal, type EngineMemory, engine } from './engine.ts'
import { metered, open, refusalOf } from './run.ts'

const FUNCTION = [...text('env'), ...text('f'), 0, 0]
const MEMORY = [...text('env'), ...text('memory'), 2, 0, 1]
const TABLE = [...text('env'), ...text('table'), 1, 0x70, 0, 2]
const GLOBAL = [...text('env'), ...text('g'), 3, I32, 0]
const TAKES_ONE = [{ params: [I32], results: [] }]

describe('imports', () => {
  const f = hostFunction('env', 'f', 'i')
  const withFunction = build({ imports: [FUNCTION], importedTypes: TAKES_ONE })

  it('are refused by their name unless they are allowed', () => {
    const result = meter(withFunction, METER_CONFIG)
    expect(result).toMatchObject({ ok: false, error: { code: 'IMPORT' } })
    expect(!result.ok && result.error.message).toContain('env.f')
    expect(refusalOf(withFunction, { imports: [f] })).toBe('')
    for (const bytes of [[MEMORY], [TABLE], [GLOBAL]].map((imports) => build({ imports }))) {
      expect(refusalOf(bytes, { imports: [f] })).toBe('IMPORT')
    }
  })

  it('must have the type and kind that is allowed', () => {
    const others: readonly AllowedImport[] = [
      hostFunction('env', 'f', 'l'),
      hostFunction('env', 'f', 'i', 'i'),
      hostFunction('env', 'f', ''),
      hostFunction('other', 'f', 'i'),
      { module: 'env', name: 'f', kind: 'memory' },
    ]
    for (const other of others) expect(refusalOf(withFunction, { imports: [other] })).toBe('IMPORT')
  })

  it('may be a memory, a table or a global', () => {
    const imports: readonly AllowedImport[] = [
      { module: 'env', name: 'memory', kind: 'memory' },
      { module: 'env', name: 'table', kind: 'table' },
      { module: 'env', name: 'g', kind: 'global', type: 'i32', mutable: false },
    ]
    const bytes = build({
      imports: [MEMORY, TABLE, GLOBAL],
      funcs: [{ results: [I32], code: [0x23, 0], export: 'run' }],
    })
    const { memory } = metered(bytes, { imports, memoryPagesMax: 9 })
    expect(memory).toEqual({ imported: true, min: 1, max: 9 })
    expect(
      refusalOf(bytes, {
        imports: imports.map((each) => (each.kind === 'global' ? { ...each, mutable: true } : each)),
      }),
    ).toBe('IMPORT')
  })
})

describe('calls of the host', () => {
  it('see no work that is not paid, and pay from the same gas', () => {
    const seen: bigint[] = []
    const code = [0x20, 0, 0x04, 0x40, 0x01, 0x01, 0x01, 0x0b, 0x41, 5, 0x10, 0]
    const bytes = build({
      imports: [FUNCTION],
      importedTypes: TAKES_ONE,
      funcs: [{ params: [I32], code, export: 'run' }],
    })
    const { bytes: module } = metered(bytes, { imports: [hostFunction('env', 'f', 'i')] })
    const f = (): void => {
      const gas = instance.exports[INJECTED.gas] as EngineGlobal
      seen.push(BigInt(gas.value))
      gas.value = BigInt(gas.value) - 100n
    }
    const instance = open(module, { env: { f } })
    for (let limit = 0n; limit < 8n; limit++) {
      seen.length = 0
      // the way through `if` costs 7 in all, and the host takes 100 more
      expect(instance.call('run', [1], limit)).toEqual({ result: 'out-of-gas', used: limit })
      expect(seen).toEqual(limit < 7n ? [] : [0n])
    }
    expect(instance.call('run', [1], 107n)).toEqual({ result: [], used: 107n })
  })
})

describe('the start function', () => {
  const bytes = build({
    funcs: [{ code: [0x41, 9, 0x24, 0] }],
    globals: [[I32, 1, 0x41, 0, 0x0b]],
    exports: [exported('g', 3, 0)],
    start: 0,
  })

  it('is refused unless it is given gas', () => {
    expect(refusalOf(bytes)).toBe('START_FUNCTION')
  })

  it('runs on the gas of the configuration, or not at all', () => {
    const { exports } = open(metered(bytes, { startGas: 5 }).bytes)
    expect((exports['g'] as EngineGlobal).value).toBe(9)
    expect((exports[INJECTED.gas] as EngineGlobal).value).toBe(3n)
    expect(() => open(metered(bytes, { startGas: 1 }).bytes)).toThrow(engine.RuntimeError)
  })
})

describe('memory', () => {
  const grow = (memory: readonly number[]) =>
    single([0x20, 0, 0x40, 0], { params: [I32], results: [I32] }, { memory })

  it('grows to the lower of both maxima and no further', () => {
    for (const [memory, max] of [
      [[0, 1], 5],
      [[1, 1, 3], 3],
      [[1, 1, 100], 5],
    ] as const) {
      const { bytes, memory: view } = metered(grow(memory), { memoryPagesMax: 5, gasPerByteGrown: 0 })
      expect(view).toEqual({ imported: false, min: 1, max })
      expect(open(bytes).call('run', [max]).result).toEqual([-1])
      expect(open(bytes).call('run', [max - 1]).result).toEqual([1])
    }
    expect(refusalOf(grow([0, 6]), { memoryPagesMax: 5 })).toBe('LIMIT')
  })

  it('that is imported must come with as low a maximum', () => {
    const imports: readonly AllowedImport[] = [{ module: 'env', name: 'memory', kind: 'memory' }]
    const { bytes } = metered(build({ imports: [MEMORY] }), { imports, memoryPagesMax: 4 })
    const link = (maximum: number): unknown =>
      open(bytes, { env: { memory: new engine.Memory({ initial: 1, maximum }) } })
    expect(() => link(4)).not.toThrow()
    expect(() => link(5)).toThrow(/maximum/u)
  })

  it('costs gas by the byte that is asked for, granted or not, before it is touched', () => {
    const { bytes } = metered(grow([0, 1]), { gasPerByteGrown: 3, memoryPagesMax: 4 })
    expect(open(bytes).call('run', [2])).toEqual({ result: [1], used: 2n + 2n * 65_536n * 3n })
    expect(open(bytes).call('run', [5])).toEqual({ result: [-1], used: 2n + 5n * 65_536n * 3n })
    expect(open(bytes).call('run', [-1])).toEqual({ result: [-1], used: 2n + 0xffff_ffffn * 65_536n * 3n })
    const instance = open(bytes)
    expect(instance.call('run', [1], 65_536n * 3n + 1n).result).toBe('out-of-gas')
    expect(Object.values(open(bytes).exports).length).toBeGreaterThan(0)
  })

  it.each([
    ['memory.copy', [0xfc, 10, 0, 0]],
    ['memory.fill', [0xfc, 11, 0]],
    ['memory.init', [0xfc, 8, 0, 0]],
  ])('%s costs gas by the byte, before a byte is written', (_, operation) => {
    const code = [0x41, 8, 0x41, 0, 0x20, 0, ...operation]
    const data = [[1, ...leb(100), ...Array<number>(100).fill(7)]]
    const bytes = single(code, { params: [I32] }, { dataCount: 1, data, exports: [exported('memory', 2, 0)] })
    const { bytes: module } = metered(bytes, { gasPerByteMoved: 5 })
    expect(open(module).call('run', [60])).toEqual({ result: [], used: 4n + 60n * 5n })
    // out of bounds: what was asked for is paid all the same
    expect(open(module).call('run', [70_000])).toEqual({ result: 'trap', used: 4n + 70_000n * 5n })
    const short = open(module)
    expect(short.call('run', [60], 4n + 60n * 5n - 1n).result).toBe('out-of-gas')
    expect(new Uint8Array((short.exports['memory'] as EngineMemory).buffer).every((byte) => byte === 0)).toBe(
      true,
    )
  })

  it('says when a segment can be dropped, which no host can take back', () => {
    const parts = { dataCount: 1, data: [[1, 1, 7]] }
    expect(metered(single([0xfc, 9, 0], {}, parts)).dropsData).toBe(true)
    expect(metered(single([], {}, parts)).dropsData).toBe(false)
  })
})

describe('state for the host', () => {
  const bytes = build({
    imports: [[...text('env'), ...text('g'), 3, I32, 1]],
    globals: [
      [I32, 1, 0x41, 1, 0x0b],
      [I64, 0, 0x42, 2, 0x0b],
      [F64, 1, 0x44, ...f64Bytes(0.5), 0x0b],
    ],
  })
  const imports: readonly AllowedImport[] = [
    { module: 'env', name: 'g', kind: 'global', type: 'i32', mutable: true },
  ]
  const g = new engine.Global({ value: 'i32', mutable: true }, 4)

  it("is every mutable global of the module's own, when asked for", () => {
    const { bytes: module, globals } = metered(bytes, { imports, exportGlobals: true })
    expect(globals).toEqual([exportOfGlobal(1), exportOfGlobal(3)])
    const { exports } = open(module, { env: { g } })
    expect(globals.map((name) => (exports[name] as EngineGlobal).value)).toEqual([1, 0.5])
    expect(metered(bytes, { imports }).globals).toEqual([])
  })
})
