import { base32BytesOf } from '../base32.ts'
import { type CID, decodeCid } from '../cid.ts'

/** The CIDv1 that `text` is in its one canonical form (base32, lower case); undefined for all else. */
export function parseLink(text: string): CID | undefined {
  if (!text.startsWith('b')) return undefined
  const bytes = base32BytesOf(text, 1)
  return bytes === undefined ? undefined : decodeCid(bytes)
}

/** The bytes of base64 without padding, no bit of it unused but zeros; undefined for all else. */
export function parseBase64(text: string): Uint8Array | undefined {
  if (!/^[A-Za-z0-9+/]*$/.test(text) || text.length % 4 === 1) return undefined
  const bytes = Uint8Array.fromBase64(text)
  return unusedBits(text) === 0 ? bytes : undefined
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

/** The bits of the last digit that fill no byte. */
function unusedBits(text: string): number {
  const bits = (text.length * 6) % 8
  return bits === 0 ? 0 : ALPHABET.indexOf(text.charAt(text.length - 1)) & ((1 << bits) - 1)
}
