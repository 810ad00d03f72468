import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodeDagCbor } from '../../../../src/codec/dag-cbor/encode.ts'
import { leafHash, nodeHash } from '../../../../src/codec/merkle/hash.ts'
import { rosterMemberToIpld, rosterRoot, sortRoster } from '../../../../src/core/market/roster.ts'
import { arbitraryRoster, memberOf, micro, sha256 } from './arbitrary-roster.ts'

describe('the root of a roster', () => {
  it('is the same in whatever order the members are given', () => {
    fc.assert(
      fc.property(arbitraryRoster(12), (members) => {
        expect(rosterRoot(members.toReversed(), sha256)).toEqual(rosterRoot(members, sha256))
      }),
    )
  })

  it('is RFC 6962 over dag-cbor leaves, smaller DID first', () => {
    const leaf = (number: number): Uint8Array =>
      leafHash(encodeDagCbor(rosterMemberToIpld(memberOf(number))), sha256)
    expect(rosterRoot([memberOf(2), memberOf(1)], sha256)).toEqual(nodeHash(leaf(1), leaf(2), sha256))
    expect(rosterRoot([], sha256)).toEqual(sha256(new Uint8Array()))
  })

  it('tells every input of a weight and of a cap apart', () => {
    const plain = memberOf(1)
    const others = [
      { ...plain, freeStake: micro(1) },
      { ...plain, org: 'a' },
      { ...plain, asn: 1 },
      { ...plain, region: 'a' },
      { ...plain, reputationPpm: 1 },
      { ...plain, recencyPpm: 1 },
      { ...plain, tee: true },
      { ...plain, capabilities: [] },
    ]
    const roots = [plain, ...others].map((member) => rosterRoot([member], sha256).join())
    expect(new Set(roots).size).toBe(roots.length)
  })

  it('does not depend on the order in which capabilities were registered', () => {
    const root = (capabilities: readonly string[]) => rosterRoot([memberOf(1, { capabilities })], sha256)
    expect(root(['b', 'a'])).toEqual(root(['a', 'b']))
  })

  it('is not made of a roster in which somebody stands twice', () => {
    expect(() => sortRoster([memberOf(2), memberOf(1), memberOf(2)])).toThrow('once')
  })
})
