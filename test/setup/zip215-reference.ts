import { createHash } from 'node:crypto'

// Written from the text of ZIP 215 and RFC 8032, section 5.1, with nothing but BigInt arithmetic: it shares no code
// with what it judges. Slow on purpose where slow is plain.

const P = 2n ** 255n - 19n
const L = 2n ** 252n + 27742317777372353535851937790883648493n
const D = mod(-121665n * inverse(121666n))
const SQRT_MINUS_ONE = power(2n, (P - 1n) / 4n)

/** Extended coordinates: x = X/Z, y = Y/Z, T = XY/Z. */
interface Point {
  readonly X: bigint
  readonly Y: bigint
  readonly Z: bigint
  readonly T: bigint
}

const IDENTITY: Point = { X: 0n, Y: 1n, Z: 1n, T: 0n }
const BASE = basePoint()

/**
 * ZIP 215: A and R are decoded leniently (any y below 2^255, either sign on x = 0), S is below L,
 * k is hashed over the bytes as they came, and [8][S]B = [8]R + [8][k]A.
 */
export function zip215Accepts(key: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (key.length !== 32 || signature.length !== 64) return false
  const rBytes = signature.subarray(0, 32)
  const A = decode(key)
  const R = decode(rBytes)
  const S = littleEndian(signature.subarray(32))
  if (A === undefined || R === undefined || S >= L) return false
  const k = littleEndian(createHash('sha512').update(rBytes).update(key).update(message).digest()) % L
  const difference = add(sumOfMultiples(S, BASE, k, negate(A)), negate(R))
  const cleared = double(double(double(difference)))
  return cleared.X === 0n && cleared.Y === cleared.Z
}

/** The point that 32 bytes encode under ZIP 215; undefined when no x fits the y. */
function decode(bytes: Uint8Array): Point | undefined {
  const number = littleEndian(bytes)
  const sign = number >> 255n
  const y = mod(number & (2n ** 255n - 1n))
  const x = squareRootOfRatio(mod(y * y - 1n), mod(D * y * y + 1n))
  if (x === undefined) return undefined
  const signed = (x & 1n) === sign ? x : mod(-x)
  return { X: signed, Y: y, Z: 1n, T: mod(signed * y) }
}

function squareRootOfRatio(u: bigint, v: bigint): bigint | undefined {
  const ratio = mod(u * inverse(v))
  const candidate = power(ratio, (P + 3n) / 8n)
  if (mod(candidate * candidate) === ratio) return candidate
  const other = mod(candidate * SQRT_MINUS_ONE)
  return mod(other * other) === ratio ? other : undefined
}

function basePoint(): Point {
  const y = mod(4n * inverse(5n))
  const root = squareRootOfRatio(mod(y * y - 1n), mod(D * y * y + 1n))
  if (root === undefined) throw new Error('the base point has an x')
  const x = (root & 1n) === 0n ? root : P - root
  return { X: x, Y: y, Z: 1n, T: mod(x * y) }
}

/** The complete addition of RFC 8032, section 5.1.4. */
function add(p: Point, q: Point): Point {
  const a = mod((p.Y - p.X) * (q.Y - q.X))
  const b = mod((p.Y + p.X) * (q.Y + q.X))
  const c = mod(2n * p.T * q.T * D)
  const d = mod(2n * p.Z * q.Z)
  return fromParts(b - a, d - c, d + c, b + a)
}

function double(p: Point): Point {
  const a = mod(p.X * p.X)
  const b = mod(p.Y * p.Y)
  const h = a + b
  const e = h - mod((p.X + p.Y) ** 2n)
  const g = a - b
  return fromParts(e, mod(2n * p.Z * p.Z) + g, g, h)
}

function fromParts(e: bigint, f: bigint, g: bigint, h: bigint): Point {
  return { X: mod(e * f), Y: mod(g * h), Z: mod(f * g), T: mod(e * h) }
}

function negate(p: Point): Point {
  return { X: mod(-p.X), Y: p.Y, Z: p.Z, T: mod(-p.T) }
}

/** [s]P + [t]Q for s, t below 2^253: both read from the highest bit down, so that they share the doublings. */
function sumOfMultiples(s: bigint, P1: Point, t: bigint, P2: Point): Point {
  const both = add(P1, P2)
  let sum = IDENTITY
  for (let bit = 252n; bit >= 0n; bit -= 1n) {
    sum = double(sum)
    const first = (s >> bit) & 1n
    const second = (t >> bit) & 1n
    if (first === 1n && second === 1n) sum = add(sum, both)
    else if (first === 1n) sum = add(sum, P1)
    else if (second === 1n) sum = add(sum, P2)
  }
  return sum
}

function littleEndian(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes.toReversed()).toString('hex')}`)
}

function mod(number: bigint): bigint {
  const rest = number % P
  return rest < 0n ? rest + P : rest
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n
  for (const bit of exponent.toString(2)) {
    result = mod(result * result)
    if (bit === '1') result = mod(result * base)
  }
  return result
}

function inverse(number: bigint): bigint {
  return power(mod(number), P - 2n)
}
