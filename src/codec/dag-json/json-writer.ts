import { GrowingBytes } from '../growing-bytes.ts'

/** A byte of a text becomes at most six: \u0000. */
const ESCAPED_BYTES_MAX = 6
const DIGITS_MAX = 17

const QUOTE = 0x22
const BACKSLASH = 0x5c
const MINUS = 0x2d
const ZERO = 0x30

/** The codes of two digits, by their bits. */
const PAIRS_32 = digitPairs('abcdefghijklmnopqrstuvwxyz234567', 5)
const PAIRS_64 = digitPairs('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/', 6)

/** What stands in a text for each byte of it; undefined: the byte itself. Source: ECMA-262, QuoteJSONString. */
const ESCAPES: readonly (Uint8Array | undefined)[] = Array.from({ length: 256 }, (_, code) => {
  const quoted = code < 0x80 ? JSON.stringify(String.fromCharCode(code)).slice(1, -1) : ''
  return quoted.length > 1 ? codesOf(quoted) : undefined
})

/** JSON in UTF-8, piece by piece. */
export class JsonWriter extends GrowingBytes {
  /** ASCII, as it is. */
  writeAscii(text: Uint8Array): void {
    this.reserve(text.length)
    const { buffer, at } = this
    for (let i = 0; i < text.length; i++) buffer[at + i] = text[i] as number
    this.at = at + text.length
  }

  /** The UTF-8 in `bytes` [from, to), in quotes. */
  writeQuoted(bytes: Uint8Array, from: number, to: number): void {
    this.reserve((to - from) * ESCAPED_BYTES_MAX + 2)
    const { buffer } = this
    let { at } = this
    buffer[at++] = QUOTE
    for (let i = from; i < to; i++) {
      const code = bytes[i] as number
      if (code >= 0x20 && code !== QUOTE && code !== BACKSLASH) buffer[at++] = code
      else for (const escaped of ESCAPES[code] as Uint8Array) buffer[at++] = escaped
    }
    buffer[at++] = QUOTE
    this.at = at
  }

  /** A safe integer, in decimal. */
  writeInteger(value: number): void {
    this.reserve(DIGITS_MAX)
    if (value < 0) this.buffer[this.at++] = MINUS
    const end = this.at + digitsOf(Math.abs(value))
    let left = Math.abs(value)
    for (let place = end - 1; place >= this.at; place--) {
      const rest = Math.floor(left / 10)
      this.buffer[place] = ZERO + (left - rest * 10)
      left = rest
    }
    this.at = end
  }

  /** Lower case, without padding and prefix. Source: RFC 4648, 6. */
  writeBase32(bytes: Uint8Array, from: number, to: number): void {
    this.reserve((to - from) * 2)
    const { buffer } = this
    let { at } = this
    let i = from
    for (; i + 5 <= to; i += 5) {
      const b = bytes[i + 1] as number
      const c = bytes[i + 2] as number
      const d = bytes[i + 3] as number
      at = putPair(buffer, at, PAIRS_32[((bytes[i] as number) << 2) | (b >> 6)] as number)
      at = putPair(buffer, at, PAIRS_32[((b & 0x3f) << 4) | (c >> 4)] as number)
      at = putPair(buffer, at, PAIRS_32[((c & 0x0f) << 6) | (d >> 2)] as number)
      at = putPair(buffer, at, PAIRS_32[((d & 0x03) << 8) | (bytes[i + 4] as number)] as number)
    }
    this.at = at
    this.writeRest(bytes, i, to, 5, PAIRS_32)
  }

  /** Without padding. Source: RFC 4648, 4. */
  writeBase64(bytes: Uint8Array, from: number, to: number): void {
    this.reserve((to - from) * 2)
    const { buffer } = this
    let { at } = this
    let i = from
    for (; i + 3 <= to; i += 3) {
      const middle = bytes[i + 1] as number
      at = putPair(buffer, at, PAIRS_64[((bytes[i] as number) << 4) | (middle >> 4)] as number)
      at = putPair(buffer, at, PAIRS_64[((middle & 0x0f) << 8) | (bytes[i + 2] as number)] as number)
    }
    this.at = at
    this.writeRest(bytes, i, to, 6, PAIRS_64)
  }

  /** What is left behind the last whole group, digit by digit; the last is filled up with zero bits. */
  private writeRest(bytes: Uint8Array, from: number, to: number, width: 5 | 6, pairs: Uint16Array): void {
    let held = 0
    for (let i = from; i < to; i++) held = (held << 8) | (bytes[i] as number)
    for (let bits = (to - from) * 8; bits > 0; bits -= width) {
      const digit = bits >= width ? held >>> (bits - width) : held << (width - bits)
      this.writeByte((pairs[digit & ((1 << width) - 1)] as number) & 0xff)
    }
  }
}

function putPair(buffer: Uint8Array, at: number, pair: number): number {
  buffer[at] = pair >> 8
  buffer[at + 1] = pair & 0xff
  return at + 2
}

function codesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (digit) => digit.charCodeAt(0))
}

function digitPairs(alphabet: string, width: 5 | 6): Uint16Array {
  const digits = codesOf(alphabet)
  const codeOf = (bits: number) => digits[bits & (digits.length - 1)] as number
  return Uint16Array.from({ length: 1 << (2 * width) }, (_, n) => (codeOf(n >> width) << 8) | codeOf(n))
}

function digitsOf(value: number): number {
  let count = 1
  for (let over = 10; over <= value; over *= 10) count++
  return count
}
