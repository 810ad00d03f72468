import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { nodeCrypto } from '../../../../src/adapters/crypto/node-crypto.ts'
import { cidOf, RAW } from '../../../../src/codec/cid.ts'
import {
  decodeVoterMessage,
  encodeVoterMessage,
  type VoterMessage,
} from '../../../../src/codec/voter-message/voter-message.ts'
import type { Did, Signature } from '../../../../src/model/ids.ts'

const { sha256 } = nodeCrypto
const voter = 'did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK' as Did
const s = new Uint8Array(64) as Signature
const need = cidOf(new Uint8Array([1]), sha256)
const head = sha256(new Uint8Array([2]))
const cid = cidOf(new Uint8Array([3]), sha256, RAW)
const reading = { voter, body: { v: 1 as const, n: 4, time: 1_700_000_000_000 }, s }

const MESSAGES: readonly VoterMessage[] = [
  { kind: 'batch', batch: new Uint8Array([1, 2]) },
  { kind: 'pass-on', batch: new Uint8Array([1, 2]), to: [2, 4] },
  { kind: 'reading', reading },
  { kind: 'reading', reading, link: head },
  { kind: 'ask-seen', need, head, slot: 9, known: [need] },
  {
    kind: 'seen',
    statement: { voter, body: { v: 1, need, head, slot: 9, seen: [[need, 8]] }, s },
    envelopes: [],
  },
  { kind: 'ask-have', need, cid },
  { kind: 'have', statement: { voter, body: { v: 1, need, cid }, s } },
  {
    kind: 'vote',
    body: { v: 1, nonce: 3, act: { kind: 'review', need, challenge: need, outcome: 'upheld' } },
    vote: { voter, s },
  },
]

describe('a message to a voter', () => {
  it.each(MESSAGES.map((message) => [message.kind, message] as const))(
    '%s is read as it was written',
    (_, message) => {
      expect(decodeVoterMessage(encodeVoterMessage(message))).toEqual({ ok: true, value: message })
    },
  )

  it('of any bytes is a message or a rejection, never a throw', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const read = decodeVoterMessage(bytes)
        return read.ok || ['TOO_LARGE', 'NOT_CANONICAL', 'MALFORMED'].includes(read.error.code)
      }),
    )
  })

  it('with any byte changed is refused, or is what it says', () => {
    const encoded = MESSAGES.map(encodeVoterMessage)
    fc.assert(
      fc.property(
        fc.constantFrom(...encoded),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        (bytes, at, flip) => {
          const changed = bytes.slice()
          changed[at % bytes.length] = (changed[at % bytes.length] ?? 0) ^ flip
          const read = decodeVoterMessage(changed)
          return !read.ok || Buffer.from(encodeVoterMessage(read.value)).equals(changed)
        },
      ),
    )
  })
})
