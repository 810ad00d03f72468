import { hash } from 'node:crypto'
import { ed25519 } from '@noble/curves/ed25519.js'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { nodeCrypto } from '../../../../src/adapters/crypto/node-crypto.ts'
import { openSecondOpinion } from '../../../../src/adapters/crypto/second-opinion.ts'
import { encodeDagCbor } from '../../../../src/codec/dag-cbor/encode.ts'
import { acceptedKeys } from '../../../../src/codec/did/accepted-keys.ts'
import { type Batch, encodeBatch, signBatch } from '../../../../src/codec/envelope/batch.ts'
import { VerifiedRoots } from '../../../../src/codec/envelope/verified-roots.ts'
import type { VerifyContext } from '../../../../src/codec/envelope/verify-root.ts'
import { signedBytes } from '../../../../src/codec/signed/statement.ts'
import { SECOND_OPINION_BUDGET } from '../../../../src/core/intake/second-opinion-budget.ts'
import type { Signature } from '../../../../src/model/ids.ts'
import { judgeBatch } from '../../../../src/services/intake/judge-batch.ts'
import { secondOpinionBudget } from '../../../../src/services/intake/second-opinion-budget.ts'
import { attestBodies, net, secret } from '../../../perf/sample-envelopes.ts'

const clock = { now: 0, monotonicMs: () => clock.now }
const opinions = openSecondOpinion({ spend: secondOpinionBudget(clock) })
afterAll(() => opinions.close())

let fast = 0
/** No `verify`: whoever asks for the rule itself on the main thread fails here. */
const crypto = {
  verifyFast: (...args: Parameters<typeof nodeCrypto.verifyFast>) => {
    fast++
    return nodeCrypto.verifyFast(...args)
  },
}
const deps = { crypto, secondOpinion: opinions }
const batch = signBatch(nodeCrypto, net, secret, attestBodies(3))

beforeEach(() => {
  fast = 0
  clock.now += 3_600_000 // all budgets are full again
})

function context(): VerifyContext {
  return {
    net,
    sha256: nodeCrypto.sha256,
    keys: acceptedKeys(nodeCrypto),
    verifiedRoots: new VerifiedRoots(),
    delegationsOf: () => [],
    atMs: 0,
  }
}

function forged(number: number): Uint8Array {
  const s = batch.s.slice()
  new DataView(s.buffer).setUint32(4, number + 1)
  return encodeBatch({ ...batch, s: s as Signature })
}

/** A signature by the right key that only a cofactored rule accepts: its R has a part of small order. */
function oddlySigned({ root, bodies }: Batch): Batch {
  const { Point, utils } = ed25519
  const { scalar, pointBytes } = utils.getExtendedPublicKey(secret)
  const torsion = Point.fromHex('c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a')
  const nonce = 123_456_789n
  const r = Point.BASE.multiply(nonce).add(torsion).toBytes()
  const message = signedBytes('envelope-batch-root', net, encodeDagCbor(root))
  const digest = hash('sha512', Buffer.concat([r, pointBytes, message]), 'buffer')
  const k = Point.Fn.create(BigInt(`0x${digest.toReversed().toHex()}`))
  const s = Point.Fn.toBytes(Point.Fn.create(nonce + k * scalar))
  return { root, bodies, s: Uint8Array.from([...r, ...s]) as Signature }
}

describe('a batch from a peer', () => {
  it('is taken after one native verification when it is genuine', async () => {
    const judged = await judgeBatch('peer', encodeBatch(batch), context(), deps)
    expect(judged.ok && judged.value.items.every((item) => item.ok)).toBe(true)
    expect(fast).toBe(1)
  })

  it('is taken on the second opinion when native verification refuses what ZIP215 accepts', async () => {
    const odd = oddlySigned(batch)
    const message = signedBytes('envelope-batch-root', net, encodeDagCbor(odd.root))
    const key = nodeCrypto.publicKeyOf(secret)
    expect(nodeCrypto.verifyFast(key, message, odd.s)).toBe(false)
    expect((await judgeBatch('peer', encodeBatch(odd), context(), deps)).ok).toBe(true)
  })

  it('is refused when it is forged, at the cost of one native verification and a check of the peer’s budget', async () => {
    const judged = await judgeBatch('peer', forged(0), context(), deps)
    expect(judged).toMatchObject({ ok: false, error: { code: 'BAD_SIGNATURE' } })
    expect(fast).toBe(1)
  })

  it('buys no more second opinions than its peer’s budget has: 1,000 forged ones leave the main thread alone', async () => {
    const all = Array.from({ length: 1_000 }, (_, number) =>
      judgeBatch('flooder', forged(number), context(), deps),
    )
    const codes = (await Promise.all(all)).map((judged) => (judged.ok ? 'taken' : judged.error.code))
    const judged = codes.filter((code) => code === 'BAD_SIGNATURE').length
    expect(judged).toBe(SECOND_OPINION_BUDGET.peerChecksMax)
    expect(codes.filter((code) => code === 'RATE_LIMITED').length).toBe(1_000 - judged)
    const honest = await judgeBatch('honest', encodeBatch(oddlySigned(batch)), context(), deps)
    expect(honest.ok).toBe(true)
  })

  it('costs no signature check at all when its bodies do not lead to its root, or it is not well formed', async () => {
    const bodies = batch.bodies.toReversed()
    const swapped = await judgeBatch('peer', encodeBatch({ ...batch, bodies }), context(), deps)
    expect(swapped).toMatchObject({ ok: false, error: { code: 'BAD_SIGNATURE', field: 'root' } })
    const cut = await judgeBatch('peer', encodeBatch(batch).subarray(0, -1), context(), deps)
    expect(cut).toMatchObject({ ok: false, error: { code: 'MALFORMED' } })
    expect(fast).toBe(0)
  })
})
