/** Up to here a text of ASCII is put together by hand, which is cheaper than a call of the decoder. */
const SHORT_TEXT_BYTES = 40

// a byte order mark is a character like any other here: `ignoreBOM` keeps it in the text
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** The text in `bytes` [from, to); undefined where that is not UTF-8 (overlong forms and surrogates are not). */
export function readUtf8(bytes: Uint8Array, from: number, to: number): string | undefined {
  if (to - from > SHORT_TEXT_BYTES) return decodeUtf8(bytes, from, to)
  let text = ''
  for (let i = from; i < to; i++) {
    const byte = bytes[i] as number
    if (byte >= 0x80) return decodeUtf8(bytes, from, to)
    text += String.fromCharCode(byte)
  }
  return text
}

function decodeUtf8(bytes: Uint8Array, from: number, to: number): string | undefined {
  try {
    return decoder.decode(new Uint8Array(bytes.buffer, bytes.byteOffset + from, to - from))
  } catch {
    return undefined // the one thing that `fatal` throws for
  }
}
