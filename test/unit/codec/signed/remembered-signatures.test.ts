import { describe, expect, it } from 'vitest'
import { nodeCrypto } from '../../../../src/adapters/crypto/node-crypto.ts'
import { remembering } from '../../../../src/codec/signed/remembered-signatures.ts'
import type { SecretKey } from '../../../../src/model/ids.ts'

const { sha256, sign, publicKeyOf, verify } = nodeCrypto
const secret = new Uint8Array(32).fill(7) as SecretKey
const key = publicKeyOf(secret)
const other = publicKeyOf(new Uint8Array(32).fill(8) as SecretKey)
const [first, second] = [new Uint8Array([1]), new Uint8Array([2])]
const signature = sign(secret, first)

function counted(entriesMax?: number) {
  let asked = 0
  const check = remembering(
    (...question) => {
      asked++
      return verify(...question)
    },
    sha256,
    entriesMax,
  )
  return { check, asked: () => asked }
}

describe('a check that remembers', () => {
  it('asks once for what is good', () => {
    const { check, asked } = counted()
    expect([check(key, first, signature), check(key, first, signature), asked()]).toEqual([true, true, 1])
  })

  it('knows nothing of another message, or another key, under the same signature', () => {
    const { check } = counted()
    check(key, first, signature)
    expect([check(key, second, signature), check(other, first, signature)]).toEqual([false, false])
    expect(check(key, first, signature)).toBe(true)
  })

  it('asks again each time for what is refused', () => {
    const { check, asked } = counted()
    expect([check(key, second, signature), check(key, second, signature), asked()]).toEqual([false, false, 2])
  })

  it('forgets what was not asked for longest', () => {
    const { check, asked } = counted(1)
    check(key, first, signature)
    check(key, second, sign(secret, second))
    check(key, first, signature)
    expect(asked()).toBe(3)
  })
})
