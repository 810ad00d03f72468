import { escapedCharacter } from './format-text.ts'
import type { FormatWriter, Layout } from './format-writer.ts'

const INT64_MIN = -(2n ** 63n)
const INT64_MAX = 2n ** 63n - 1n

/** Go's name of the type that holds such a number. */
export function integerType(value: bigint): 'int64' | '*big.Int' {
  return value >= INT64_MIN && value <= INT64_MAX ? 'int64' : '*big.Int'
}

const BASES: Readonly<Record<string, number>> = { b: 2, o: 8, O: 8, d: 10, v: 10, x: 16, X: 16 }

/** Writes an integer by a verb; false: there is no such verb for integers. Source: Go, fmt and math/big. */
export function formatInteger(
  out: FormatWriter,
  value: bigint,
  verb: string,
  layout: Readonly<Layout>,
): boolean {
  const isBig = integerType(value) !== 'int64'
  const base = isBig && verb === 's' ? 10 : BASES[verb]
  if (base !== undefined) writeDigits(out, value, { base, verb, isBig }, layout)
  else if (isBig || !'cqU'.includes(verb)) return false
  else writeCharacter(out, value, verb, layout)
  return true
}

interface Notation {
  readonly base: number
  readonly verb: string
  readonly isBig: boolean
}

function writeDigits(out: FormatWriter, value: bigint, notation: Notation, layout: Readonly<Layout>): void {
  const { width = 0, precision, minus } = layout
  const lower = (value < 0n ? -value : value).toString(notation.base)
  const digits = notation.verb === 'X' ? lower.toUpperCase() : lower
  if (precision === 0 && value === 0n) return void (notation.isBig || out.repeat(' ', width))
  const sign = value < 0n ? '-' : layout.plus ? '+' : layout.space ? ' ' : ''
  const zeros = Math.max(0, zerosOf(digits, sign, notation, layout))
  const prefix = prefixOf(notation, layout.sharp, zeros > 0 ? '0' : (digits[0] ?? ''))
  const room = width - sign.length - prefix.length - zeros - digits.length
  if (!minus) out.repeat(' ', room)
  out.write(sign + prefix)
  out.repeat('0', zeros)
  out.write(digits)
  if (minus) out.repeat(' ', room)
}

/** Zeros before the digits: up to the precision, else, with `0` and without `-`, up to the width. */
function zerosOf(digits: string, sign: string, notation: Notation, layout: Readonly<Layout>): number {
  const { precision, width = 0, zero, minus } = layout
  if (precision !== undefined) return precision - digits.length
  if (!zero || minus) return 0
  // A big integer counts its prefix into the width; another does not.
  const prefix = notation.isBig ? prefixOf(notation, layout.sharp, digits[0] ?? '').length : 0
  return width - sign.length - prefix - digits.length
}

function prefixOf({ base, verb, isBig }: Notation, sharp: boolean, first: string): string {
  const octal = verb === 'O' ? '0o' : ''
  if (!sharp) return octal
  if (base === 2) return '0b'
  if (base === 16) return verb === 'X' ? '0X' : '0x'
  if (base === 8) return isBig && verb === 'O' ? octal : octal + (first === '0' && !isBig ? '' : '0')
  return ''
}

const REPLACEMENT = 0xfffdn
const CODE_POINT_MAX = 0x10ffffn

function writeCharacter(out: FormatWriter, value: bigint, verb: string, layout: Readonly<Layout>): void {
  if (verb === 'U') return writeCodePoint(out, value, layout)
  const isSurrogate = value >= 0xd800n && value <= 0xdfffn
  const known = value >= 0n && value <= CODE_POINT_MAX && !isSurrogate
  const char = String.fromCodePoint(Number(known ? value : REPLACEMENT))
  out.padded(verb === 'c' ? char : `'${escapedCharacter(char, "'")}'`, layout)
}

/** `U+0041`. A negative number shows its two's complement. */
function writeCodePoint(out: FormatWriter, value: bigint, layout: Readonly<Layout>): void {
  const digits = BigInt.asUintN(64, value).toString(16).toUpperCase()
  const zeros = Math.max(0, Math.max(4, layout.precision ?? 0) - digits.length)
  const isShown = layout.sharp && value >= 0x20n && value < 0x7fn
  const shown = isShown ? ` '${String.fromCodePoint(Number(value))}'` : ''
  const room = (layout.width ?? 0) - 2 - zeros - digits.length - shown.length
  if (!layout.minus) out.repeat(' ', room)
  out.write('U+')
  out.repeat('0', zeros)
  out.write(digits + shown)
  if (layout.minus) out.repeat(' ', room)
}
