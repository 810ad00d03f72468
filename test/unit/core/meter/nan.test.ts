import { describe, expect, it } from 'vitest'
import { type Bytes, F32, F64, f32Bytes, f64Bytes, I32, I64, single } from './build.ts'
import { engine } from './engine.ts'
import { metered, open } from './run.ts'

/** Quiet NaN with a payload and the sign set, by their bytes. */
const NAN_32 = [0x01, 0x02, 0xe3, 0xff]
const NAN_64 = [0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0xfb, 0xff]
const CANONICAL_32 = 0x7fc00000
const CANONICAL_64 = 0x7ff8000000000000n
const PASSED_32 = new DataView(Uint8Array.from(NAN_32).buffer).getInt32(0, true)
const PASSED_64 = new DataView(Uint8Array.from(NAN_64).buffer).getBigInt64(0, true)

const f32 = (bytes: Bytes) => [0x43, ...bytes]
const f64 = (bytes: Bytes) => [0x44, ...bytes]

/** Bits that `code`, which leaves an f32 or f64, gives once metered. */
function bits(code: Bytes, type: number): number | bigint {
  const results = [type === F32 ? I32 : I64]
  const { bytes } = metered(single([...code, type === F32 ? 0xbc : 0xbd], { results }))
  return (open(bytes).call('run', []).result as (number | bigint)[])[0] as number | bigint
}

describe('every NaN that an operator makes has the canonical bits', () => {
  const one32 = f32(NAN_32)
  const one64 = f64(NAN_64)
  const unary = (codes: Bytes, operand: Bytes, type: number) =>
    codes.map((op) => [op, [...operand, op], type] as const)
  const binary = (codes: Bytes, nan: Bytes, other: Bytes, type: number) =>
    codes.flatMap((op) => [
      [op, [...nan, ...other, op], type] as const,
      [op, [...other, ...nan, op], type] as const,
    ])
  const rows = [
    ...unary([0x8d, 0x8e, 0x8f, 0x90, 0x91], one32, F32),
    ...unary([0x9b, 0x9c, 0x9d, 0x9e, 0x9f], one64, F64),
    ...binary([0x92, 0x93, 0x94, 0x95, 0x96, 0x97], one32, f32(f32Bytes(1)), F32),
    ...binary([0xa0, 0xa1, 0xa2, 0xa3, 0xa4, 0xa5], one64, f64(f64Bytes(1)), F64),
    [0xb6, [...one64, 0xb6], F32],
    [0xbb, [...one32, 0xbb], F64],
    // from operands that are none: 0 / 0, infinity - infinity, the root of -1
    [0x95, [...f32(f32Bytes(0)), ...f32(f32Bytes(0)), 0x95], F32],
    [0xa1, [...f64(f64Bytes(Infinity)), ...f64(f64Bytes(Infinity)), 0xa1], F64],
    [0x9f, [...f64(f64Bytes(-1)), 0x9f], F64],
  ] as const
  it.each(rows)('opcode %i of %j', (_, code, type) => {
    expect(bits(code, type)).toBe(type === F32 ? CANONICAL_32 : CANONICAL_64)
  })
})

describe('NaN bits that the program put there itself are kept', () => {
  it('through constants, loads, stores, locals, select, neg, abs and copysign', () => {
    expect(bits(f32(NAN_32), F32)).toBe(PASSED_32)
    expect(bits(f64(NAN_64), F64)).toBe(PASSED_64)
    expect(bits([...f64(NAN_64), 0x9a], F64)).toBe(PASSED_64 & 0x7fffffffffffffffn)
    expect(bits([...f32(NAN_32), 0x8b], F32)).toBe(PASSED_32 & 0x7fffffff)
    expect(bits([...f64(NAN_64), ...f64(f64Bytes(1)), 0xa6], F64)).toBe(PASSED_64 & 0x7fffffffffffffffn)
    expect(bits([...f64(NAN_64), ...f64(f64Bytes(1)), 0x41, 1, 0x1b], F64)).toBe(PASSED_64)
    const stored = [0x41, 0, ...f64(NAN_64), 0x39, 3, 0, 0x41, 0, 0x2b, 3, 0]
    expect(bits(stored, F64)).toBe(PASSED_64)
  })

  it('and the sign of a NaN that an operator made is what neg and copysign then see', () => {
    const made = [...f64(NAN_64), ...f64(NAN_64), 0xa0]
    expect(bits([...made, 0x9a], F64)).toBe(BigInt.asIntN(64, CANONICAL_64 | (1n << 63n)))
    // the sign of the second operand goes to the first: the canonical NaN has none
    expect(bits([...f64(f64Bytes(-1)), ...made, 0xa6], F64)).toBe(0x3ff0000000000000n)
  })
})

describe('operators whose result only feeds other operators', () => {
  const chain = [
    ...f64(NAN_64),
    ...f64(f64Bytes(2)),
    0xa0,
    ...f64(f64Bytes(3)),
    0xa2,
    ...f64(f64Bytes(1)),
    0xa1,
  ]

  it('are left as they are, and the last one is canonical', () => {
    expect(bits(chain, F64)).toBe(CANONICAL_64)
    const [short, long] = [chain.slice(0, 19), chain].map(
      (code) => metered(single([...code, 0xbd], { results: [I64] })).bytes.length - code.length,
    )
    expect(long).toBe(short)
  })

  it.each([
    ['a local', [0x21, 0, 0x20, 0]],
    ['the result of a block', [0x0c, 0]],
    ['a branch', [0x41, 1, 0x0d, 0]],
    ['select', [...f64(f64Bytes(1)), 0x41, 1, 0x1b]],
    ['neg and neg again', [0x9a, 0x9a]],
  ])('are canonical where they go through %s', (_, through) => {
    const made = [...f64(NAN_64), ...f64(f64Bytes(2)), 0xa0]
    const code = [0x02, F64, ...made, ...through, 0x0b, 0xbd]
    const { bytes } = metered(single(code, { results: [I64], locals: [F64] }))
    expect(open(bytes).call('run', []).result).toEqual([CANONICAL_64])
  })

  it.each([
    ['a call', [0x10, 1]],
    ['a global', [0x24, 0, 0x23, 0, 0xbd]],
    ['memory', [0x21, 0, 0x41, 0, 0x20, 0, 0x39, 3, 0, 0x41, 0, 0x29, 3, 0]],
  ])('are canonical where they go to %s', (_, through) => {
    const made = [...f64(NAN_64), ...f64(f64Bytes(2)), 0xa0]
    const bytes = single(
      [...made, ...through],
      { results: [I64], locals: [F64] },
      {
        funcs: [{ params: [F64], results: [I64], code: [0x20, 0, 0xbd] }],
        globals: [[F64, 1, 0x44, ...f64Bytes(0), 0x0b]],
      },
    )
    expect(open(metered(bytes).bytes).call('run', []).result).toEqual([CANONICAL_64])
  })
})

describe('a probe of NaN bits', () => {
  /** Adds up 0/0, sqrt(-n) and inf-inf in a loop and gives the bits. */
  const probe = [
    [0x03, 0x40],
    [0x20, 1, 0x20, 2, 0x20, 2, 0xa3, 0xa0, 0x44, ...f64Bytes(-2), 0x9f, 0xa5, 0x21, 1],
    [0x20, 3, 0x20, 1, 0xbd, 0x85, 0x42, 1, 0x7c, 0x21, 3],
    [0x20, 0, 0x41, 1, 0x6b, 0x22, 0, 0x0d, 0],
    [0x0b, 0x20, 3],
  ].flat()

  it('gives the same before and after the engine has optimised it', () => {
    const bytes = single(probe, { params: [I32], results: [I64], locals: [F64, F64, I64] })
    const instance = open(metered(bytes).bytes)
    const cold = instance.call('run', [100])
    for (let i = 0; i < 3000; i++) instance.call('run', [1000])
    expect(instance.call('run', [100])).toEqual(cold)
    expect(engine.validate(metered(bytes).bytes)).toBe(true)
  })
})
