import { hash } from 'node:crypto'
import { expect, it } from 'vitest'
import { seededBytes } from '../../../../src/adapters/etcd-raft/seeded-bytes.ts'

it('bytes are SHA-256 of seed and counter, block after block, however they are asked for', () => {
  const seed = new Uint8Array(32).fill(9)
  const blocks = [0, 1, 2].map((n) => {
    const counter = Buffer.alloc(8)
    counter.writeBigUInt64LE(BigInt(n))
    return hash('sha256', Buffer.concat([seed, counter]), 'buffer')
  })
  const fill = seededBytes(seed)
  const pieces = [1, 0, 40, 31, 24].map((size) => {
    const piece = new Uint8Array(size)
    fill(piece)
    return piece
  })
  expect(Buffer.concat(pieces)).toEqual(Buffer.concat(blocks))
})

it('the caller may change its seed afterwards; a seed of another length is refused', () => {
  const seed = new Uint8Array(32)
  const [one, two] = [seededBytes(seed), seededBytes(new Uint8Array(32))]
  seed.fill(1)
  const [a, b] = [new Uint8Array(50), new Uint8Array(50)]
  one(a)
  two(b)
  expect(a).toEqual(b)
  expect(() => seededBytes(new Uint8Array(31))).toThrow(RangeError)
})
