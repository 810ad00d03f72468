import type { PublicKey, SecretKey, Signature } from '../model/ids.ts'

/** SHA-256 of bytes: 32 bytes, a new array each time. The input is not kept: callers use their buffers again. */
export type Sha256 = (bytes: Uint8Array) => Uint8Array

/**
 * SHA-256 of bytes, or of a text in UTF-8: 64 lower-case hex digits. The native call makes the text for
 * less than half of what the 32 bytes cost (0.63 against 1.35 µs for 400 B).
 */
export type Sha256Hex = (data: Uint8Array | string) => string

/**
 * Hashing and Ed25519, native and synchronous (a promise a hash costs 15 times the hash).
 * The rule of verification is ZIP215: cofactored, S < L (protocol.md, "Identity").
 */
export interface Crypto {
  readonly sha256: Sha256
  readonly sha256Hex: Sha256Hex
  readonly sign: (secret: SecretKey, message: Uint8Array) => Signature
  readonly publicKeyOf: (secret: SecretKey) => PublicKey
  /**
   * The fast path. True: ZIP215 accepts too. False decides nothing: native verification refuses some
   * signatures that ZIP215 accepts, and which ones depends on the Node version.
   */
  readonly verifyFast: (key: PublicKey, message: Uint8Array, signature: Uint8Array) => boolean
  /** The rule itself, decided at once; costs ten times `verifyFast` when that one refuses. */
  readonly verify: (key: PublicKey, message: Uint8Array, signature: Uint8Array) => boolean
  /** True for 32 bytes in canonical encoding, on the curve, not of small order. */
  readonly isAcceptableKey: (bytes: Uint8Array) => bytes is PublicKey
}
