import type { FormatWriter, Layout } from './format-writer.ts'

/** Digits after the point where the format says nothing, and the exponent from which on %g shows a power of ten. */
const PRECISION = 6

/** Writes a float by a verb; false: there is no such verb for floats here. Source: Go, fmt and strconv. */
export function formatFloat(
  out: FormatWriter,
  value: number,
  verb: string,
  layout: Readonly<Layout>,
): boolean {
  const digits = digitsOf(Math.abs(value), verb, layout.precision, (count) => out.repeat('', count))
  if (digits === undefined) return false
  const isNegative = value < 0 || Object.is(value, -0)
  const sign = isNegative ? '-' : layout.plus ? '+' : layout.space ? ' ' : ''
  const room = (layout.width ?? 0) - sign.length - digits.length
  const zeros = layout.zero && !layout.minus
  if (!zeros && !layout.minus) out.repeat(' ', room)
  out.write(sign)
  if (zeros) out.repeat('0', room)
  out.write(digits)
  if (layout.minus) out.repeat(' ', room)
  return true
}

function digitsOf(
  value: number,
  verb: string,
  precision: number | undefined,
  spend: (bytes: number) => void,
): string | undefined {
  const places = precision ?? PRECISION
  switch (verb) {
    case 'f':
    case 'F':
      spend(places)
      return fixed(value, places)
    case 'e':
      spend(places)
      return scientific(value, places)
    case 'E':
      spend(places)
      return scientific(value, places).toUpperCase()
    case 'v':
    case 'g':
      return general(value, precision)
    case 'G':
      return general(value, precision).toUpperCase()
    default:
      return undefined
  }
}

/** The double as an exact fraction: numerator over a power of two. */
function fractionOf(value: number): { readonly numerator: bigint; readonly denominator: bigint } {
  let denominator = 1n
  let scaled = value
  // At most 1,074 doublings, each exact.
  while (!Number.isInteger(scaled)) {
    scaled *= 2
    denominator *= 2n
  }
  return { numerator: BigInt(scaled), denominator }
}

/** numerator / denominator to the nearest integer, halves to the even one. */
function rounded(numerator: bigint, denominator: bigint): bigint {
  const quotient = numerator / denominator
  const twice = 2n * (numerator % denominator)
  const isUp = twice > denominator || (twice === denominator && quotient % 2n === 1n)
  return isUp ? quotient + 1n : quotient
}

/** No double has more places than these that are not zero. */
const PLACES_MAX = 1_074

function fixed(value: number, places: number): string {
  const exact = Math.min(places, PLACES_MAX)
  const { numerator, denominator } = fractionOf(value)
  const digits = rounded(numerator * 10n ** BigInt(exact), denominator)
    .toString()
    .padStart(exact + 1, '0')
  const point = digits.length - exact
  const after = digits.slice(point) + '0'.repeat(places - exact)
  return places === 0 ? digits : `${digits.slice(0, point)}.${after}`
}

/** The first digits of a value that is not 0, and the power of ten of the first. */
function significant(value: number, count: number): { readonly digits: string; readonly exponent: number } {
  const { numerator, denominator } = fractionOf(value)
  let exponent = Math.floor(Math.log10(value)) // to be off by one, corrected below
  for (;;) {
    const shift = count - 1 - exponent
    const scale = 10n ** BigInt(Math.abs(shift))
    const digits =
      shift >= 0 ? rounded(numerator * scale, denominator) : rounded(numerator, denominator * scale)
    const text = digits.toString()
    if (text.length === count) return { digits: text, exponent }
    exponent += text.length > count ? 1 : -1
  }
}

function scientific(value: number, places: number): string {
  if (value === 0) return withExponent('0'.repeat(places + 1), 0)
  const exact = Math.min(places, PLACES_MAX)
  const { digits, exponent } = significant(value, exact + 1)
  return withExponent(digits + '0'.repeat(places - exact), exponent)
}

function withExponent(digits: string, exponent: number): string {
  const mantissa = digits.length === 1 ? digits : `${digits[0]}.${digits.slice(1)}`
  const power = Math.abs(exponent).toString().padStart(2, '0')
  return `${mantissa}e${exponent < 0 ? '-' : '+'}${power}`
}

/** The shorter of the two notations, without trailing zeros. */
function general(value: number, precision: number | undefined): string {
  if (value === 0) return '0'
  const { digits, exponent } =
    precision === undefined
      ? shortest(value)
      : significant(value, Math.min(Math.max(precision, 1), PLACES_MAX))
  const kept = digits.replace(/0+$/, '')
  if (exponent < -4 || exponent >= turningPoint(precision, kept.length, exponent)) {
    return withExponent(kept, exponent)
  }
  if (exponent < 0) return `0.${'0'.repeat(-exponent - 1)}${kept}`
  const whole = kept.slice(0, exponent + 1).padEnd(exponent + 1, '0')
  const after = kept.slice(exponent + 1)
  return after === '' ? whole : `${whole}.${after}`
}

/** The exponent from which on powers of ten are shown. */
function turningPoint(precision: number | undefined, kept: number, exponent: number): number {
  if (precision === undefined) return PRECISION
  const wanted = Math.max(precision, 1)
  return wanted > kept && kept >= exponent + 1 ? kept : wanted
}

/** The fewest digits that are this double and no other, as ECMAScript defines them. */
function shortest(value: number): { readonly digits: string; readonly exponent: number } {
  const [mantissa = '', power = '0'] = value.toExponential().split('e')
  return { digits: mantissa.replace('.', ''), exponent: Number(power) }
}
