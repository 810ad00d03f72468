import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { nodeCrypto } from '../../../../src/adapters/crypto/node-crypto.ts'
import { SignatureBatch, signaturesOf } from '../../../../src/adapters/crypto/signature-batch.ts'
import { VerifyPool } from '../../../../src/adapters/crypto/verify-pool.ts'
import type { SecretKey } from '../../../../src/model/ids.ts'

const sized = (bytes: number) => fc.uint8Array({ minLength: bytes, maxLength: bytes })
const secret = new Uint8Array(32).fill(9) as SecretKey
const key = nodeCrypto.publicKeyOf(secret)

describe('a batch of signatures to judge', () => {
  it('holds copies of what was put in, in order, and begins anew once it was taken', () => {
    const check = fc.tuple(sized(32), fc.uint8Array({ maxLength: 20_000 }), sized(64))
    const batch = new SignatureBatch()
    fc.assert(
      fc.property(fc.array(check, { maxLength: 8 }), (checks) => {
        for (const [signer, message, signature] of checks) batch.add(signer, message, signature)
        expect(batch.count).toBe(checks.length)
        const bytes = batch.take()
        expect(batch.count).toBe(0)
        expect([...signaturesOf(bytes)]).toEqual(checks)
      }),
    )
  })
})

describe('the pool of threads that judge signatures', () => {
  it('accepts many good ones, and not if one of them is bad', async () => {
    for (const bad of [undefined, 0, 150, 199]) {
      const pool = new VerifyPool(2)
      for (let at = 0; at < 200; at++) {
        const message = new Uint8Array(100 + at).fill(at)
        const signature = nodeCrypto.sign(secret, message)
        if (at === bad) message[0] = (message[0] as number) ^ 1
        pool.offer(key, message, signature)
        // what was offered is a copy
        message.fill(0)
        await pool.room()
      }
      expect(await pool.end()).toBe(bad === undefined)
      await pool.close()
    }
  })

  it('says when it has enough to do, and that it has no more once all is judged', async () => {
    const pool = new VerifyPool(1)
    const message = new Uint8Array(8)
    const signature = nodeCrypto.sign(secret, message)
    for (let at = 0; at < 5 * 64; at++) pool.offer(key, message, signature)
    expect(pool.isBusy).toBe(false)
    for (let at = 0; at < 64; at++) pool.offer(key, message, signature)
    expect(pool.isBusy).toBe(true)
    expect(await pool.end()).toBe(true)
    expect(pool.isBusy).toBe(false)
    await pool.close()
  })

  it('accepts nothing that is no key or no signature', async () => {
    for (const [signer, signature] of [
      [key.subarray(1), new Uint8Array(64)],
      [key, new Uint8Array(63)],
    ] as const) {
      const pool = new VerifyPool(1)
      pool.offer(signer, new Uint8Array(3), signature)
      expect(await pool.end()).toBe(false)
      await pool.close()
    }
  })
})
