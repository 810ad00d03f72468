import { describe, expect, it } from 'vitest'
import { nodeCrypto } from '../../../src/adapters/crypto/node-crypto.ts'
import type { SecretKey } from '../../../src/model/ids.ts'
import { JudgedSignatures } from '../../../src/replay/judged-signatures.ts'

const [secret, otherSecret] = [1, 2].map((byte) => new Uint8Array(32).fill(byte) as SecretKey) as [
  SecretKey,
  SecretKey,
]
const key = nodeCrypto.publicKeyOf(secret)
const message = new Uint8Array(100).fill(3)
const signature = nodeCrypto.sign(secret, message)

function judgedOnce() {
  let asked = 0
  const judged = new JudgedSignatures((...question) => {
    asked += 1
    return nodeCrypto.verify(...question)
  })
  expect(judged.accepts(key, message, signature)).toBe(true)
  return { judged, asked: () => asked }
}

describe('signatures that were judged before', () => {
  it('are accepted again without being judged again', () => {
    const { judged, asked } = judgedOnce()
    expect(judged.accepts(key, message.slice(), signature.slice())).toBe(true)
    expect(asked()).toBe(1)
  })

  it('lend nothing to another key, message or signature', () => {
    const { judged, asked } = judgedOnce()
    const changed = (bytes: Uint8Array) => bytes.with(0, (bytes[0] as number) ^ 1)
    expect(judged.accepts(nodeCrypto.publicKeyOf(otherSecret), message, signature)).toBe(false)
    expect(judged.accepts(key, changed(message), signature)).toBe(false)
    expect(judged.accepts(key, message.subarray(1), signature)).toBe(false)
    expect(judged.accepts(key, message, changed(signature))).toBe(false)
    expect(asked()).toBe(5)
  })

  it('are judged each time while they are bad', () => {
    const { judged, asked } = judgedOnce()
    const bad = signature.with(63, 0)
    expect([judged.accepts(key, message, bad), judged.accepts(key, message, bad)]).toEqual([false, false])
    expect(asked()).toBe(3)
  })
})
