import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cidOf, envelopeIdOf } from '../../../../src/codec/cid.ts'
import { encodeDagCbor } from '../../../../src/codec/dag-cbor/encode.ts'
import { headerOf } from '../../../../src/codec/envelope/envelope.ts'
import { BODY_BYTES_MAX, BODY_ITEMS_MAX, PAYLOAD_BYTES_MAX } from '../../../../src/codec/envelope/limits.ts'
import { payloadBytesOf } from '../../../../src/codec/envelope/payload-size.ts'
import { readBody } from '../../../../src/codec/envelope/read-body.ts'
import { accountThreadOf, threadIdOf } from '../../../../src/codec/envelope/thread-id.ts'
import type { Ipld } from '../../../../src/codec/ipld.ts'
import { KINDS } from '../../../../src/codec/payload/verbs.ts'
import {
  NET,
  OTHER_NET,
  plainBody,
  sha256,
  type TestBody,
  testBody,
} from '../../../setup/arbitrary-envelope.ts'
import { testSigner } from '../../../setup/arbitrary-field.ts'
import { changes, mutated } from '../../../setup/mutate-ipld.ts'

const context = { net: NET, sha256 }
const alice = testSigner(1)
const bob = testSigner(2)
const link = cidOf(encodeDagCbor('a thing'), sha256)
const later = [1, 2, 3, 4, 5, 6, 7, 8, 9]
  .map((n) => cidOf(encodeDagCbor(n), sha256))
  .toSorted((a, b) => (a.bytes.toHex() < b.bytes.toHex() ? -1 : 1))

const CANCEL = {
  v: 1,
  net: NET,
  thread: 'abcdefghijklmnopqrstuvwxyz234567',
  kind: 'CANCEL',
  lamport: 7,
  sender: alice.did,
  seq: 2,
  ts: 1_700_000_000_000,
  prev: [link],
  capsule: link,
  digest: new Uint8Array(32),
  payload: { need_id: link },
}

const STAKE = {
  ...CANCEL,
  kind: 'STAKE',
  thread: accountThreadOf(NET, alice.did, sha256),
  payload: { amount: '5' },
}

function read(body: Ipld): ReturnType<typeof readBody> {
  return readBody(encodeDagCbor(body), context)
}

function without(body: { readonly [key: string]: Ipld }, key: string): Ipld {
  const { [key]: _gone, ...rest } = body
  return rest
}

describe('a body that is lawful by its own bytes is read (protocol.md, "Envelope")', () => {
  it.each(KINDS)('%s: with its id, its fields and its header', (kind) => {
    fc.assert(
      fc.property(testBody({ kind }), ({ parts, bytes }: TestBody) => {
        const result = readBody(bytes, context)
        if (!result.ok) expect(result).toMatchObject({ ok: true })
        if (!result.ok) return
        const { id, body } = result.value
        expect(id).toBe(envelopeIdOf(cidOf(bytes, sha256)))
        expect(result.value.bytes).toBe(bytes)
        expect(body.payload).toEqual(parts.payload)
        const { thread, sender, seq, lamport } = parts
        expect(headerOf(result.value)).toMatchObject({ id, thread, kind, sender, seq, lamport })
        expect(headerOf(result.value).prev.toSorted()).toEqual(parts.prev.toSorted())
      }),
      { numRuns: 20 },
    )
  })

  it('the size of its payload is known without encoding it', () => {
    fc.assert(
      fc.property(testBody(), ({ parts, bytes }) => {
        const result = readBody(bytes, context)
        const size = result.ok ? payloadBytesOf(bytes.length, result.value.body) : -1
        expect(size).toBe(encodeDagCbor(parts.payload).length)
      }),
      { numRuns: 150 },
    )
  })

  it('at most 8 ids stand in prev, for codec and causal rules alike', () => {
    expect(read({ ...CANCEL, prev: later.slice(0, 8) }).ok).toBe(true)
    expect(read({ ...CANCEL, prev: later })).toMatchObject({ error: { code: 'TOO_LARGE', field: 'prev' } })
  })
})

describe('a body is refused by its own bytes', () => {
  it.each(Object.keys(CANCEL))('without %s', (key) => {
    expect(read(without(CANCEL, key))).toMatchObject({
      error: { code: 'MALFORMED', field: key === 'payload' ? expect.stringMatching(/payload/) : key },
    })
  })

  it.each<[string, { readonly [key: string]: Ipld }, string, string]>([
    ['another version', { v: 2 }, 'MALFORMED', 'v'],
    ['a field too many', { more: 1 }, 'MALFORMED', 'more'],
    ['another network', { net: OTHER_NET }, 'WRONG_NETWORK', 'net'],
    ['a network as text', { net: NET.toString() }, 'MALFORMED', 'net'],
    ['no verb', { kind: 'DECIDE' }, 'MALFORMED', 'kind'],
    ['a name that every object has', { kind: 'constructor' }, 'MALFORMED', 'kind'],
    ['a verb in lower case', { kind: 'cancel' }, 'MALFORMED', 'kind'],
    ['a verb without end', { kind: 'C'.repeat(33) }, 'TOO_LARGE', 'kind'],
    ['lamport 0', { lamport: 0 }, 'MALFORMED', 'lamport'],
    ['seq 0', { seq: 0 }, 'MALFORMED', 'seq'],
    ['a time before 1970', { ts: -1 }, 'MALFORMED', 'ts'],
    ['a thread of 31 characters', { thread: 'a'.repeat(31) }, 'MALFORMED', 'thread'],
    ['a thread in capitals', { thread: 'A'.repeat(32) }, 'MALFORMED', 'thread'],
    ['a sender that is no did:key', { sender: 'did:web:x' }, 'MALFORMED', 'sender'],
    ['a digest of 31 bytes', { digest: new Uint8Array(31) }, 'MALFORMED', 'digest'],
    ['a capsule of plain bytes', { capsule: cidOf(new Uint8Array(), sha256, 0x55) }, 'MALFORMED', 'capsule'],
    ['a payload of another verb', { payload: { amount: '1' } }, 'MALFORMED', 'payload.need_id'],
    ['no payload', { payload: null }, 'MALFORMED', 'payload'],
    ['prev out of order', { prev: [later[1] as Ipld, later[0] as Ipld] }, 'MALFORMED', 'prev'],
    ['an id twice in prev', { prev: [link, link] }, 'MALFORMED', 'prev'],
    ['nothing before it, and it opens nothing', { prev: [], seq: 1 }, 'MALFORMED', 'prev'],
  ])('for %s', (_what, change, code, field) => {
    expect(read({ ...CANCEL, ...change })).toMatchObject({ error: { code, field } })
  })

  it('for bytes that are not canonical, before anything is made of them', () => {
    const bytes = encodeDagCbor(CANCEL)
    const longer = Uint8Array.of(0xb8, 12, ...bytes.subarray(1))
    expect(readBody(longer, context)).toMatchObject({ error: { code: 'NOT_CANONICAL' } })
    expect(readBody(bytes.subarray(1), context)).toMatchObject({ ok: false })
    expect(readBody(new Uint8Array(), context)).toMatchObject({ error: { code: 'MALFORMED' } })
  })
})

describe('sizes (protocol.md, "Envelope")', () => {
  /** A NEED whose payload has just so many bytes. */
  function needOf(payloadBytes: number): Uint8Array {
    const payload = (inline: number): { readonly [key: string]: Ipld } => ({
      label: 'large',
      task_type: 'a',
      capability: 'a',
      input: { inline: new Uint8Array(inline) },
      requires: [],
      produces: [],
      constraints: {},
      task_class: 'simple',
      budget: '0',
      verify_bounty: '0',
      verification: { mode: 'citations' },
      idempotency_key: 'k',
    })
    // From 256 bytes on the length of a byte string takes three bytes.
    const rest = encodeDagCbor(payload(300)).length - 300
    return encodeDagCbor({ ...CANCEL, kind: 'NEED', payload: payload(payloadBytes - rest) })
  }

  it('a payload of 65,536 bytes is read, one of 65,537 is TOO_LARGE', () => {
    expect(readBody(needOf(PAYLOAD_BYTES_MAX), context).ok).toBe(true)
    expect(readBody(needOf(PAYLOAD_BYTES_MAX + 1), context)).toMatchObject({
      error: { code: 'TOO_LARGE', field: 'payload' },
    })
  })

  it('a body with the largest header still has room for the largest payload', () => {
    const header = {
      ...CANCEL,
      kind: 'COMPLETE_UNBONDING',
      lamport: Number.MAX_SAFE_INTEGER,
      seq: Number.MAX_SAFE_INTEGER,
      ts: 8_640_000_000_000_000,
      prev: later.slice(0, 8),
      payload: {},
    }
    expect(encodeDagCbor(header).length - 1 + PAYLOAD_BYTES_MAX).toBeLessThanOrEqual(BODY_BYTES_MAX)
  })

  it('a body over the limit is refused unread', () => {
    expect(readBody(new Uint8Array(BODY_BYTES_MAX + 1), context)).toMatchObject({
      error: { code: 'TOO_LARGE' },
    })
  })

  it('a body of many small things is refused before they are looked at', () => {
    const crowd = Array.from({ length: BODY_ITEMS_MAX }, () => 0)
    expect(read({ ...CANCEL, payload: { need_id: crowd } })).toMatchObject({ error: { code: 'TOO_LARGE' } })
  })

  it('the most that payloads may list fits the bound on items', () => {
    const operation = (n: number): Ipld => ({
      op_id: `o${n}`,
      op_type: 'ADD_TASK',
      task_id: 't',
      payload: { label: 'x', task_type: 'a', need_id: link },
    })
    const patch = { ops: Array.from({ length: 256 }, (_, n) => operation(n)), base_lamport: 1 }
    expect(read({ ...CANCEL, kind: 'UPDATE_PLAN', payload: { patch } }).ok).toBe(true)
    const names = Array.from({ length: 32 }, (_, n) => `n${n}`)
    const offer = (n: number): Ipld => ({
      name: `c${n}`,
      about: '',
      task_types: names,
      tags: names,
      input_schema: { cid: link, size: 1 },
      output_schema: { cid: link, size: 1 },
      constraints: {
        zones: names.slice(16),
        isolation: 'vm',
        input_bytes_max: 1,
        gas_max: 1,
        outbound: names,
      },
      price: '0',
      latency: 1,
      success_rate: 1,
    })
    const manifest = { version: 1, label: 'x', capabilities: names.map((_, n) => offer(n)) }
    expect(read({ ...STAKE, kind: 'MANIFEST', payload: manifest }).ok).toBe(true)
  })
})

describe('threads (protocol.md, "Envelope", "Verbs")', () => {
  const need = (different: { readonly [key: string]: Ipld }): Ipld => ({
    ...CANCEL,
    kind: 'NEED',
    seq: 1,
    prev: [],
    thread: threadIdOf(NET, alice.did, 'key', sha256),
    payload: {
      label: 'x',
      task_type: 'a',
      capability: 'a',
      input: { inline: new Uint8Array() },
      requires: [],
      produces: [],
      constraints: {},
      task_class: 'simple',
      budget: '0',
      verify_bounty: '0',
      verification: { mode: 'citations' },
      idempotency_key: 'key',
    },
    ...different,
  })

  it('a NEED opens the thread of its sender and its key, with seq 1', () => {
    expect(read(need({}))).toMatchObject({ ok: true, value: { opens: true } })
  })

  it.each<[string, { readonly [key: string]: Ipld }, string, string]>([
    ["in another's thread", { sender: bob.did }, 'UNKNOWN_THREAD', 'thread'],
    [
      'in the thread of another key',
      { thread: threadIdOf(NET, alice.did, 'other', sha256) },
      'UNKNOWN_THREAD',
      'thread',
    ],
    [
      "in another network's thread",
      { thread: threadIdOf(OTHER_NET, alice.did, 'key', sha256) },
      'UNKNOWN_THREAD',
      'thread',
    ],
    ['with seq 2', { seq: 2 }, 'MALFORMED', 'prev'],
  ])('a NEED without prev is refused %s', (_what, change, code, field) => {
    expect(read(need(change))).toMatchObject({ error: { code, field } })
  })

  it('a NEED inside a thread need not own it, and then cannot open it', () => {
    expect(read(need({ prev: [link], sender: bob.did }))).toMatchObject({ ok: true, value: { opens: false } })
  })

  it("an account's verb is in its sender's own thread, first or later", () => {
    expect(read({ ...STAKE, seq: 1, prev: [] })).toMatchObject({ ok: true, value: { opens: true } })
    expect(read(STAKE)).toMatchObject({ ok: true, value: { opens: true } })
    const { thread } = CANCEL
    for (const change of [
      { sender: bob.did },
      { thread },
      { thread: threadIdOf(NET, alice.did, 'x', sha256) },
    ]) {
      expect(read({ ...STAKE, ...change })).toMatchObject({
        error: { code: 'UNKNOWN_THREAD', field: 'thread' },
      })
    }
  })

  it('the id of a thread is base32 of 20 bytes of the hash of a dag-cbor list', () => {
    const hash = sha256(encodeDagCbor(['canswarm/thread/1', NET, alice.did, 'key']))
    const cid = cidOf(encodeDagCbor(['canswarm/thread/1', NET, alice.did, 'key']), sha256)
    expect(cid.multihash.digest).toEqual(hash)
    const id = threadIdOf(NET, alice.did, 'key', sha256)
    expect(id).toMatch(/^[a-z2-7]{32}$/)
    const bits = [...hash.subarray(0, 20)].map((byte) => byte.toString(2).padStart(8, '0')).join('')
    const digits = bits
      .match(/.{5}/g)
      ?.map((five) => 'abcdefghijklmnopqrstuvwxyz234567'[Number.parseInt(five, 2)])
    expect(id).toBe(digits?.join(''))
  })
})

describe('whatever the bytes are, reading gives a body or a rejection with a code', () => {
  it('with one place changed, taken away or doubled', () => {
    fc.assert(
      fc.property(testBody(), changes, ({ bytes }, places) => {
        const result = readBody(bytes, context)
        if (!result.ok) throw new Error('a lawful body was refused')
        for (const [site, change] of places) {
          const changed = readBody(encodeDagCbor(mutated(result.value.body, site, change)), context)
          if (changed.ok) expect(headerOf(changed.value).id).toBe(changed.value.id)
          else expect(changed.error.code).toMatch(/^[A-Z_]+$/)
        }
      }),
      { numRuns: 150 },
    )
  })

  it('with bytes flipped, cut or added', () => {
    fc.assert(
      fc.property(testBody(), changes, ({ bytes }, places) => {
        for (const [at, by] of places) {
          const place = at % bytes.length
          expect(readBody(bytes.subarray(0, place), context).ok).toBe(false)
          expect(readBody(Uint8Array.of(...bytes, by & 255), context).ok).toBe(false)
          const flipped = readBody(bytes.with(place, (bytes[place] as number) ^ (1 + (by % 255))), context)
          if (!flipped.ok) expect(flipped.error.code).toMatch(/^[A-Z_]+$/)
        }
      }),
      { numRuns: 100 },
    )
  })

  it('with nothing but noise', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (noise) => {
        expect(readBody(noise, context).ok).toBe(false)
      }),
      { numRuns: 1_000 },
    )
  })

  it('two bodies that differ have two ids', () => {
    const ids = [1, 2, 3].map((seq) => readBody(plainBody(alice, seq), context))
    expect(new Set(ids.map((result) => result.ok && result.value.id)).size).toBe(3)
  })
})
