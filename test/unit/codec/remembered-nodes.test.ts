import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { nodeCrypto } from '../../../src/adapters/crypto/node-crypto.ts'
import { nodeHash } from '../../../src/codec/merkle/hash.ts'
import { rememberingNodes } from '../../../src/codec/merkle/remembered-nodes.ts'

const { sha256 } = nodeCrypto

/** Few first bytes, so that nodes meet in one slot. */
const hash = fc.tuple(fc.nat({ max: 1 }), fc.nat({ max: 3 })).map(([first, last]) => {
  const bytes = new Uint8Array(32)
  bytes[1] = first
  bytes[31] = last
  return bytes
})

describe('hashes of inner nodes that are remembered', () => {
  it('are those of the very bytes, whatever else came to their place', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(hash, hash), { maxLength: 40 }), (pairs) => {
        const remembering = rememberingNodes(sha256)
        for (const [left, right] of pairs) {
          expect(nodeHash(left, right, remembering)).toEqual(nodeHash(left, right, sha256))
        }
      }),
    )
  })

  it('are not computed again, and are arrays of their own', () => {
    let computed = 0
    const remembering = rememberingNodes((bytes) => {
      computed += 1
      return sha256(bytes)
    })
    const [left, right] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)]
    const first = nodeHash(left, right, remembering)
    const expected = first.slice()
    first.fill(0)
    nodeHash(left, right, remembering).fill(9)
    expect(nodeHash(left, right, remembering)).toEqual(expected)
    expect(computed).toBe(1)
  })

  it('other input is hashed as ever', () => {
    const remembering = rememberingNodes(sha256)
    for (const bytes of [new Uint8Array(0), new Uint8Array(65), new Uint8Array(64).fill(1)]) {
      expect(remembering(bytes)).toEqual(sha256(bytes))
    }
  })
})
