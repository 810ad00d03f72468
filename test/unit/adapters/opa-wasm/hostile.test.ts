import { afterAll, describe, expect, it } from 'vitest'
import { encodeDagCbor } from '../../../../src/codec/dag-cbor/encode.ts'
import type { Ipld } from '../../../../src/codec/ipld.ts'
import { openPolicyEngine } from '../../../../src/node/policy/runtime.ts'
import type { Evaluation, PolicyModule } from '../../../../src/ports/policy-engine.ts'
import { ALLOW, AT, FUNCTION, type ModuleParts, OP, opaModule } from '../../../setup/opa-module.ts'

const engine = openPolicyEngine()
afterAll(() => engine.close())

const GAS = 1_000_000
const NONE = encodeDagCbor({})

function loaded(parts: ModuleParts): PolicyModule {
  const module = engine.load(opaModule(parts))
  if (!module.ok) throw new Error(module.error.message)
  return module.value
}

/** Twice in a row: what came before must not matter. */
function evaluated(parts: ModuleParts, input: Ipld = {}, gasMax = GAS): Evaluation {
  const bytes = encodeDagCbor(input)
  const [first, second] = loaded(parts).evaluateList([bytes, bytes], gasMax) as [Evaluation, Evaluation]
  expect(second).toEqual(first)
  return first
}

describe('a policy that is hostile ends in a typed outcome, the same each time', () => {
  it('the plain module of these tests allows', () => {
    expect(evaluated({})).toMatchObject({ kind: 'decided', output: ALLOW })
  })

  it('an infinite loop ends by gas', () => {
    const evaluate = [...OP.loop, ...OP.br(0), ...OP.end, ...OP.i32(AT.allow)]
    expect(evaluated({ evaluate })).toEqual({ kind: 'gas-exceeded', gas: GAS })
  })

  it('no gas at all is too little', () => {
    expect(evaluated({}, {}, 0)).toEqual({ kind: 'gas-exceeded', gas: 0 })
  })

  it('endless recursion ends by depth, or by gas when that is less', () => {
    const parts = { extra: OP.call(1 + FUNCTION.extra), evaluate: OP.call(1 + FUNCTION.extra) }
    expect(evaluated(parts, {}, 100_000_000)).toMatchObject({ kind: 'failed', failure: 'depth' })
    expect(evaluated(parts, {}, 100)).toEqual({ kind: 'gas-exceeded', gas: 100 })
  })

  it('a memory bomb ends by gas', () => {
    const evaluate = [...OP.loop, ...OP.i32(64), ...OP.grow, ...OP.drop, ...OP.br(0), ...OP.end, ...OP.i32(0)]
    expect(evaluated({ evaluate })).toEqual({ kind: 'gas-exceeded', gas: GAS })
  })

  it('filling the memory over and over ends by gas', () => {
    const fill = [...OP.i32(AT.heap), ...OP.i32(7), ...OP.i32(50_000), ...OP.fill]
    const evaluate = [...OP.loop, ...fill, ...OP.br(0), ...OP.end, ...OP.i32(AT.allow)]
    expect(evaluated({ evaluate })).toEqual({ kind: 'gas-exceeded', gas: GAS })
  })

  it('memory past the bound is not granted, whatever is paid', () => {
    const evaluate = [...OP.i32(300), ...OP.grow, ...OP.drop, ...OP.size, ...OP.i32(0), ...OP.add]
    // The size, as an address: with 2 pages and nothing granted there is no text at 2.
    expect(evaluated({ evaluate }, {}, 1e9)).toMatchObject({ kind: 'decided', output: '' })
  })

  it('a trap is a failure without words of the engine', () => {
    const trap = { kind: 'failed', failure: 'trap', message: 'the policy was stopped by a trap' }
    expect(evaluated({ evaluate: OP.unreachable })).toMatchObject(trap)
    expect(evaluated({ evaluate: [...OP.i32(-1), ...OP.load] })).toMatchObject(trap)
  })

  it('giving up shows the last words of the policy, and not more than 256 characters', () => {
    const words = (text: string) => ({
      texts: [[AT.result, text]] as const,
      evaluate: [...OP.i32(AT.result), ...OP.call(0), ...OP.i32(0)],
    })
    expect(evaluated(words('enough'))).toMatchObject({ kind: 'failed', failure: 'abort', message: 'enough' })
    const long = evaluated(words('x'.repeat(600)))
    expect(long).toMatchObject({ failure: 'abort' })
    expect(long.kind === 'failed' && long.message.length).toBe(256)
  })

  it('an address of a result outside the memory, an unended text and a text that is too long are no output', () => {
    const output = { kind: 'failed', failure: 'output' }
    expect(evaluated({ evaluate: OP.i32(-8) })).toMatchObject(output)
    const fill = [...OP.i32(AT.heap), ...OP.i32(65), ...OP.i32(131_072 - AT.heap), ...OP.fill]
    expect(evaluated({ evaluate: [...fill, ...OP.i32(AT.heap)] })).toMatchObject(output)
    expect(evaluated({ evaluate: [...fill, ...OP.i32(131_000)] })).toMatchObject(output)
  })

  it('an output has at most 65,536 bytes', () => {
    const text = (size: number) =>
      [OP.i32(AT.heap), OP.i32(65), OP.i32(size), OP.fill, OP.i32(AT.heap)].flat()
    expect(evaluated({ evaluate: text(65_536) })).toMatchObject({ output: 'A'.repeat(65_536) })
    expect(evaluated({ evaluate: text(65_537) })).toMatchObject({ kind: 'failed', failure: 'output' })
  })

  it('an output that is not UTF-8 is no output', () => {
    const evaluate = [...OP.i32(AT.heap), ...OP.i32(255), ...OP.store8, ...OP.i32(AT.heap)]
    expect(evaluated({ evaluate })).toMatchObject({ kind: 'failed', failure: 'output' })
  })

  it('an input over the limit is refused before anything runs', () => {
    const refused = { kind: 'failed', gas: 0, failure: 'input' }
    expect(evaluated({}, 'x'.repeat(4_194_305))).toMatchObject(refused)
    // As JSON each of these has six.
    expect(evaluated({}, '\u0001'.repeat(700_000))).toMatchObject(refused)
  })

  it('what is no dag-cbor is refused before anything runs', () => {
    const inputs = [[], [0xff], [0x61], [0x80, 0x00], [0xa1, 0x01, 0x02], [0xfb, 0, 0, 0, 0, 0, 0, 0, 0]]
    const outcomes = loaded({}).evaluateList(
      inputs.map((bytes) => Uint8Array.from(bytes)),
      GAS,
    )
    for (const outcome of outcomes)
      expect(outcome).toMatchObject({ kind: 'failed', gas: 0, failure: 'input' })
  })

  it('an input that the policy gives no room for is refused', () => {
    // malloc gives the address 4,096 of 131,072 bytes, whatever is asked.
    expect(evaluated({}, 'x'.repeat(200_000))).toMatchObject({ kind: 'failed', failure: 'input' })
  })

  it('a function of the host that was not asked for is not called', () => {
    const evaluate = [...OP.i32(5), ...OP.i32(0), ...OP.i32(AT.allow), ...OP.call(1)]
    const outcome = evaluated({ imports: ['opa_builtin1'], evaluate })
    expect(outcome).toMatchObject({ kind: 'failed', failure: 'builtin' })
  })

  it('the node goes on: after each of these the same engine answers as before', async () => {
    const bomb = loaded({ evaluate: [...OP.loop, ...OP.br(0), ...OP.end, ...OP.i32(0)] })
    const plain = loaded({})
    expect(bomb.evaluateList([NONE], GAS)).toEqual(await bomb.evaluateListAside([NONE], GAS))
    expect(plain.evaluateList([NONE], GAS)).toMatchObject([{ kind: 'decided', output: ALLOW }])
  })
})

describe('nothing leaks from one evaluation into the next', () => {
  /** Puts the byte at `at` where the text of the output begins, and raises it for the next time. */
  const counting = (at: number) =>
    [
      [OP.i32(AT.result), OP.i32(at), OP.load8, OP.i32(97), OP.add, OP.store8],
      [OP.i32(at), OP.i32(at), OP.load8, OP.i32(1), OP.add, OP.store8],
      [OP.i32(AT.result)],
    ].flat(2)

  it.each([
    ['in its own data', AT.allow + 900],
    ['on the heap', AT.heap + 100],
    ['in the last byte of the memory', 131_071],
  ])('a byte %s', (_, at) => {
    expect(evaluated({ evaluate: counting(at) })).toMatchObject({ output: 'a' })
  })

  it('a byte far between two that are in its data', () => {
    const texts = [[120_000, 'x']] as const
    expect(evaluated({ texts, evaluate: counting(60_000) })).toMatchObject({ output: 'a' })
  })

  it('a byte of a memory of its own', () => {
    expect(evaluated({ ownMemory: true, evaluate: counting(65_535) })).toMatchObject({ output: 'a' })
  })

  it('a mutable global', () => {
    const evaluate = [
      [OP.i32(AT.result), OP.globalGet(0), OP.store8],
      [OP.globalGet(0), OP.i32(1), OP.add, OP.globalSet(0), OP.i32(AT.result)],
    ].flat(2)
    expect(evaluated({ globals: [97], evaluate })).toMatchObject({ output: 'a' })
  })

  it('a grown memory', () => {
    const evaluate = [
      [OP.i32(AT.result), OP.i32(1), OP.grow, OP.i32(97), OP.add, OP.store8],
      [OP.i32(AT.result)],
    ].flat(2)
    expect(evaluated({ evaluate })).toMatchObject({ output: 'c' })
  })

  it('a grown memory, when a trap came behind', () => {
    const evaluate = [...OP.i32(1), ...OP.grow, ...OP.drop, ...OP.unreachable]
    expect(evaluated({ evaluate })).toMatchObject({ kind: 'failed', failure: 'trap' })
  })

  it('a larger input before a smaller one', () => {
    const module = loaded({ evaluate: [...OP.i32(AT.heap + 4), ...OP.load8, ...OP.drop, ...OP.get(3)] })
    const [small, , again] = module.evaluateList(
      ['a', 'a longer text than that', 'a'].map(encodeDagCbor),
      GAS,
    )
    expect(again).toEqual(small)
    expect(small).toMatchObject({ output: '"a"' })
  })
})
