import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { nodeCrypto } from '../../../../src/adapters/crypto/node-crypto.ts'
import { encodeDagCbor } from '../../../../src/codec/dag-cbor/encode.ts'
import {
  type Batch,
  decodeBatch,
  encodeBatch,
  signBatch,
  splitBodies,
} from '../../../../src/codec/envelope/batch.ts'
import { BATCH_BODIES_MAX, BATCH_BYTES_MAX } from '../../../../src/codec/envelope/limits.ts'
import { openBatch, readBatch } from '../../../../src/codec/envelope/open-batch.ts'
import { verifyBatch } from '../../../../src/codec/envelope/verify-batch.ts'
import type { Ipld } from '../../../../src/codec/ipld.ts'
import { leafHash } from '../../../../src/codec/merkle/hash.ts'
import { merkleRoot } from '../../../../src/codec/merkle/root.ts'
import {
  NET,
  OTHER_NET,
  plainBody,
  sha256,
  testBody,
  testContext,
} from '../../../setup/arbitrary-envelope.ts'
import { testSigner } from '../../../setup/arbitrary-field.ts'

const alice = testSigner(1)
const bob = testSigner(2)
const node = testSigner(3)
const context = testContext()

function batchOf(...bodies: readonly Uint8Array[]): Batch {
  return signBatch(nodeCrypto, NET, alice.secret, bodies)
}

/** A body that is canonical and yet no body: its frame and its neighbours are good. */
const unreadable = encodeDagCbor({ v: 1, more: 'than is known' })

describe('a batch: one signature over the root of the tree over its bodies (protocol.md, "Signed types")', () => {
  it('travels as { root, s, by?, bodies }, canonical, and comes back as it was', () => {
    const batch = batchOf(plainBody(alice, 1), plainBody(alice, 2))
    expect(encodeBatch(batch)).toEqual(encodeDagCbor(batch as unknown as Ipld))
    expect(decodeBatch(encodeBatch(batch))).toEqual({ ok: true, value: batch })
    const hosted = signBatch(nodeCrypto, NET, node.secret, [plainBody(alice, 1)], node.did)
    expect(decodeBatch(encodeBatch(hosted))).toEqual({ ok: true, value: { ...hosted, by: node.did } })
  })

  it('the root is that of RFC 6962 over the bodies; of one body, the hash of its leaf', () => {
    const bodies = [plainBody(alice, 1), plainBody(alice, 2), plainBody(alice, 3)]
    const leaves = bodies.map((body) => leafHash(body, sha256))
    expect(batchOf(...bodies).root).toEqual(merkleRoot(leaves, sha256))
    expect(batchOf(bodies[0] as Uint8Array).root).toEqual(leaves[0])
  })

  it('what is lawful is accepted, whatever the verbs', () => {
    const bodies = fc.uniqueArray(testBody({ from: alice }), {
      minLength: 1,
      maxLength: 8,
      selector: ({ bytes }) => bytes.toHex(),
    })
    fc.assert(
      fc.property(bodies, (made) => {
        const opened = openBatch(encodeBatch(batchOf(...made.map(({ bytes }) => bytes))), context)
        expect(opened.ok && opened.value.items.every((item) => item.ok)).toBe(true)
        const verified = opened.ok ? verifyBatch(opened.value, testContext(), nodeCrypto.verify) : opened
        expect(verified.ok && verified.value.items.map((item) => item.ok && item.value.bytes)).toEqual(
          made.map(({ bytes }) => bytes),
        )
      }),
      { numRuns: 40 },
    )
  })

  it('a body that is refused does not sink its neighbours, and is named by its id', () => {
    const opened = openBatch(
      encodeBatch(batchOf(unreadable, plainBody(alice, 2), plainBody(alice, 3))),
      context,
    )
    expect(opened).toMatchObject({
      ok: true,
      value: {
        signer: alice.did,
        items: [
          { ok: false, error: { id: expect.stringMatching(/^b/), rejection: { code: 'MALFORMED' } } },
          { ok: true, value: { body: { seq: 2 } } },
          { ok: true, value: { body: { seq: 3 } } },
        ],
      },
    })
    const verified = opened.ok ? verifyBatch(opened.value, testContext(), nodeCrypto.verify) : opened
    expect(verified.ok && verified.value.items.map((item) => item.ok)).toEqual([false, true, true])
  })

  it('a batch in which nothing can be read is refused by its first body', () => {
    const opened = openBatch(encodeBatch(batchOf(unreadable)), context)
    expect(opened).toMatchObject({ error: { code: 'MALFORMED', field: 'bodies[0].net' } })
    const foreign = openBatch(encodeBatch(batchOf(plainBody(alice, 1))), { ...context, net: OTHER_NET })
    expect(foreign).toMatchObject({ error: { code: 'WRONG_NETWORK', field: 'bodies[0].net' } })
  })

  it('a body twice, readable or not, refuses the whole', () => {
    const twice = readBatch(batchOf(plainBody(alice, 1), plainBody(alice, 2), plainBody(alice, 1)), context)
    expect(twice).toMatchObject({ error: { code: 'MALFORMED', field: 'bodies[2]' } })
    const unread = readBatch(batchOf(unreadable, unreadable, plainBody(alice, 1)), context)
    expect(unread).toMatchObject({ error: { code: 'MALFORMED', field: 'bodies[1]' } })
  })

  it('two senders refuse the whole where no node signs', () => {
    const two = readBatch(batchOf(plainBody(alice, 1), plainBody(bob, 1)), context)
    expect(two).toMatchObject({ error: { code: 'MALFORMED', field: 'bodies[1].sender' } })
  })

  it('who signs for itself names nobody: a body of `by` is refused, its neighbours are not', () => {
    const bodies = [plainBody(node, 1), plainBody(alice, 1)]
    const mixed = readBatch(signBatch(nodeCrypto, NET, node.secret, bodies, node.did), context)
    expect(mixed).toMatchObject({
      value: { items: [{ ok: false, error: { rejection: { field: 'sig.by' } } }, { ok: true }] },
    })
    const { root, s } = batchOf(plainBody(alice, 1))
    const named = readBatch({ root, s, by: alice.did, bodies: [plainBody(alice, 1)] }, context)
    expect(named).toMatchObject({ ok: false, error: { code: 'MALFORMED', field: 'bodies[0].sig.by' } })
  })
})

describe('what travels has limits', () => {
  it.each<[string, { readonly [key: string]: Ipld }, string, string]>([
    ['no bodies', { bodies: [] }, 'MALFORMED', 'bodies'],
    ['a body that is no bytes', { bodies: ['text'] }, 'MALFORMED', 'bodies[0]'],
    ['a root of 31 bytes', { root: new Uint8Array(31) }, 'MALFORMED', 'root'],
    ['a signature of 63 bytes', { s: new Uint8Array(63) }, 'MALFORMED', 's'],
    ['a `by` that is no DID', { by: 'me' }, 'MALFORMED', 'by'],
    ['a field too many', { path: [] }, 'MALFORMED', 'path'],
  ])('%s: refused', (_what, change, code, field) => {
    const { root, s, bodies } = batchOf(plainBody(alice, 1))
    const bytes = encodeDagCbor({ root, s, bodies, ...change })
    expect(decodeBatch(bytes)).toMatchObject({ error: { code, field } })
  })

  it('1,024 bodies travel, 1,025 are TOO_LARGE and never sent', () => {
    const { root, s } = batchOf(unreadable)
    const bodies = Array.from({ length: BATCH_BODIES_MAX + 1 }, () => new Uint8Array())
    expect(decodeBatch(encodeBatch({ root, s, bodies: bodies.slice(1) })).ok).toBe(true)
    expect(decodeBatch(encodeDagCbor({ root, s, bodies }))).toMatchObject({ error: { code: 'TOO_LARGE' } })
    expect(() => encodeBatch({ root, s, bodies })).toThrow('1,024')
  })

  it('over 4 MiB is refused unread and never sent', () => {
    const { root, s } = batchOf(unreadable)
    const bodies = [new Uint8Array(BATCH_BYTES_MAX)]
    expect(decodeBatch(encodeDagCbor({ root, s, bodies }))).toMatchObject({ error: { code: 'TOO_LARGE' } })
    expect(() => encodeBatch({ root, s, bodies })).toThrow('4 MiB')
    expect(() => batchOf()).toThrow('1 to 65,536')
  })

  it('bodies are split, in order, so that each part can travel, by count and by size', () => {
    const { root, s } = batchOf(unreadable)
    const small = Array.from({ length: 2_500 }, (_, n) => Uint8Array.of(n & 255))
    const large = Array.from({ length: 130 }, () => new Uint8Array(66_000))
    for (const bodies of [small, large, [...large, ...small], [], [unreadable]]) {
      const groups = splitBodies(bodies)
      const put = groups.flat()
      expect(put).toHaveLength(bodies.length)
      expect(put.every((body, at) => body === bodies[at])).toBe(true)
      for (const group of groups)
        expect(() => encodeBatch({ root, s, by: node.did, bodies: group })).not.toThrow()
    }
    expect(splitBodies(small)).toHaveLength(3)
    expect(splitBodies(large)).toHaveLength(3)
  })
})
