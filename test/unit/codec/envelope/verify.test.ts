import { describe, expect, it } from 'vitest'
import { nodeCrypto } from '../../../../src/adapters/crypto/node-crypto.ts'
import { type Batch, signBatch } from '../../../../src/codec/envelope/batch.ts'
import { type SigningDelegation, signDelegation } from '../../../../src/codec/envelope/delegation.ts'
import { type OpenedBatch, readBatch } from '../../../../src/codec/envelope/open-batch.ts'
import {
  decodeEnvelope,
  encodeEnvelope,
  envelopesOf,
  type SingleForm,
  type UnverifiedSingle,
} from '../../../../src/codec/envelope/single-form.ts'
import { VerifiedRoots } from '../../../../src/codec/envelope/verified-roots.ts'
import { undelegated, verifyBatch, verifyBatchFast } from '../../../../src/codec/envelope/verify-batch.ts'
import type { VerifyContext } from '../../../../src/codec/envelope/verify-root.ts'
import { verifyEnvelope, verifyEnvelopeFast } from '../../../../src/codec/envelope/verify-single.ts'
import { NET, OTHER_NET, plainBody, sha256, testContext } from '../../../setup/arbitrary-envelope.ts'
import { type TestSigner, testSigner } from '../../../setup/arbitrary-field.ts'

const alice = testSigner(1)
const bob = testSigner(2)
const node = testSigner(3)
const { verify } = nodeCrypto
const never = (): boolean => {
  throw new Error('a signature was checked')
}
const refuse = (): boolean => false

const bodies = [1, 2, 3, 4, 5].map((seq) => plainBody(alice, seq))
const batch = signBatch(nodeCrypto, NET, alice.secret, bodies)

function opened(from: Batch): OpenedBatch {
  const read = readBatch(from, testContext())
  if (!read.ok) throw new Error(read.error.message)
  return read.value
}

function single(form: SingleForm): UnverifiedSingle {
  const read = decodeEnvelope(encodeEnvelope(form), testContext())
  if (!read.ok) throw new Error(read.error.message)
  return read.value
}

function formsOf(from: Batch): readonly SingleForm[] {
  return envelopesOf(from, sha256)
}

function delegation(agent: TestSigner, from = 100, until = 200): SigningDelegation {
  return signDelegation(nodeCrypto, NET, agent.secret, {
    v: 1,
    agent: agent.did,
    node: node.did,
    from,
    until,
  }).body
}

function otherRoot(root: Uint8Array): Uint8Array {
  return root.with(0, (root[0] as number) ^ 1)
}

describe('a whole batch is checked by its root and one signature', () => {
  it('is verified, each envelope with the signature of all', () => {
    const verified = verifyBatch(opened(batch), testContext(), verify)
    expect(verified.ok && verified.value.signer).toBe(alice.did)
    const { root, s } = batch
    for (const item of verified.ok ? verified.value.items : [])
      expect(item).toMatchObject({ value: { sig: { root, s } } })
  })

  it.each<[string, Batch, string, string]>([
    ['another root', { ...batch, root: otherRoot(batch.root) }, 'BAD_SIGNATURE', 'root'],
    [
      'a body of another batch',
      { ...batch, bodies: bodies.with(2, plainBody(alice, 9)) },
      'BAD_SIGNATURE',
      'root',
    ],
    ['bodies in another order', { ...batch, bodies: bodies.toReversed() }, 'BAD_SIGNATURE', 'root'],
    ['a body left out', { ...batch, bodies: bodies.slice(1) }, 'BAD_SIGNATURE', 'root'],
    ['a body added', { ...batch, bodies: [...bodies, plainBody(alice, 6)] }, 'BAD_SIGNATURE', 'root'],
  ])('%s: refused before any signature is checked', (_what, changed, code, field) => {
    expect(verifyBatch(opened(changed), testContext(), never)).toMatchObject({ error: { code, field } })
  })

  it('a root that another key signed, or for another network, is refused', () => {
    const stolen = signBatch(nodeCrypto, NET, bob.secret, bodies)
    const foreign = signBatch(nodeCrypto, OTHER_NET, alice.secret, bodies)
    for (const wrong of [stolen, foreign]) {
      expect(verifyBatch(opened(wrong), testContext(), verify)).toMatchObject({
        error: { code: 'BAD_SIGNATURE', field: 's' },
      })
    }
  })

  it('a sender whose key is not acceptable is refused before any signature is checked', () => {
    const context = {
      ...testContext(),
      keys: { ofDid: () => ({ ok: false as const, error: { code: 'BAD_KEY' as const, message: '' } }) },
    }
    expect(verifyBatch(opened(batch), context, never)).toMatchObject({ error: { code: 'BAD_KEY' } })
  })
})

describe('the fast path accepts or leaves undecided; what the bytes decide it refuses (protocol.md, "Identity")', () => {
  it('valid', () => {
    expect(verifyBatchFast(opened(batch), testContext(), nodeCrypto.verifyFast)).toMatchObject({
      kind: 'valid',
    })
    const [form] = formsOf(batch) as [SingleForm]
    expect(verifyEnvelopeFast(single(form), testContext(), nodeCrypto.verifyFast)).toMatchObject({
      kind: 'valid',
    })
  })

  it('refused by bytes, without a question for the second opinion', () => {
    const changed = opened({ ...batch, bodies: bodies.slice(1) })
    expect(verifyBatchFast(changed, testContext(), never)).toMatchObject({ kind: 'refused' })
  })

  it('undecided where the native check refuses: its question, as asked elsewhere, gives the same answer', () => {
    const context = testContext()
    const verdict = verifyBatchFast(opened(batch), context, refuse)
    expect(verdict.kind).toBe('undecided')
    if (verdict.kind !== 'undecided') return
    const { key, message, signature } = verdict.check
    expect(key).toEqual(alice.key)
    expect(verify(key, message, signature)).toBe(true)
    expect(context.verifiedRoots.size).toBe(0)
    expect(verdict.settle(false)).toMatchObject({ error: { code: 'BAD_SIGNATURE', field: 's' } })
    expect(context.verifiedRoots.size).toBe(0)
    expect(verdict.settle(true)).toMatchObject({ ok: true, value: { signer: alice.did } })
    expect(verifyBatch(opened(batch), context, never).ok).toBe(true)
  })

  it('what is refused by the rule is refused for good', () => {
    expect(verifyBatch(opened(batch), testContext(), refuse)).toMatchObject({
      error: { code: 'BAD_SIGNATURE' },
    })
    const [form] = formsOf(batch) as [SingleForm]
    expect(verifyEnvelope(single(form), testContext(), refuse)).toMatchObject({
      error: { code: 'BAD_SIGNATURE' },
    })
  })
})

describe('an envelope by itself is checked by its path', () => {
  it('each of a batch is verified, whatever the size of the batch', () => {
    for (let size = 1; size <= 17; size++) {
      const some = Array.from({ length: size }, (_, n) => plainBody(alice, n + 1))
      const context = testContext()
      for (const [at, form] of formsOf(signBatch(nodeCrypto, NET, alice.secret, some)).entries()) {
        expect(form.bytes).toBe(some[at])
        expect(verifyEnvelope(single(form), context, verify).ok).toBe(true)
      }
      expect(context.verifiedRoots.size).toBe(1)
    }
  })

  it('the only one of a batch has an empty path', () => {
    const [form] = formsOf(signBatch(nodeCrypto, NET, alice.secret, [plainBody(alice, 1)]))
    expect(form?.sig.path).toEqual([])
  })

  const [first, second] = formsOf(batch) as [SingleForm, SingleForm]
  const [[side, hash], ...others] = first.sig.path as [SingleForm['sig']['path'][number]]
  const elsewhere = formsOf(
    signBatch(nodeCrypto, NET, alice.secret, [plainBody(alice, 8), plainBody(alice, 9)]),
  )

  it.each<[string, SingleForm]>([
    ['the path of another leaf', { ...first, sig: second.sig }],
    [
      'a side turned over',
      { ...first, sig: { ...first.sig, path: [[side === 0 ? 1 : 0, hash], ...others] } },
    ],
    ['a step too few', { ...first, sig: { ...first.sig, path: others } }],
    ['a step too many', { ...first, sig: { ...first.sig, path: [...first.sig.path, [0, hash]] } }],
    ['no path', { ...first, sig: { ...first.sig, path: [] } }],
    ['another root', { ...first, sig: { ...first.sig, root: otherRoot(first.sig.root) } }],
    ['the signature of another batch', { ...first, sig: (elsewhere[0] as SingleForm).sig }],
    ['a body of another batch', { ...first, bytes: (elsewhere[0] as SingleForm).bytes }],
  ])('%s: refused before any signature is checked', (_what, form) => {
    expect(verifyEnvelope(single(form), testContext(), never)).toMatchObject({
      error: { code: 'BAD_SIGNATURE', field: 'sig.path' },
    })
  })

  it('the root of a good batch with the signature of another is refused', () => {
    const { s } = signBatch(nodeCrypto, NET, alice.secret, [plainBody(alice, 8)])
    const form = { ...first, sig: { ...first.sig, s } }
    expect(verifyEnvelope(single(form), testContext(), verify)).toMatchObject({
      error: { code: 'BAD_SIGNATURE', field: 's' },
    })
  })

  it('a path of 16 levels is read, one of 17 is TOO_LARGE', () => {
    const path = (levels: number): SingleForm['sig']['path'] =>
      Array.from({ length: levels }, () => [0, hash] as const)
    const read = (levels: number): unknown =>
      decodeEnvelope(encodeEnvelope({ ...first, sig: { ...first.sig, path: path(levels) } }), testContext())
    expect(read(16)).toMatchObject({ ok: true })
    expect(read(17)).toMatchObject({ error: { code: 'TOO_LARGE', field: 'sig.path' } })
  })

  it.each([2, -1, true, null])('a side of %s is refused', (wrong) => {
    const path = [[wrong as 0, hash] as const]
    const read = decodeEnvelope(encodeEnvelope({ ...first, sig: { ...first.sig, path } }), testContext())
    expect(read).toMatchObject({ error: { code: 'MALFORMED', field: 'sig.path[0][0]' } })
  })

  it('`by` added to what the sender signed, or taken away from what a node signed, is refused', () => {
    const added = decodeEnvelope(
      encodeEnvelope({ ...first, sig: { ...first.sig, by: alice.did } }),
      testContext(),
    )
    expect(added).toMatchObject({ error: { code: 'MALFORMED', field: 'sig.by' } })
    const [hosted] = formsOf(signBatch(nodeCrypto, NET, node.secret, bodies, node.did)) as [SingleForm]
    const { by: _by, ...sig } = hosted.sig
    expect(verifyEnvelope(single({ ...hosted, sig }), testContext(), verify)).toMatchObject({
      error: { field: 's' },
    })
  })
})

describe('a node signs for agents that delegated to it, within the term (protocol.md, "Envelope")', () => {
  const hosted = signBatch(nodeCrypto, NET, node.secret, [plainBody(alice, 1), plainBody(bob, 1)], node.did)

  function verdicts(context: VerifyContext): readonly unknown[] {
    const verified = verifyBatch(opened(hosted), context, verify)
    if (!verified.ok) throw new Error(verified.error.message)
    return verified.value.items.map((item) => item.ok || item.error.rejection.field)
  }

  it.each<[string, readonly SigningDelegation[], number, readonly unknown[]]>([
    ['both in their first millisecond', [delegation(alice), delegation(bob)], 100, [true, true]],
    ['both in their last', [delegation(alice), delegation(bob)], 199, [true, true]],
    ['before the term', [delegation(alice), delegation(bob)], 99, ['sig.by', 'sig.by']],
    ['at its end', [delegation(alice), delegation(bob)], 200, ['sig.by', 'sig.by']],
    ['one alone', [delegation(bob)], 150, ['sig.by', true]],
    ['one of two terms', [delegation(alice, 1, 2), delegation(alice)], 150, [true, 'sig.by']],
    ['none', [], 150, ['sig.by', 'sig.by']],
  ])('%s', (_what, delegations, atMs, expected) => {
    const context = testContext(delegations, atMs)
    expect(verdicts(context)).toEqual(expected)
    const missing = [alice, bob].filter((_, at) => expected[at] !== true).map(({ did }) => did)
    expect(undelegated(opened(hosted), context)).toEqual(missing)
    for (const [at, form] of formsOf(hosted).entries()) {
      expect(verifyEnvelope(single(form), context, verify).ok).toBe(expected[at] === true)
    }
  })

  it('a delegation to another node, or of another agent, covers nothing', () => {
    const other = { ...delegation(alice), node: bob.did }
    const context = { ...testContext([], 150), delegationsOf: () => [other, delegation(bob)] }
    expect(verdicts(context)).toEqual(['sig.by', true])
  })

  it('a root that the node did not sign is refused, whatever was delegated', () => {
    const forged = { ...hosted, s: batch.s }
    const context = testContext([delegation(alice), delegation(bob)], 150)
    expect(verifyBatch(opened(forged), context, verify)).toMatchObject({ error: { field: 's' } })
  })
})

describe('a root that was verified costs no second check, and lends nothing (protocol.md, "Signed types")', () => {
  it('the same signer, root and signature: known, in a batch and alone', () => {
    const context = testContext()
    expect(verifyBatch(opened(batch), context, verify).ok).toBe(true)
    expect(verifyBatch(opened(batch), context, never).ok).toBe(true)
    for (const form of formsOf(batch)) expect(verifyEnvelope(single(form), context, never).ok).toBe(true)
  })

  it('another signature of the root is checked, and refused', () => {
    const context = testContext()
    verifyBatch(opened(batch), context, verify)
    const forged = { ...batch, s: batch.s.with(0, (batch.s[0] as number) ^ 1) as Batch['s'] }
    expect(verifyBatch(opened(forged), context, verify)).toMatchObject({ error: { code: 'BAD_SIGNATURE' } })
  })

  it('another network, another signer: checked, and refused', () => {
    const roots = new VerifiedRoots()
    roots.add(NET, alice.did, batch)
    expect(roots.has(NET, alice.did, batch)).toBe(true)
    expect(roots.has(OTHER_NET, alice.did, batch)).toBe(false)
    expect(roots.has(NET, bob.did, batch)).toBe(false)
    expect(roots.has(NET, alice.did, { ...batch, root: otherRoot(batch.root) })).toBe(false)
    expect(roots.has(NET, alice.did, { ...batch, s: batch.s.toReversed() as Batch['s'] })).toBe(false)
  })

  it('a refused root is not remembered, and a node whose delegation ended is not believed', () => {
    const forged = { ...batch, s: batch.s.toReversed() as Batch['s'] }
    const context = testContext()
    verifyBatch(opened(forged), context, verify)
    expect(context.verifiedRoots.size).toBe(0)
    const hosted = signBatch(nodeCrypto, NET, node.secret, [plainBody(alice, 1)], node.did)
    const then = testContext([delegation(alice)], 150)
    expect(verifyBatch(opened(hosted), then, verify)).toMatchObject({ value: { items: [{ ok: true }] } })
    const later = verifyBatch(opened(hosted), { ...then, atMs: 200 }, verify)
    expect(later).toMatchObject({ value: { items: [{ ok: false }] } })
  })

  it('remembers as many as it may, and forgets the one that was used longest ago', () => {
    const roots = new VerifiedRoots(2)
    const [a, b, c] = [1, 2, 3].map((fill) => {
      return { ...batch, root: new Uint8Array(32).fill(fill), s: new Uint8Array(64).fill(fill) }
    }) as unknown as [Batch, Batch, Batch]
    roots.add(NET, alice.did, a)
    roots.add(NET, alice.did, b)
    roots.has(NET, alice.did, a)
    roots.add(NET, alice.did, c)
    expect([a, b, c].map((one) => roots.has(NET, alice.did, one))).toEqual([true, false, true])
    expect(roots.size).toBe(2)
  })
})
