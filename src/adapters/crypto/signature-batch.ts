import { GrowingBytes } from '../../codec/growing-bytes.ts'
import { assert } from '../../model/fault.ts'
import type { PublicKey } from '../../model/ids.ts'

const KEY_BYTES = 32
const SIGNATURE_BYTES = 64
const LENGTH_BYTES = 4
/** Of what comes before a message: key, signature, length of the message. */
const HEAD_BYTES = KEY_BYTES + SIGNATURE_BYTES + LENGTH_BYTES

/**
 * Signatures to judge, one behind the other in one array of bytes: a view that is sent to a thread takes along all that
 * it is a view of, and what is judged are views of whole files.
 */
export class SignatureBatch extends GrowingBytes {
  /** Signatures since the last `take`. */
  count = 0

  /** Copies all three. Asserts 32 and 64 bytes: what else is no key and no signature needs nobody to judge it. */
  add(key: Uint8Array, message: Uint8Array, signature: Uint8Array): void {
    assert(
      key.length === KEY_BYTES && signature.length === SIGNATURE_BYTES,
      'a key and a signature of Ed25519',
    )
    this.reserve(HEAD_BYTES + message.length)
    this.#put(key)
    this.#put(signature)
    new DataView(this.buffer.buffer).setUint32(this.at, message.length)
    this.at += LENGTH_BYTES
    this.#put(message)
    this.count += 1
  }

  override take(): Uint8Array<ArrayBuffer> {
    this.count = 0
    return super.take()
  }

  #put(bytes: Uint8Array): void {
    this.buffer.set(bytes, this.at)
    this.at += bytes.length
  }
}

/** True for what can be in a batch. */
export function hasSizes(key: Uint8Array, signature: Uint8Array): boolean {
  return key.length === KEY_BYTES && signature.length === SIGNATURE_BYTES
}

/** What a batch holds, in order, as views of it. */
export function* signaturesOf(
  batch: Uint8Array,
): Generator<readonly [key: PublicKey, message: Uint8Array, signature: Uint8Array]> {
  const view = new DataView(batch.buffer, batch.byteOffset, batch.length)
  for (let at = 0; at < batch.length; ) {
    const key = batch.subarray(at, at + KEY_BYTES) as PublicKey
    const signature = batch.subarray(at + KEY_BYTES, at + KEY_BYTES + SIGNATURE_BYTES)
    const from = at + HEAD_BYTES
    at = from + view.getUint32(from - LENGTH_BYTES)
    yield [key, batch.subarray(from, at), signature]
  }
}
