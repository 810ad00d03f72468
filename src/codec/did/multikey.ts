import { base58btc } from 'multiformats/bases/base58'
import type { AgreementKey, PublicKey } from '../../model/ids.ts'
import { type Rejection, reject } from '../../model/rejection.ts'
import { ok, type Result } from '../../model/result.ts'
import { concatBytes } from '../bytes.ts'

/** A public key as multikey text holds it. The bytes are not yet known to be a point of the curve. */
export interface Multikey {
  readonly kind: 'ed25519' | 'x25519'
  /** 32 bytes. */
  readonly bytes: Uint8Array
}

// Multicodec codes 0xed and 0xec as varints.
const ED25519_CODE = Uint8Array.of(0xed, 0x01)
const X25519_CODE = Uint8Array.of(0xec, 0x01)

/** Both codes with 32 bytes make 47 digits, always. */
const MULTIKEY_TEXT = /^z[1-9A-HJ-NP-Za-km-z]{47}$/
const BASE58_TEXT = /^z[1-9A-HJ-NP-Za-km-z]+$/

/** `z6Mk…`. Source: did:key, "Ed25519"; W3C Controlled Identifiers, "Multikey". */
export function multikeyOf(key: PublicKey): string {
  return base58btc.encode(concatBytes(ED25519_CODE, key))
}

/** `z6LS…`. */
export function agreementMultikeyOf(key: AgreementKey): string {
  return base58btc.encode(concatBytes(X25519_CODE, key))
}

/**
 * Accepts the one text that encodes an Ed25519 or X25519 key: base58 of a number without leading zero bytes has
 * one form, and the code is the first byte. Rejects MALFORMED when it is no base58btc multibase, BAD_KEY when it holds something else.
 */
export function parseMultikey(text: string): Result<Multikey, Rejection> {
  if (!MULTIKEY_TEXT.test(text)) {
    return BASE58_TEXT.test(text)
      ? reject('BAD_KEY', 'a multikey of Ed25519 or X25519 has 48 characters')
      : reject('MALFORMED', 'a multikey is base58btc after a z')
  }
  const bytes = base58btc.decode(text)
  const kind = bytes[0] === 0xed ? 'ed25519' : 'x25519'
  if ((bytes[0] !== 0xed && bytes[0] !== 0xec) || bytes[1] !== 0x01 || bytes.length !== 34) {
    return reject('BAD_KEY', 'the multikey is of another type than Ed25519 or X25519')
  }
  return ok({ kind, bytes: bytes.slice(2) })
}
