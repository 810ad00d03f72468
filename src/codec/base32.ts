const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567'

/** Every pair of digits, by its ten bits. */
const PAIRS: readonly string[] = Array.from(
  { length: 1024 },
  (_, bits) => `${ALPHABET[bits >> 5] as string}${ALPHABET[bits & 31] as string}`,
)

/** Value of a character code; 255 for none of the alphabet. */
const VALUES = Uint8Array.from({ length: 128 }, (_, code) => {
  const value = ALPHABET.indexOf(String.fromCharCode(code))
  return value === -1 ? 255 : value
})

/**
 * Base32 in lower case, without padding and without the multibase prefix. Ids are made by the thousand a
 * second: this takes a third of the library's time. Source: RFC 4648, 6.
 */
export function base32Of(bytes: Uint8Array): string {
  let text = ''
  let held = 0
  let bits = 0
  for (let i = 0; i < bytes.length; i++) {
    held = (held << 8) | (bytes[i] as number)
    bits += 8
    if (bits >= 10) {
      bits -= 10
      text += PAIRS[(held >> bits) & 1023] as string
      held &= (1 << bits) - 1
    }
  }
  if (bits > 5) return text + (PAIRS[(held << (10 - bits)) & 1023] as string)
  return bits > 0 ? text + (ALPHABET[(held << (5 - bits)) & 31] as string) : text
}

/** The bytes of the digits of `text` from `at` on; undefined for what `base32Of` does not write. */
export function base32BytesOf(text: string, at: number): Uint8Array | undefined {
  const bytes = new Uint8Array(Math.floor(((text.length - at) * 5) / 8))
  return readBase32(text, at, bytes) === 0 ? bytes : undefined
}

/**
 * Reads the digits of `text` from `at` on into `into`, which they fill. Returns the bits that are left over
 * and fill no byte (zero in canonical text); -1 where a character is no digit, or the count does not fit.
 */
export function readBase32(text: string, at: number, into: Uint8Array): number {
  if (text.length - at !== Math.ceil((into.length * 8) / 5)) return -1
  let held = 0
  let bits = 0
  let filled = 0
  for (let i = at; i < text.length; i++) {
    const value = VALUES[text.charCodeAt(i)] ?? 255
    if (value === 255) return -1
    held = (held << 5) | value
    bits += 5
    if (bits >= 8) {
      bits -= 8
      into[filled++] = held >> bits
      held &= (1 << bits) - 1
    }
  }
  return held
}
