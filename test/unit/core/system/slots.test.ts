import { describe, expect, it } from 'vitest'
import { nodeCrypto } from '../../../../src/adapters/crypto/node-crypto.ts'
import { slotHead } from '../../../../src/core/records/history.ts'
import { MISSED_TURNS_MAX } from '../../../../src/core/system/chains.ts'
import { nextBeacon, SLOTS_KEPT, slotFacts } from '../../../../src/core/system/slots.ts'
import type { Actor } from '../../../../src/sim/heart/actor.ts'
import { CREDIT, chainOf, Hub, micro } from './hub-fixture.ts'

function rejected(code: string) {
  return { verdict: { kind: 'rejected', code }, writes: [], effects: [] }
}

function slot(hub: Hub, n: number, times: readonly number[], voters: readonly Actor[] = hub.voters) {
  const readings = voters
    .slice(0, times.length)
    .flatMap((voter, i) => hub.readings(n, times[i] as number, [voter]))
  return hub.command({ v: 1, kind: 'slot', n, readings })
}

describe('time of slots (consensus.md, "Time and chance: slots")', () => {
  it('is the lower median of the clocks of a majority', () => {
    const hub = new Hub({ voters: 4 })
    expect(slot(hub, 1, [400, 100, 300]).verdict.kind).toBe('applied')
    expect(slotFacts(hub.records, 1)).toMatchObject({ n: 1, time: 300, clock: 0 })
    slot(hub, 2, [1_000, 9_000, 2_000, 3_000])
    expect(slotFacts(hub.records, 2)?.time).toBe(2_000)
  })

  it('needs a majority of the voters, each once, for just that slot', () => {
    const hub = new Hub({ voters: 4 })
    expect(slot(hub, 1, [100, 100])).toMatchObject(rejected('NOT_IN_COMMITTEE'))
    const [first] = hub.readings(1, 100) as [never]
    expect(hub.command({ v: 1, kind: 'slot', n: 1, readings: [first, first, first] })).toMatchObject(
      rejected('DUPLICATE'),
    )
    const readings = hub.readings(2, 100)
    expect(hub.command({ v: 1, kind: 'slot', n: 1, readings })).toMatchObject(rejected('MALFORMED'))
    expect(slot(hub, 1, [100, 100, 100], hub.people)).toMatchObject(rejected('NOT_IN_COMMITTEE'))
    expect(slot(hub, 2, [100, 100, 100])).toMatchObject(rejected('CONFLICT'))
  })

  it("does not believe a reading that is not the voter's own", () => {
    const hub = new Hub()
    const readings = hub
      .readings(1, 100)
      .map((reading) => ({ ...reading, body: { ...reading.body, time: 101 } }))
    expect(hub.command({ v: 1, kind: 'slot', n: 1, readings })).toMatchObject(rejected('BAD_SIGNATURE'))
  })

  it('never goes back, at most one slot an interval, and clocks that go back do not stop it', () => {
    const hub = new Hub()
    slot(hub, 1, [1_000, 1_000, 1_000])
    expect(slot(hub, 2, [1_049, 1_049, 1_049])).toMatchObject(rejected('WINDOW_CLOSED'))
    expect(slot(hub, 2, [10, 10, 10]).verdict.kind).toBe('applied')
    expect(slotFacts(hub.records, 2)).toMatchObject({ time: 1_000, clock: 0 })
    slot(hub, 3, [1_050, 1_050, 1_050])
    expect(slotFacts(hub.records, 3)).toMatchObject({ time: 1_050, clock: 50 })
  })

  it('the clock of windows counts at most two intervals for a slot: an outage makes nobody late', () => {
    const hub = new Hub()
    slot(hub, 1, [1_000, 1_000, 1_000])
    slot(hub, 2, [9_000_000, 9_000_000, 9_000_000])
    expect(slotFacts(hub.records, 2)).toMatchObject({ time: 9_000_000, clock: 100 })
  })

  it('names its facts in the leaf, and the state keeps a bounded number of slots', () => {
    const hub = new Hub({ voters: 1 })
    const step = hub.nextSlot()
    const facts = slotFacts(hub.records, 1)
    expect(facts && step.subject).toEqual({
      name: 'slot/1',
      head: facts && slotHead(facts, nodeCrypto.sha256),
    })
    expect(SLOTS_KEPT).toBeGreaterThan(1_000)
    const key = String(SLOTS_KEPT).padStart(16, '0')
    const last = hub.records.get('slots', '1'.padStart(16, '0'))
    const network = hub.records.get('network', 'all')
    if (last === undefined || network === undefined) throw new Error('no slot')
    hub.records.apply([
      { table: 'slots', key, value: { ...last, n: SLOTS_KEPT } },
      { table: 'network', key: 'all', value: { ...network, slot: SLOTS_KEPT } },
    ])
    hub.slot = SLOTS_KEPT
    expect(hub.nextSlot({ withLink: false }).verdict.kind).toBe('applied')
    expect(slotFacts(hub.records, 1)).toBeUndefined()
    expect(slotFacts(hub.records, SLOTS_KEPT + 1)).toBeDefined()
  })
})

describe('chance of slots (consensus.md, "Time and chance: slots")', () => {
  it('follows from the last beacon and the link of the voter whose turn it is', () => {
    const hub = new Hub({ voters: 1 })
    const links = chainOf(1).slice(1)
    let beacon = hub.records.get('network', 'all')?.beacon as Uint8Array
    for (const link of links.slice(0, 3)) {
      hub.nextSlot()
      beacon = nextBeacon(beacon, link, nodeCrypto.sha256)
      expect(slotFacts(hub.records, hub.slot)?.beacon).toEqual(beacon)
    }
  })

  it('a slot without a link has no beacon; the next voter has its turn', () => {
    const hub = new Hub()
    hub.nextSlot({ withLink: false })
    expect(slotFacts(hub.records, 1)?.beacon).toBeUndefined()
    hub.nextSlot()
    expect(slotFacts(hub.records, 2)?.beacon).toBeDefined()
  })

  it('no other link is taken: not of another voter, not the same again, not one further on', () => {
    const hub = new Hub({ voters: 1 })
    const links = chainOf(1).slice(1)
    const make = (n: number, link: Uint8Array) =>
      hub.command({ v: 1, kind: 'slot', n, readings: hub.readings(n, n * 100), link })
    expect(make(1, links[1] as Uint8Array)).toMatchObject(rejected('CONFLICT'))
    expect(make(1, links[0] as Uint8Array).verdict.kind).toBe('applied')
    expect(make(2, links[0] as Uint8Array)).toMatchObject(rejected('CONFLICT'))
    expect(make(2, new Uint8Array(32))).toMatchObject(rejected('CONFLICT'))
  })

  it('who withholds again and again is slashed as for silence, and only then', () => {
    const seed = 1
    const staked = new Hub({ voters: 1 })
    const did = staked.voters[0]?.did as never
    const hub = new Hub({
      voters: 1,
      genesis: { verifiers: [{ did, stake: micro(100), capabilities: ['x'] }] },
    })
    expect(seed).toBe(1)
    const stake = () => hub.records.get('accounts', did)?.stake
    for (let i = 0; i < MISSED_TURNS_MAX - 1; i++) hub.nextSlot({ withLink: false })
    expect(stake()).toBe(100n * CREDIT)
    hub.nextSlot({ withLink: false })
    expect(stake()).toBe(99n * CREDIT)
    expect(hub.records.get('agents', did)?.isActive).toBe(false)
    const { kept, made } = hub.supplies()
    expect(kept).toEqual(made)
  })
})

describe('renewal of a chain (consensus.md, "Time and chance: slots")', () => {
  function renewed(hub: Hub, voter: Actor, seed: number, serial = 1) {
    const body = { v: 1 as const, serial, anchor: chainOf(seed)[0] as Uint8Array, length: 200 }
    return hub.command({ v: 1, kind: 'chain', statement: voter.state('chain-anchor', body) })
  }

  it('is in force after a whole round of the voters, so that nobody knew the beacon; the old one till then', () => {
    const hub = new Hub({ voters: 2 })
    hub.slots(1)
    const [voter] = hub.voters as [Actor]
    expect(renewed(hub, voter, 77).verdict.kind).toBe('applied')
    expect(renewed(hub, voter, 78)).toMatchObject(rejected('CONFLICT'))
    expect(hub.records.get('chains', voter.did)?.next).toMatchObject({ from: 4 })
    hub.slots(2)
    expect(hub.nextSlot().verdict).toMatchObject({ kind: 'rejected', code: 'CONFLICT' })
    hub.time += 50
    const link = chainOf(77)[1] as Uint8Array
    const readings = hub.readings(4, hub.time)
    expect(hub.command({ v: 1, kind: 'slot', n: 4, readings, link }).verdict.kind).toBe('applied')
    expect(renewed(hub, voter, 77)).toMatchObject(rejected('DUPLICATE'))
    expect(renewed(hub, voter, 79, 2).verdict.kind).toBe('applied')
  })

  it("is a voter's own to ask for", () => {
    const hub = new Hub()
    expect(renewed(hub, hub.person(0), 77)).toMatchObject(rejected('NOT_IN_COMMITTEE'))
    const [voter] = hub.voters as [Actor]
    const body = { v: 1 as const, serial: 1, anchor: new Uint8Array(32), length: 5 }
    const statement = { ...voter.state('chain-anchor', body), body: { ...body, length: 6 } }
    expect(hub.command({ v: 1, kind: 'chain', statement })).toMatchObject(rejected('BAD_SIGNATURE'))
  })
})
