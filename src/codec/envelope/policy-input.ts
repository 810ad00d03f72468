import { assert } from '../../model/fault.ts'
import { Cursor } from '../dag-cbor/cursor.ts'
import { encodeDagCbor } from '../dag-cbor/encode.ts'
import { ARRAY, BYTES, MAP, NEGATIVE, TAG, TEXT, UINT } from '../dag-cbor/major.ts'
import { Writer } from '../dag-cbor/writer.ts'
import { assertInteger } from '../ipld-asserts.ts'

/**
 * Keys stand in the order of their length: v, ts, net, seq, kind, prev, digest, sender, thread, capsule, lamport,
 * payload. So `size` and `slot` go before `digest`, and `payload_size` to the end.
 */
const KEYS_OF_BODY = 12
const DIGEST_KEY = encodeDagCbor('digest')
const PAYLOAD_KEY = encodeDagCbor('payload')

const writer = new Writer()

/**
 * What the policy reads of an envelope, made of the bytes of its body: the body without `digest`, with `size` (bytes
 * of the body, `digest` included), `payload_size` (those of the payload alone) and, for an entry of a bucket,
 * `slot`. Canonical dag-cbor, as the bytes are. Asserts the fields of a body. Source: policy.md ("The policy input").
 */
export function policyInputOf(body: Uint8Array, slot?: number): Uint8Array {
  const { digest, sender, payload } = new Places(body).find()
  writer.reset()
  writer.writeHead(MAP, KEYS_OF_BODY + (slot === undefined ? 1 : 2))
  writer.writeBytes(body.subarray(1, digest))
  writer.writeText('size')
  writer.writeHead(UINT, body.length)
  if (slot !== undefined) {
    writer.writeText('slot')
    writeInteger(slot)
  }
  writer.writeBytes(body.subarray(sender))
  writer.writeText('payload_size')
  writer.writeHead(UINT, body.length - payload)
  return writer.take()
}

function writeInteger(value: number): void {
  assertInteger(value)
  if (value >= 0) writer.writeHead(UINT, value)
  else writer.writeHead(NEGATIVE, -1 - value)
}

/** Where entries stand in a body. */
class Places extends Cursor {
  /** Where the entry of `digest` begins and ends, and where the value of `payload` begins. */
  find(): { readonly digest: number; readonly sender: number; readonly payload: number } {
    this.at = 1
    const digest = this.skipTo(DIGEST_KEY)
    this.skipItem()
    const sender = this.at
    this.skipTo(PAYLOAD_KEY)
    return { digest, sender, payload: this.at }
  }

  /** Passes over entries and the key itself; where the key stands. */
  private skipTo(key: Uint8Array): number {
    while (!this.isAt(key)) {
      assert(this.at < this.bytes.length, 'a body has its fields')
      this.skipItem()
      this.skipItem()
    }
    const { at } = this
    this.at += key.length
    return at
  }

  private isAt(key: Uint8Array): boolean {
    for (let i = 0; i < key.length; i++) if (this.bytes[this.at + i] !== key[i]) return false
    return true
  }

  private skipItem(): void {
    const head = this.bytes[this.at] as number
    const argument = this.readArgument(head)
    const major = head & 0xe0
    if (major === BYTES || major === TEXT) this.at += argument
    else if (major === TAG) this.skipItem()
    else if (major === ARRAY) for (let i = 0; i < argument; i++) this.skipItem()
  }
}
