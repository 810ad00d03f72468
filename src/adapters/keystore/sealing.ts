import { scrypt } from 'node:crypto'
import { xchacha20poly1305 } from '@noble/ciphers/chacha.js'
import { FaultError } from '../../model/fault.ts'
import type { Did, SecretKey } from '../../model/ids.ts'
import type { Random } from '../../ports/random.ts'
import type { PlainSecret, ScryptCost, SealedSecret } from './key-text.ts'

/** 128 MiB and some tenths of a second a try. Source: RFC 7914; OWASP's first choice for scrypt. */
export const SCRYPT_COST: ScryptCost = { n: 2 ** 17, r: 8, p: 1 }

const PASSPHRASE_CHARS_MAX = 1024

/** XChaCha20-Poly1305 under a key of scrypt; version and DID are authenticated with it. Faults `passphrase`. */
export async function sealSecret(
  { did, secret }: PlainSecret,
  passphrase: string,
  cost: ScryptCost,
  random: Random,
): Promise<SealedSecret> {
  const salt = random.bytes(16)
  const nonce = random.bytes(24)
  const key = await stretched(passphrase, salt, cost)
  const box = xchacha20poly1305(key, nonce, boundTo(did)).encrypt(secret)
  key.fill(0)
  return { kind: 'sealed', did, cost, salt, nonce, box }
}

/** Faults `passphrase` for a wrong passphrase or an altered file: authenticated encryption cannot tell which. */
export async function openSecret(
  sealed: SealedSecret,
  passphrase: string,
  what: string,
): Promise<PlainSecret> {
  const key = await stretched(passphrase, sealed.salt, sealed.cost)
  try {
    const secret = xchacha20poly1305(key, sealed.nonce, boundTo(sealed.did)).decrypt(sealed.box)
    return { kind: 'plain', did: sealed.did, secret: secret as SecretKey }
  } catch {
    // The library's error says no more than that the tag is wrong.
    throw new FaultError('passphrase', `wrong passphrase for ${what}, or it was altered`)
  } finally {
    key.fill(0)
  }
}

function boundTo(did: Did): Uint8Array {
  return new TextEncoder().encode(`canswarm/key/1\0${did}`)
}

function stretched(passphrase: string, salt: Uint8Array, { n, r, p }: ScryptCost): Promise<Uint8Array> {
  const normalised = passphrase.normalize('NFKC')
  if (normalised === '' || normalised.length > PASSPHRASE_CHARS_MAX) {
    throw new FaultError('passphrase', `a passphrase has 1 to ${PASSPHRASE_CHARS_MAX} characters`)
  }
  // What the algorithm needs, after OpenSSL's own count.
  const options = { N: n, r, p, maxmem: 128 * r * (n + p + 2) + 1024 }
  return new Promise((resolve, reject) => {
    scrypt(normalised, salt, 32, options, (error, key) => {
      if (error === null) resolve(new Uint8Array(key))
      else reject(error)
    })
  })
}
