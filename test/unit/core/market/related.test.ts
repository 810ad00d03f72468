import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { areRelated, linkKey, type Party, relatedTo } from '../../../../src/core/market/related.ts'
import { didOf } from './arbitrary-roster.ts'

const on = { relatedPartyRule: 1 }
const none: ReadonlySet<string> = new Set()

describe('related parties', () => {
  it('share an attested organisation, an attested autonomous system, or a link that both signed', () => {
    const one: Party = { did: didOf(1), org: 'a', asn: 1 }
    expect(areRelated(one, { did: didOf(2), org: 'a' }, none, on)).toBe(true)
    expect(areRelated(one, { did: didOf(2), asn: 1 }, none, on)).toBe(true)
    expect(areRelated(one, { did: didOf(2), org: 'b', asn: 2 }, none, on)).toBe(false)
    expect(areRelated(one, { did: didOf(2) }, new Set([linkKey(didOf(2), didOf(1))]), on)).toBe(true)
    expect(areRelated(one, one, none, on)).toBe(true)
  })

  it('are not those of whom nothing is attested', () => {
    expect(areRelated({ did: didOf(1) }, { did: didOf(2) }, none, on)).toBe(false)
  })

  it('are so in both directions', () => {
    const party = fc.record(
      { did: fc.nat(5).map(didOf), org: fc.constantFrom('a', 'b'), asn: fc.constantFrom(1, 2) },
      { requiredKeys: ['did'] },
    )
    fc.assert(
      fc.property(party, party, fc.array(fc.tuple(fc.nat(5), fc.nat(5))), (a, b, pairs) => {
        const links = new Set(pairs.map(([x, y]) => linkKey(didOf(x), didOf(y))))
        expect(areRelated(a, b, links, on)).toBe(areRelated(b, a, links, on))
      }),
    )
  })

  it('are not made by a third party: a link to a link is none', () => {
    const links = new Set([linkKey(didOf(1), didOf(2)), linkKey(didOf(2), didOf(3))])
    expect(areRelated({ did: didOf(1) }, { did: didOf(3) }, links, on)).toBe(false)
    const among = [1, 2, 3].map((number) => ({ did: didOf(number) }))
    expect([...relatedTo([{ did: didOf(1) }], among, links, on)]).toEqual([didOf(1), didOf(2)])
  })

  it('are nobody where the network turns the rule off', () => {
    const one: Party = { did: didOf(1), org: 'a' }
    expect(areRelated(one, one, none, { relatedPartyRule: 0 })).toBe(false)
    expect(relatedTo([one], [one], none, { relatedPartyRule: 0 }).size).toBe(0)
  })
})
