import { describe, expect, it } from 'vitest'
import { type CID, cidOf } from '../../../../src/codec/cid.ts'
import { bucketOf, roleSeed, type SeatRole } from '../../../../src/core/market/seeds.ts'
import { sha256 } from './arbitrary-roster.ts'

const cid = (number: number): CID => cidOf(Uint8Array.of(number), sha256)
const beacon = (number: number): Uint8Array => new Uint8Array(32).fill(number)

describe('the bucket of a need', () => {
  it('spreads needs over all 256, by the beacon that nobody knew', () => {
    const byNeed = new Set(
      Array.from({ length: 4_000 }, (_, at) =>
        bucketOf(cid(1), sha256(Uint8Array.of(at % 256, at >> 8)), 256, sha256),
      ),
    )
    expect(byNeed.size).toBe(256)
    expect(bucketOf(cid(1), beacon(1), 256, sha256)).toBe(bucketOf(cid(1), beacon(1), 256, sha256))
  })

  it('is one of those that the network has', () => {
    const few = Array.from({ length: 400 }, (_, at) =>
      bucketOf(cid(1), sha256(Uint8Array.of(at % 256, at >> 8)), 16, sha256),
    )
    expect(new Set(few).size).toBe(16)
    expect(Math.max(...few)).toBe(15)
  })

  it('depends on the need and on the beacon', () => {
    const of = (need: number) =>
      Array.from({ length: 8 }, (_, at) => bucketOf(cid(need), beacon(at), 256, sha256)).join()
    expect(of(1)).not.toBe(of(2))
    expect(new Set(of(1).split(',')).size).toBeGreaterThan(4)
  })
})

describe('the seed of a role', () => {
  it('differs by need, beacon, role, attempt and challenge', () => {
    const seeds = [
      ...(['plan', 'result', 'challenge'] satisfies SeatRole[]).map((role) =>
        roleSeed(cid(1), beacon(1), role, 0, sha256),
      ),
      roleSeed(cid(1), beacon(1), 'result', 1, sha256),
      roleSeed(cid(2), beacon(1), 'result', 0, sha256),
      roleSeed(cid(1), beacon(2), 'result', 0, sha256),
      roleSeed(cid(1), beacon(1), 'challenge', cid(3), sha256),
      roleSeed(cid(1), beacon(1), 'challenge', cid(4), sha256),
    ]
    expect(new Set(seeds.map((one) => one.join())).size).toBe(seeds.length)
  })
})
