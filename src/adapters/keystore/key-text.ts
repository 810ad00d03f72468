import { parseDid } from '../../codec/did/did-key.ts'
import { FaultError } from '../../model/fault.ts'
import type { Did, SecretKey } from '../../model/ids.ts'

/** Cost of scrypt: n power of two, memory about 128 * n * r bytes. Source: RFC 7914. */
export interface ScryptCost {
  readonly n: number
  readonly r: number
  readonly p: number
}

/** A secret under a passphrase. */
export interface SealedSecret {
  readonly kind: 'sealed'
  readonly did: Did
  readonly cost: ScryptCost
  readonly salt: Uint8Array
  readonly nonce: Uint8Array
  /** The 32 bytes of the secret, encrypted, and the tag of 16. */
  readonly box: Uint8Array
}

export interface PlainSecret {
  readonly kind: 'plain'
  readonly did: Did
  readonly secret: SecretKey
}

/** What a key file says, whole and in form; whether it is true shows when it is opened. */
export type KeyRecord = PlainSecret | SealedSecret

export const KEY_TEXT_CHARS_MAX = 4096

/** What a file may ask of us: 256 MiB of memory and four times the time of our own. A hostile one gets no more. */
const COST_MAX = { n: 2 ** 20, r: 16, p: 4, memory: 2 ** 21, work: 2 ** 22 } as const

/** The text of a key file, version 1: JSON, binary parts as base64url. */
export function encodeKeyText(record: KeyRecord): string {
  const head = { v: 1, kind: 'ed25519', did: record.did }
  const body = record.kind === 'plain' ? { secret: base64url(record.secret) } : { sealed: sealedPart(record) }
  return `${JSON.stringify({ ...head, ...body }, null, 2)}\n`
}

function sealedPart({ cost, salt, nonce, box }: SealedSecret) {
  return {
    kdf: { name: 'scrypt', ...cost, salt: base64url(salt) },
    cipher: 'xchacha20-poly1305',
    nonce: base64url(nonce),
    box: base64url(box),
  }
}

/**
 * `what` names the text in the fault. Faults `key-damaged` for anything but a version 1 key text, unknown members and
 * costs above the limits included. The fault has no cause: a JSON error quotes what it could not read.
 */
export function decodeKeyText(text: string, what: string): KeyRecord {
  const record = text.length > KEY_TEXT_CHARS_MAX ? undefined : recordIn(parsedJson(text))
  if (record === undefined) {
    throw new FaultError('key-damaged', `${what} is not a key: restore it from a backup, or make a new key`)
  }
  return record
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function recordIn(value: unknown): KeyRecord | undefined {
  const file = membersOf(value, ['v', 'kind', 'did'], ['secret', 'sealed'])
  if (file === undefined || file['v'] !== 1 || file['kind'] !== 'ed25519') return undefined
  const did = typeof file['did'] === 'string' ? parseDid(file['did']) : undefined
  if (did?.ok !== true) return undefined
  if (file['sealed'] !== undefined) {
    return file['secret'] === undefined ? sealedIn(did.value, file['sealed']) : undefined
  }
  const secret = bytesIn(file['secret'], 32, 32)
  return secret && { kind: 'plain', did: did.value, secret: secret as SecretKey }
}

function sealedIn(did: Did, value: unknown): SealedSecret | undefined {
  const sealed = membersOf(value, ['kdf', 'cipher', 'nonce', 'box'])
  const kdf = membersOf(sealed?.['kdf'], ['name', 'n', 'r', 'p', 'salt'])
  if (sealed?.['cipher'] !== 'xchacha20-poly1305' || kdf?.['name'] !== 'scrypt') return undefined
  const cost = costIn(kdf['n'], kdf['r'], kdf['p'])
  const salt = bytesIn(kdf['salt'], 16, 64)
  const nonce = bytesIn(sealed['nonce'], 24, 24)
  const box = bytesIn(sealed['box'], 48, 48)
  return cost && salt && nonce && box && { kind: 'sealed', did, cost, salt, nonce, box }
}

function costIn(n: unknown, r: unknown, p: unknown): ScryptCost | undefined {
  if (!isCount(n, COST_MAX.n) || !isCount(r, COST_MAX.r) || !isCount(p, COST_MAX.p)) return undefined
  const powerOfTwo = n > 1 && (n & (n - 1)) === 0
  return powerOfTwo && n * r <= COST_MAX.memory && n * r * p <= COST_MAX.work ? { n, r, p } : undefined
}

function isCount(value: unknown, max: number): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 1 && value <= max
}

/** The members of an object that has all of `needed` and nothing beyond `optional`. */
function membersOf(
  value: unknown,
  needed: readonly string[],
  optional: readonly string[] = [],
): Readonly<Record<string, unknown>> | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  const keys = Object.keys(value)
  if (needed.some((key) => !keys.includes(key))) return undefined
  if (keys.some((key) => !needed.includes(key) && !optional.includes(key))) return undefined
  return { ...value }
}

/** Bytes of base64url in its one form, `min` to `max` of them. */
function bytesIn(value: unknown, min: number, max: number): Uint8Array | undefined {
  if (typeof value !== 'string') return undefined
  const bytes = new Uint8Array(Buffer.from(value, 'base64url'))
  return bytes.length >= min && bytes.length <= max && base64url(bytes) === value ? bytes : undefined
}

function base64url(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64url')
}
