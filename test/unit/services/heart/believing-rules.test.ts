import { describe, expect, it } from 'vitest'
import { nodeCrypto } from '../../../../src/adapters/crypto/node-crypto.ts'
import { acceptedKeys } from '../../../../src/codec/did/accepted-keys.ts'
import type { SingleEnvelope } from '../../../../src/codec/envelope/verify-single.ts'
import { signatureCheck } from '../../../../src/codec/signed/statement.ts'
import type { World } from '../../../../src/core/records/world.ts'
import type { Did, Signature, ThreadId } from '../../../../src/model/ids.ts'
import { reject } from '../../../../src/model/rejection.ts'
import { ok } from '../../../../src/model/result.ts'
import { BelievingRules } from '../../../../src/services/heart/believing-rules.ts'
import { NET } from '../../../setup/arbitrary-envelope.ts'
import { addsTask, openWorld, person } from '../../../setup/said.ts'

const SIGNER = person('signer')
const { field, envelope } = addsTask(SIGNER, 'a'.repeat(32) as ThreadId, 2)
const root = new Uint8Array(32).fill(3)
const signed = signatureCheck(
  'envelope-batch-root',
  NET,
  keyOf(SIGNER.did),
  root,
  nodeCrypto.sign(SIGNER.secret, new Uint8Array(1)),
)
const good = nodeCrypto.sign(SIGNER.secret, signed.message)
const bad = good.map((byte, at) => (at === 5 ? byte ^ 1 : byte)) as Signature

function keyOf(did: Did) {
  const identity = acceptedKeys(nodeCrypto).ofDid(did)
  if (!identity.ok) throw new Error(identity.error.message)
  return identity.value.key
}

/** A capsule that allows in even slots alone. */
const rules: World = {
  ...openWorld,
  judge: (_capsule, _envelope, slot) =>
    slot % 2 === 0 ? ok(undefined) : reject('POLICY_DENIED', 'an odd slot'),
}

describe('rules that believe', () => {
  it('accept every signature, and say afterwards whether all of them were good', () => {
    const believing = new BelievingRules(rules)
    const { verify } = believing.world
    expect(verify(signed.key, signed.message, good)).toBe(true)
    expect(believing.isTrue(true)).toBe(true)
    expect(verify(signed.key, signed.message, bad)).toBe(true)
    expect(believing.isTrue(true)).toBe(false)
  })

  it('ask for no signature of those who have yet to speak, but for the policy', () => {
    const believing = new BelievingRules(rules)
    believing.world.verify(signed.key, signed.message, bad)
    believing.world.judge('', envelope, 4)
    expect(believing.isTrue(false)).toBe(true)
    believing.world.judge('', envelope, 5)
    expect(believing.isTrue(false)).toBe(false)
  })

  it('take the policy to allow, and say afterwards whether it does', () => {
    const believing = new BelievingRules(rules)
    expect(believing.world.judge('', envelope, 5).ok).toBe(true)
    expect(believing.isTrue(true)).toBe(false)
  })

  it('believed nothing when another look begins', () => {
    const believing = new BelievingRules(rules)
    believing.world.verify(signed.key, signed.message, bad)
    believing.world.judge('', envelope, 5)
    believing.begin()
    expect(believing.isTrue(true)).toBe(true)
  })

  it('open an envelope once, and refuse what is none each time', () => {
    let opened = 0
    const openEnvelope: World['openEnvelope'] = (one, atMs) => {
      opened += 1
      return rules.openEnvelope(one, atMs)
    }
    const { world } = new BelievingRules({ ...rules, openEnvelope })
    for (const _ of [1, 2]) expect(world.openEnvelope(field, 0)).toEqual({ ok: true, value: envelope })
    expect(opened).toBe(1)
    for (const _ of [1, 2]) expect(world.openEnvelope({ body: root }, 0).ok).toBe(false)
    expect(opened).toBe(3)
  })

  it('say whether one who signed for another may do so at that time, although it was opened at an earlier one', () => {
    const delegated = { ...envelope, sig: { ...envelope.sig, by: SIGNER.did } } as SingleEnvelope
    const openEnvelope: World['openEnvelope'] = (_, atMs) =>
      atMs < 10 ? ok(delegated) : reject('BAD_SIGNATURE', 'no delegation covers the signer now')
    const believing = new BelievingRules({ ...rules, openEnvelope })
    believing.world.openEnvelope(field, 9)
    expect(believing.isTrue(true)).toBe(true)
    believing.begin()
    believing.world.openEnvelope(field, 10)
    expect(believing.isTrue(true)).toBe(false)
  })
})
