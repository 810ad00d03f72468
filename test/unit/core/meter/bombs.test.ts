import { describe, expect, it } from 'vitest'
import { type Bytes, build, exported, type Func, I32, leb, sleb } from './build.ts'
import type { EngineGlobal } from './engine.ts'
import { metered, open } from './run.ts'

const LIMIT = 5_000n
/** Adds one to the global that counts what really ran. */
const TICK = [0x23, 0, 0x41, 1, 0x6a, 0x24, 0]
const MANY = 3_000_000
/** Counts local 0 up; true while it is below MANY. */
const GO_ON = [0x20, 0, 0x41, 1, 0x6a, 0x22, 0, 0x41, ...sleb(MANY), 0x48]

/** How often TICK ran before `run` stopped for want of gas. */
function ticks(funcs: readonly Func[], types: readonly Bytes[] = []): number {
  const bytes = build({
    funcs: funcs.map((func, i) => (i === 0 ? { ...func, export: 'run' } : func)),
    types,
    globals: [[I32, 1, 0x41, 0, 0x0b]],
    exports: [exported('ticks', 3, 0)],
  })
  const instance = open(metered(bytes).bytes)
  expect(instance.call('run', [], LIMIT)).toEqual({ result: 'out-of-gas', used: LIMIT })
  return (instance.exports['ticks'] as EngineGlobal).value as number
}

describe('work that is not paid does not run on', () => {
  const loops: readonly (readonly [string, Bytes])[] = [
    ['the branch back is conditional', [0x03, 0x40, ...TICK, ...GO_ON, 0x0d, 0, 0x0b]],
    [
      'the branch back is plain',
      [0x02, 0x40, 0x03, 0x40, ...GO_ON, 0x45, 0x0d, 1, ...TICK, 0x0c, 0, 0x0b, 0x0b],
    ],
    ['an if goes back', [0x03, 0x40, ...GO_ON, 0x04, 0x40, ...TICK, 0x0c, 1, 0x0b, 0x0b]],
    ['an else goes back', [0x03, 0x40, ...GO_ON, 0x45, 0x04, 0x40, 0x05, ...TICK, 0x0c, 1, 0x0b, 0x0b]],
    ['a table goes back', [0x02, 0x40, 0x03, 0x40, ...TICK, ...GO_ON, 0x45, 0x0e, 1, 0, 1, 0x0b, 0x0b]],
    [
      'the inner of two goes back to the outer',
      [0x03, 0x40, 0x03, 0x40, ...GO_ON, 0x04, 0x40, ...TICK, 0x0c, 2, 0x0b, 0x0b, 0x0b],
    ],
    [
      'both of two go back',
      [0x03, 0x40, 0x03, 0x40, ...TICK, ...GO_ON, 0x0d, 0, 0x0b, ...GO_ON, 0x04, 0x40, 0x0c, 1, 0x0b, 0x0b],
    ],
    [
      'the body is dear and the way out is cheap',
      [
        0x02,
        0x40,
        0x03,
        0x40,
        ...GO_ON,
        0x45,
        0x0d,
        1,
        ...TICK,
        ...Array<number>(50).fill(0x01),
        0x0c,
        0,
        0x0b,
        0x0b,
      ],
    ],
    [
      'the body is cheap and the way out is dear',
      [0x03, 0x40, ...TICK, ...GO_ON, 0x0d, 0, 0x0b, ...Array<number>(200).fill(0x01)],
    ],
  ]
  it.each(loops)('in a loop where %s', (_, code) => {
    expect(ticks([{ locals: [I32], code }])).toBeLessThan(Number(LIMIT))
  })

  it('in a loop whose parameter is carried back', () => {
    const code = [0x41, 0, 0x03, ...sleb(1), 0x21, 0, ...TICK, 0x20, 0, ...GO_ON, 0x0d, 0, 0x0b, 0x1a]
    expect(ticks([{ locals: [I32], code }], [[0x60, 1, I32, 1, I32]])).toBeLessThan(Number(LIMIT))
  })

  it('in an endless loop', () => {
    expect(ticks([{ code: [0x03, 0x40, ...TICK, 0x0c, 0, 0x0b] }])).toBeLessThan(Number(LIMIT))
  })

  it('in a tree of calls that doubles with each level', () => {
    const depth = 34 // more calls than 32 bits can count
    const twice = (next: number) => [0x10, ...leb(next), 0x10, ...leb(next)]
    const funcs = Array.from(
      { length: depth },
      (_, i): Func => ({ code: i < depth - 1 ? twice(i + 1) : TICK }),
    )
    expect(ticks(funcs)).toBeLessThan(Number(LIMIT))
  })

  it('in a tree of calls each of which could as well return at once', () => {
    const depth = 26
    const twice = (next: number) => [0x41, 1, 0x04, 0x40, 0x10, ...leb(next), 0x10, ...leb(next), 0x0b]
    const funcs = Array.from(
      { length: depth },
      (_, i): Func => ({ code: i < depth - 1 ? twice(i + 1) : TICK }),
    )
    expect(ticks(funcs)).toBeLessThan(Number(LIMIT))
  })

  it('in a tree of calls through branches that leave', () => {
    const depth = 26
    const twice = (next: number) => [
      0x41,
      0,
      0x0d,
      0,
      0x10,
      ...leb(next),
      0x41,
      0,
      0x0d,
      0,
      0x10,
      ...leb(next),
    ]
    const funcs = Array.from(
      { length: depth },
      (_, i): Func => ({ code: i < depth - 1 ? twice(i + 1) : TICK }),
    )
    expect(ticks(funcs)).toBeLessThan(Number(LIMIT))
  })

  it('past one body: what runs between two looks is bounded by the code of one function', () => {
    const optional = Array.from({ length: 500 }, () => [0x41, 1, 0x04, 0x40, ...TICK, ...TICK, 0x0b]).flat()
    expect(ticks([{ code: [...optional, 0x03, 0x40, ...TICK, 0x0c, 0, 0x0b] }])).toBeLessThan(
      Number(LIMIT) + 1_000,
    )
  })
})
