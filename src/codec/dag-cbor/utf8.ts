/** Up to here a text of ASCII is put together by hand, which is cheaper than a call of the decoder. */
const BY_HAND_BYTES = 14
/** Longer keys are rare and not remembered. */
const KEY_BYTES = 24
/** A power of two. */
const KEYS = 512

// a byte order mark is a character like any other here: `ignoreBOM` keeps it in the text
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * Short keys of ASCII that were read before: most maps have the keys of a few schemas, and a text that is a
 * key already costs a fifth of a new one. It changes no result, and what others send can only make it useless.
 */
const keys: string[] = Array.from({ length: KEYS }, () => '')

/** The text in `bytes` [from, to); undefined where that is not UTF-8 (overlong forms and surrogates are not). */
export function readUtf8(bytes: Uint8Array, from: number, to: number): string | undefined {
  return to - from <= BY_HAND_BYTES && isAscii(bytes, from, to)
    ? textOfAscii(bytes, from, to)
    : decodeUtf8(bytes, from, to)
}

/** The same for the key of a map. */
export function readKey(bytes: Uint8Array, from: number, to: number): string | undefined {
  if (to === from || to - from > KEY_BYTES) return readUtf8(bytes, from, to)
  const slot = slotOf(bytes, from, to)
  const known = keys[slot] as string
  if (isText(known, bytes, from, to)) return known
  const elder = keys[slot + 1] as string
  if (isText(elder, bytes, from, to)) return elder
  if (!isAscii(bytes, from, to)) return decodeUtf8(bytes, from, to)
  const key = textOfAscii(bytes, from, to)
  keys[slot + 1] = known
  keys[slot] = key
  return key
}

/** The first of the two slots that a key can be in. */
function slotOf(bytes: Uint8Array, from: number, to: number): number {
  const ends = ((bytes[from] as number) << 8) | (bytes[to - 1] as number)
  const hash = Math.imul((ends << 8) | (bytes[(from + to) >> 1] as number), 0x9e3779b1) ^ (to - from)
  return (hash ^ (hash >>> 15)) & (KEYS - 1) & ~1
}

function isText(text: string, bytes: Uint8Array, from: number, to: number): boolean {
  if (text.length !== to - from) return false
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) !== bytes[from + i]) return false
  return true
}

function isAscii(bytes: Uint8Array, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if ((bytes[i] as number) >= 0x80) return false
  return true
}

function textOfAscii(bytes: Uint8Array, from: number, to: number): string {
  let text = ''
  for (let i = from; i < to; i++) text += String.fromCharCode(bytes[i] as number)
  return text
}

function decodeUtf8(bytes: Uint8Array, from: number, to: number): string | undefined {
  try {
    return decoder.decode(new Uint8Array(bytes.buffer, bytes.byteOffset + from, to - from))
  } catch {
    return undefined // the one thing that `fatal` throws for
  }
}
