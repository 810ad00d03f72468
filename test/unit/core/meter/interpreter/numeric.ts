/**
 * Numeric instructions, from the WebAssembly specification, "Numerics". A value is what it is in bits: i32 and f32 a
 * number in [-2^31, 2^31), i64 and f64 a bigint in [-2^63, 2^63). Any NaN that an operator makes is the canonical one.
 */
export type Value = number | bigint

export class Trap extends Error {}

const scratch = new DataView(new ArrayBuffer(8))

function f32(bits: Value): number {
  scratch.setInt32(0, bits as number)
  return scratch.getFloat32(0)
}

function f64(bits: Value): number {
  scratch.setBigInt64(0, bits as bigint)
  return scratch.getFloat64(0)
}

export function bits32(value: number): number {
  if (Number.isNaN(value)) return 0x7fc00000
  scratch.setFloat32(0, value)
  return scratch.getInt32(0)
}

export function bits64(value: number): bigint {
  if (Number.isNaN(value)) return 0x7ff8000000000000n
  scratch.setFloat64(0, value)
  return scratch.getBigInt64(0)
}

const s64 = (value: bigint) => BigInt.asIntN(64, value)
const u64 = (value: Value) => BigInt.asUintN(64, value as bigint)
const u32 = (value: Value) => (value as number) >>> 0
const bool = (value: boolean) => (value ? 1 : 0)

function clz64(value: Value): bigint {
  return BigInt(64 - (u64(value) === 0n ? 0 : u64(value).toString(2).length))
}

function ctz64(value: Value): bigint {
  const text = u64(value).toString(2)
  return u64(value) === 0n ? 64n : BigInt(text.length - 1 - text.lastIndexOf('1'))
}

function ones(text: string): number {
  return text.replaceAll('0', '').length
}

function ctz32(value: number): number {
  return value === 0 ? 32 : 31 - Math.clz32(value & -value)
}

/** Rounds half to even. */
function nearest(x: number): number {
  if (!Number.isFinite(x) || x === 0) return x
  const down = Math.floor(x)
  const [half, even] = [x - down, down % 2 === 0 ? down : down + 1]
  const rounded = half < 0.5 ? down : half > 0.5 ? down + 1 : even
  return rounded === 0 && x < 0 ? -0 : rounded
}

function truncate(x: number, low: number, high: number): number {
  const whole = Math.trunc(x)
  if (Number.isNaN(x) || whole < low || whole >= high) throw new Trap('conversion')
  return whole
}

function saturate(x: number, low: bigint, high: bigint): bigint {
  if (Number.isNaN(x)) return 0n
  const whole = Math.trunc(x)
  if (whole <= Number(low)) return low
  return whole >= Number(high) ? high : BigInt(whole)
}

/** To f32 in one rounding: through f64 it would be two. */
function toF32(value: bigint): number {
  const size = value < 0n ? -value : value
  const shift = BigInt(Math.max(0, size.toString(2).length - 40))
  const sticky = (size & ((1n << shift) - 1n)) === 0n ? 0n : 1n
  const rounded = Math.fround(Number((size >> shift) | sticky) * 2 ** Number(shift))
  return value < 0n ? -rounded : rounded
}

function divide32(a: number, b: number): number {
  if (b === 0) throw new Trap('divided by zero')
  if (a === -0x80000000 && b === -1) throw new Trap('overflow')
  return (a / b) | 0
}

function remainder32(a: number, b: number): number {
  if (b === 0) throw new Trap('divided by zero')
  return (a % b) | 0
}

function divide64(a: bigint, b: bigint): bigint {
  if (b === 0n) throw new Trap('divided by zero')
  if (a === -0x8000000000000000n && b === -1n) throw new Trap('overflow')
  return s64(a / b)
}

function remainder64(a: bigint, b: bigint): bigint {
  if (b === 0n) throw new Trap('divided by zero')
  return s64(a % b)
}

/** JavaScript takes shifts modulo 32, so a shift by 32 puts the whole number in once more, which changes nothing. */
function rotateLeft(a: number, by: number): number {
  return (a << by) | (a >>> (32 - by))
}

type Unary = (a: Value) => Value
type Binary = (a: Value, b: Value) => Value

const i32Unary: Unary[] = [
  (a) => Math.clz32(a as number),
  (a) => ctz32(a as number),
  (a) => ones(u32(a).toString(2)),
]
const i64Unary: Unary[] = [clz64, ctz64, (a) => BigInt(ones(u64(a).toString(2)))]

const i32Compare: Binary[] = [
  (a, b) => bool(a === b),
  (a, b) => bool(a !== b),
  (a, b) => bool(a < b),
  (a, b) => bool(u32(a) < u32(b)),
  (a, b) => bool(a > b),
  (a, b) => bool(u32(a) > u32(b)),
  (a, b) => bool(a <= b),
  (a, b) => bool(u32(a) <= u32(b)),
  (a, b) => bool(a >= b),
  (a, b) => bool(u32(a) >= u32(b)),
]
const i64Compare: Binary[] = [
  (a, b) => bool(a === b),
  (a, b) => bool(a !== b),
  (a, b) => bool(a < b),
  (a, b) => bool(u64(a) < u64(b)),
  (a, b) => bool(a > b),
  (a, b) => bool(u64(a) > u64(b)),
  (a, b) => bool(a <= b),
  (a, b) => bool(u64(a) <= u64(b)),
  (a, b) => bool(a >= b),
  (a, b) => bool(u64(a) >= u64(b)),
]
const i32Binary: Binary[] = [
  (a, b) => ((a as number) + (b as number)) | 0,
  (a, b) => ((a as number) - (b as number)) | 0,
  (a, b) => Math.imul(a as number, b as number),
  (a, b) => divide32(a as number, b as number),
  (a, b) => divide32(u32(a), u32(b)),
  (a, b) => remainder32(a as number, b as number),
  (a, b) => remainder32(u32(a), u32(b)),
  (a, b) => (a as number) & (b as number),
  (a, b) => (a as number) | (b as number),
  (a, b) => (a as number) ^ (b as number),
  (a, b) => (a as number) << (b as number),
  (a, b) => (a as number) >> (b as number),
  (a, b) => (u32(a) >>> (b as number)) | 0,
  (a, b) => rotateLeft(a as number, (b as number) & 31),
  (a, b) => rotateLeft(a as number, -(b as number) & 31),
]

const i64Binary: Binary[] = [
  (a, b) => s64((a as bigint) + (b as bigint)),
  (a, b) => s64((a as bigint) - (b as bigint)),
  (a, b) => s64((a as bigint) * (b as bigint)),
  (a, b) => divide64(a as bigint, b as bigint),
  (a, b) => divide64(u64(a), u64(b)),
  (a, b) => remainder64(a as bigint, b as bigint),
  (a, b) => remainder64(u64(a), u64(b)),
  (a, b) => (a as bigint) & (b as bigint),
  (a, b) => (a as bigint) | (b as bigint),
  (a, b) => (a as bigint) ^ (b as bigint),
  (a, b) => s64((a as bigint) << (u64(b) & 63n)),
  (a, b) => (a as bigint) >> (u64(b) & 63n),
  (a, b) => s64(u64(a) >> (u64(b) & 63n)),
  (a, b) => s64((u64(a) << (u64(b) & 63n)) | (u64(a) >> (64n - (u64(b) & 63n)))),
  (a, b) => s64((u64(a) >> (u64(b) & 63n)) | (u64(a) << (64n - (u64(b) & 63n)))),
]

/** Which differ only in how a float is read from bits and put back. */
function floats(
  of: (bits: Value) => number,
  to: (value: number) => Value,
  abs: (bits: Value) => Value,
  neg: Unary,
) {
  const compare: Binary[] = [
    (a, b) => bool(of(a) === of(b)),
    (a, b) => bool(of(a) !== of(b)),
    (a, b) => bool(of(a) < of(b)),
    (a, b) => bool(of(a) > of(b)),
    (a, b) => bool(of(a) <= of(b)),
    (a, b) => bool(of(a) >= of(b)),
  ]
  const unary: Unary[] = [
    abs,
    neg,
    (a) => to(Math.ceil(of(a))),
    (a) => to(Math.floor(of(a))),
    (a) => to(Math.trunc(of(a))),
    (a) => to(nearest(of(a))),
    (a) => to(Math.sqrt(of(a))),
  ]
  const binary: Binary[] = [
    (a, b) => to(of(a) + of(b)),
    (a, b) => to(of(a) - of(b)),
    (a, b) => to(of(a) * of(b)),
    (a, b) => to(of(a) / of(b)),
    (a, b) => to(Math.min(of(a), of(b))),
    (a, b) => to(Math.max(of(a), of(b))),
  ]
  return { compare, unary, binary }
}

const single = floats(
  f32,
  (value) => bits32(Math.fround(value)),
  (a) => (a as number) & 0x7fffffff,
  (a) => (a as number) ^ 0x80000000,
)
const double = floats(
  f64,
  bits64,
  (a) => (a as bigint) & 0x7fffffffffffffffn,
  (a) => s64((a as bigint) ^ 0x8000000000000000n),
)

const to64 = (x: number, low: number, high: number) => s64(BigInt(truncate(x, low, high)))
const [MIN32, MAX32, MAXU32] = [-0x80000000n, 0x7fffffffn, 0xffffffffn]
const [MIN64, MAX64, MAXU64] = [-0x8000000000000000n, 0x7fffffffffffffffn, 0xffffffffffffffffn]

const conversions: Unary[] = [
  (a) => Number(BigInt.asIntN(32, a as bigint)),
  (a) => truncate(f32(a), -(2 ** 31), 2 ** 31) | 0,
  (a) => truncate(f32(a), 0, 2 ** 32) | 0,
  (a) => truncate(f64(a), -(2 ** 31), 2 ** 31) | 0,
  (a) => truncate(f64(a), 0, 2 ** 32) | 0,
  (a) => BigInt(a),
  (a) => BigInt(u32(a)),
  (a) => to64(f32(a), -(2 ** 63), 2 ** 63),
  (a) => to64(f32(a), 0, 2 ** 64),
  (a) => to64(f64(a), -(2 ** 63), 2 ** 63),
  (a) => to64(f64(a), 0, 2 ** 64),
  (a) => bits32(Math.fround(a as number)),
  (a) => bits32(Math.fround(u32(a))),
  (a) => bits32(toF32(a as bigint)),
  (a) => bits32(toF32(u64(a))),
  (a) => bits32(Math.fround(f64(a))),
  (a) => bits64(a as number),
  (a) => bits64(u32(a)),
  (a) => bits64(Number(a)),
  (a) => bits64(Number(u64(a))),
  (a) => bits64(f32(a)),
  (a) => a,
  (a) => a,
  (a) => a,
  (a) => a,
  (a) => ((a as number) << 24) >> 24,
  (a) => ((a as number) << 16) >> 16,
  (a) => BigInt.asIntN(8, a as bigint),
  (a) => BigInt.asIntN(16, a as bigint),
  (a) => BigInt.asIntN(32, a as bigint),
]

const copysign32: Binary = (a, b) => ((a as number) & 0x7fffffff) | ((b as number) & 0x80000000)
const copysign64: Binary = (a, b) =>
  s64(((a as bigint) & 0x7fffffffffffffffn) | (u64(b) & 0x8000000000000000n))

const saturating: Unary[] = [
  (a) => Number(saturate(f32(a), MIN32, MAX32)),
  (a) => Number(saturate(f32(a), 0n, MAXU32)) | 0,
  (a) => Number(saturate(f64(a), MIN32, MAX32)),
  (a) => Number(saturate(f64(a), 0n, MAXU32)) | 0,
  (a) => saturate(f32(a), MIN64, MAX64),
  (a) => s64(saturate(f32(a), 0n, MAXU64)),
  (a) => saturate(f64(a), MIN64, MAX64),
  (a) => s64(saturate(f64(a), 0n, MAXU64)),
]

/** Instructions of one operand and of two, by opcode (those after 0xfc from 0xfc00). */
export const UNARY: ReadonlyMap<number, Unary> = new Map([
  [0x45, (a: Value) => bool(a === 0)],
  [0x50, (a: Value) => bool(a === 0n)],
  ...from(0x67, i32Unary),
  ...from(0x79, i64Unary),
  ...from(0x8b, single.unary),
  ...from(0x99, double.unary),
  ...from(0xa7, conversions),
  ...from(0xfc00, saturating),
])
export const BINARY: ReadonlyMap<number, Binary> = new Map([
  ...from(0x46, i32Compare),
  ...from(0x51, i64Compare),
  ...from(0x5b, single.compare),
  ...from(0x61, double.compare),
  ...from(0x6a, i32Binary),
  ...from(0x7c, i64Binary),
  ...from(0x92, single.binary),
  ...from(0x98, [copysign32]),
  ...from(0xa0, double.binary),
  ...from(0xa6, [copysign64]),
])

function from<Operator>(first: number, operators: readonly Operator[]): [number, Operator][] {
  return operators.map((operator, i) => [first + i, operator])
}
