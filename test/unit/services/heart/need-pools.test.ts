import { describe, expect, it } from 'vitest'
import { nodeCrypto } from '../../../../src/adapters/crypto/node-crypto.ts'
import { cidOf, envelopeIdOf } from '../../../../src/codec/cid.ts'
import type { SingleEnvelope } from '../../../../src/codec/envelope/verify-single.ts'
import type { Pooled } from '../../../../src/core/proposer/pool.ts'
import { STANDING } from '../../../../src/core/proposer/standing.ts'
import { NeedPools } from '../../../../src/services/heart/need-pools.ts'

const KIB = 1_024
const FIELD = { body: new Uint8Array(0) } as unknown as Pooled['field']

function word(id: string, bytes = 32): SingleEnvelope {
  const sig = { root: new Uint8Array(32), path: [], s: new Uint8Array(64) }
  return {
    id,
    bytes: new Uint8Array(bytes),
    body: { kind: 'PROPOSE', sender: id },
    sig,
  } as unknown as SingleEnvelope
}

const idsOf = (pools: NeedPools, need: string) => pools.of(need).all.map(({ envelope }) => envelope.id)

describe('pools of needs', () => {
  it('keep what is said before a need is open, at most 64 words of each', () => {
    const pools = new NeedPools()
    const added = Array.from({ length: 70 }, (_, n) => pools.add('need', 'unknown', word(`${n}`), FIELD, 1))
    expect(added.filter(Boolean)).toHaveLength(64)
    expect(idsOf(pools, 'need')).toHaveLength(64)
    pools.opened('need')
    expect(pools.add('need', 'open', word('more'), FIELD, 2)).toBe(true)
  })

  it('keep at most 16 MiB of needs that nobody opened: the oldest go', () => {
    const pools = new NeedPools()
    const large = 64 * KIB
    for (let n = 0; n < 300; n++) pools.add(`need ${n}`, 'unknown', word(`${n}`, large), FIELD, 1)
    const kept = Array.from({ length: 300 }, (_, n) => idsOf(pools, `need ${n}`).length)
    expect(kept.reduce((sum, one) => sum + one, 0)).toBe((16 * KIB * KIB) / large)
    expect([kept[0], kept[299]]).toEqual([0, 1])
  })

  it('give strangers no place in a statement, and parties one although strangers came first', () => {
    const cid = (n: number) => envelopeIdOf(cidOf(new Uint8Array([n & 255, n >> 8]), nodeCrypto.sha256))
    const party = cid(9_999)
    const of = (sender: string) => (sender === party ? STANDING.party : STANDING.stranger)
    const pools = new NeedPools((need) => (need === 'need' ? { of, least: STANDING.party } : undefined))
    const heard = Array.from({ length: 1_100 }, (_, n) => pools.add('need', 'open', word(cid(n)), FIELD, 1))
    expect(heard.filter(Boolean)).toHaveLength(1_024)
    expect(pools.sightings('need')).toEqual([])
    expect(pools.add('need', 'open', word(party), FIELD, 2)).toBe(true)
    expect(pools.sightings('need').map(([id, slot]) => [envelopeIdOf(id), slot])).toEqual([[party, 2]])
    expect(idsOf(pools, 'need')).toHaveLength(1_024)
  })

  it('keep nothing of a need that is over, whoever speaks of it', () => {
    const pools = new NeedPools()
    expect(pools.add('need', 'over', word('late'), FIELD, 9)).toBe(false)
    expect(idsOf(pools, 'need')).toEqual([])
  })
})
