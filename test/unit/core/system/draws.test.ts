import { describe, expect, it } from 'vitest'
import { nodeCrypto } from '../../../../src/adapters/crypto/node-crypto.ts'
import { didOfKey } from '../../../../src/codec/did/did-key.ts'
import { decodeToBucket, encodeEffect } from '../../../../src/codec/entry/effect.ts'
import { SEATS_MAX } from '../../../../src/codec/entry/fields.ts'
import type { Genesis } from '../../../../src/codec/genesis/genesis.ts'
import type { Payload } from '../../../../src/codec/payload/verbs.ts'
import { drawSeats } from '../../../../src/core/market/draw.ts'
import { rosterRoot } from '../../../../src/core/market/roster.ts'
import { bucketOf, roleSeed } from '../../../../src/core/market/seeds.ts'
import { toEffect } from '../../../../src/core/system/committee.ts'
import { slotFacts } from '../../../../src/core/system/slots.ts'
import type { Did, PublicKey } from '../../../../src/model/ids.ts'
import type { Micro } from '../../../../src/model/micro.ts'
import { defaultParameters } from '../../../../src/model/parse-parameters.ts'
import type { Spoken } from '../../../../src/sim/heart/actor.ts'
import { CREDIT, Hub, linkTo, micro, needPayload } from './hub-fixture.ts'

function posted(hub: Hub, change: Partial<Payload<'NEED'>> = {}): Spoken<'NEED'> {
  const need = hub.person(0).need(needPayload(change), 0)
  expect(hub.envelope(need).verdict).toMatchObject({ kind: 'applied' })
  return need
}

function opened(hub: Hub, change: Partial<Payload<'NEED'>> = {}) {
  const need = posted(hub, change)
  hub.slots(2)
  return { need, open: hub.lastSent('open') }
}

function ask(hub: Hub, bucket: number, need: Spoken<'NEED'>, change: object) {
  return hub.receive(bucket, {
    v: 1,
    kind: 'draw',
    need: need.cid,
    role: 'result',
    attempt: 1,
    wave: 0,
    count: 1,
    exclude: [],
    ...change,
  })
}

describe('skips beyond what an effect names', () => {
  it('are cut, the same everywhere, and seats and the rest of the order do not depend on it', () => {
    const dids = Array.from({ length: 1_500 }, (_, at) => {
      const key = Uint8Array.of(at & 255, at >> 8, ...new Uint8Array(30))
      return didOfKey(key as PublicKey)
    })
    const members = dids.map((did) => ({
      did,
      freeStake: 100n as Micro,
      reputationPpm: 500_000,
      recencyPpm: 1_000_000,
      tee: false,
      capabilities: [],
    }))
    const seed = new Uint8Array(32).fill(7)
    const rich = new Set(dids.slice(0, 3))
    const drawn = drawSeats({
      members,
      seed,
      from: { j: 0, taken: [] },
      count: 3,
      excluded: new Set(),
      taskClass: 'simple',
      hasStake: (did) => rich.has(did),
      parameters: defaultParameters('development'),
      sha256: nodeCrypto.sha256,
    })
    expect(drawn.skips.length).toBeGreaterThan(SEATS_MAX)
    expect(new Set(drawn.seats)).toEqual(rich)
    const role = { key: 'plan/0', slot: 1, seed, roster: '00'.repeat(32), j: 0, taken: [] }
    const told = toEffect(role, drawn)
    expect(told.skips).toEqual(drawn.skips.slice(0, SEATS_MAX))
    expect(told.seats).toEqual(drawn.seats)
    const effect = {
      v: 1,
      kind: 'seated',
      need: linkTo(1),
      role: 'plan',
      attempt: 0,
      wave: 1,
      answered: 1,
      ...told,
    } as const
    expect(decodeToBucket(encodeEffect(effect))).toEqual({ ok: true, value: effect })
  })
})

const COMPLEX = { task_class: 'complex', verify_bounty: micro(4) } as const

describe('opening a need (lifecycle.md, "Committees")', () => {
  it('waits for the second beacon after its escrow, whatever slots without one come between', () => {
    const hub = new Hub()
    hub.slots(1)
    posted(hub)
    hub.nextSlot({ withLink: false })
    hub.nextSlot()
    hub.nextSlot({ withLink: false })
    expect(hub.sent).toEqual([])
    hub.nextSlot()
    expect(hub.sent.length).toBe(1)
    expect(hub.sent[0]?.effect).toMatchObject({ kind: 'open', slot: 1 })
  })

  it('until then its requester can take it back, and has its credits again', () => {
    const hub = new Hub()
    hub.slots(1)
    const before = hub.balance(hub.person(0).did)
    const need = posted(hub)
    const cancel = (who: number) =>
      hub.envelope(hub.person(who).say('CANCEL', need.thread, { need_id: need.cid }, 0)).verdict
    expect(cancel(1)).toMatchObject({ code: 'NOT_IN_COMMITTEE' })
    expect(cancel(0).kind).toBe('applied')
    expect(hub.balance(hub.person(0).did)).toBe(before)
    expect(hub.records.keys('posted').map((key) => hub.records.get('posted', key))).toEqual([
      { need: need.id, outcome: 'cancelled', slot: 1 },
    ])
    expect(cancel(0)).toMatchObject({ code: 'UNKNOWN_THREAD' })
    hub.slots(4)
    expect(hub.sent).toEqual([])
    expect(hub.records.keys('waiting')).toEqual([])
    expect(hub.envelope(need).verdict).toMatchObject({ code: 'DUPLICATE' })
  })

  it('once a bucket runs it, that bucket decides', () => {
    const hub = new Hub()
    hub.slots(1)
    const { need } = opened(hub)
    const cancel = hub.person(0).say('CANCEL', need.thread, { need_id: need.cid }, 0)
    expect(hub.envelope(cancel).verdict).toMatchObject({ code: 'CONFLICT' })
  })

  it("bucket and seats follow from that beacon and the slot's roster, for anybody to make again", () => {
    const hub = new Hub({ verifiers: 8 })
    hub.slots(1)
    const need = posted(hub)
    hub.nextSlot()
    const rosters = () => hub.records.keys('rosters').map((key) => hub.records.get('rosters', key))
    hub.nextSlot()
    const open = hub.lastSent('open')
    const { sha256 } = hub.world
    const beacon = slotFacts(hub.records, 3)?.beacon as Uint8Array
    expect(open.beacon).toEqual(beacon)
    expect(open.at).toBe(bucketOf(need.cid, beacon, 256, sha256))
    const [frozen] = rosters()
    const seed = roleSeed(need.cid, beacon, 'plan', 0, sha256)
    const drawn = drawSeats({
      members: frozen?.members ?? [],
      seed,
      from: { j: 0, taken: [] },
      count: 1,
      excluded: new Set([hub.person(0).did]),
      taskClass: 'simple',
      hasStake: () => true,
      capability: 'text/summarize',
      parameters: open.parameters as never,
      sha256,
    })
    expect(open.plan).toMatchObject({ seed, seats: drawn.seats, roster: slotFacts(hub.records, 3)?.roster })
  })

  it('every seat has its lock before it is named; without free stake it is skipped, and that is recorded', () => {
    const hub = new Hub({ verifiers: 3, stake: micro(100) })
    hub.slots(1)
    const { open } = opened(hub, { budget: micro(40), verify_bounty: micro(2) })
    expect(open.lock).toBe(micro(84))
    const seats = [...open.plan.seats, ...(open.result?.seats ?? [])]
    expect(new Set(seats).size).toBe(2)
    for (const did of seats) expect(hub.records.get('accounts', did)?.seats).toBe(84n * CREDIT)
    const skipped = [...open.plan.skips, ...(open.result?.skips ?? [])]
    for (const { did, why } of skipped) expect([did, why]).toEqual([open.plan.seats[0], 'stake'])
  })

  it('with too few verifiers it waits, and opens when there are enough', () => {
    const hub = new Hub({ verifiers: 1, stake: micro(100) })
    hub.slots(1)
    posted(hub, { budget: micro(40), verify_bounty: micro(2) })
    hub.slots(5)
    expect(hub.sent).toEqual([])
    hub.envelope(
      hub.person(3).account('REGISTER', { stake: micro(200), capabilities: ['text/summarize'] }, 0),
    )
    hub.slots(1)
    expect(hub.lastSent('open').plan.seats.length).toBe(1)
    expect(hub.records.get('network', 'all')?.waiting).toBe(0)
  })

  it('at its deadline it opens with whoever there is, the deadline over, so that its bucket ends it', () => {
    const hub = new Hub({ verifiers: 0 })
    hub.slots(1)
    const start = hub.time
    posted(hub, { constraints: { deadline: 1_000 } })
    hub.slots(19)
    expect(hub.sent).toEqual([])
    hub.slots(1)
    const open = hub.lastSent('open')
    expect(open).toMatchObject({ deadline: start + 1_000, eligible: 0, plan: { seats: [], used_up: true } })
    expect(slotFacts(hub.records, hub.slot)?.time).toBeGreaterThanOrEqual(open.deadline)
  })

  it('who cannot judge it does not sit; where judges are named only they do; the requester never', () => {
    const hub = new Hub({ verifiers: 3 })
    hub.slots(1)
    const [a, b] = hub.verifiers
    const judges = [a?.did, b?.did] as never[]
    const { open } = opened(hub, { constraints: { judges } })
    expect(open.eligible).toBe(2)
    expect(judges).toEqual(expect.arrayContaining([...open.plan.seats, ...(open.result?.seats ?? [])]))
    const other = hub.person(0).need(needPayload({ idempotency_key: 'k2', capability: 'x' }), 0)
    hub.envelope(other)
    hub.slots(3)
    expect(hub.records.get('needs', other.id)?.bucket).toBe(-1)
    const own = hub.verifiers[0]?.did as Did
    hub.envelope(hub.person(0).account('TRANSFER', { to: own, amount: micro(50) }, 0))
    const need = hub.verifiers[0]?.need(needPayload({ idempotency_key: 'k3' }), 0)
    if (need === undefined) throw new Error('no verifier')
    hub.envelope(need)
    hub.slots(2)
    expect(hub.lastSent('open')).toMatchObject({ eligible: 2 })
  })

  it('who is not active is neither in the roster nor counted', () => {
    const hub = new Hub({ verifiers: 3 })
    hub.slots(1)
    const [gone] = hub.verifiers
    hub.envelope(gone?.account('UNSTAKE', { amount: micro(901) }, 0) as never)
    expect(opened(hub).open.eligible).toBe(2)
    const [key] = hub.records.keys('rosters')
    const members = hub.records.get('rosters', key as string)?.members ?? []
    expect(members.map(({ did }) => did)).not.toContain(gone?.did)
    expect(rosterRoot(members, hub.world.sha256).toHex()).toBe(key)
  })

  it('class simple has its result seats at once, other classes not', () => {
    const hub = new Hub()
    hub.slots(1)
    expect(opened(hub).open.result).toBeDefined()
    expect(opened(hub, { ...COMPLEX, idempotency_key: 'k2' }).open.result).toBeUndefined()
  })

  it('the key of a requester opens one need, whatever is asked for', () => {
    const hub = new Hub()
    hub.slots(1)
    const first = posted(hub)
    const again = hub.command({ v: 1, kind: 'envelope', slot: 1, envelope: first.field })
    expect(again.verdict).toMatchObject({ kind: 'rejected', code: 'DUPLICATE' })
    const other = hub.person(0).need(needPayload({ label: 'another' }), 1)
    expect(hub.envelope(other).verdict).toMatchObject({ kind: 'rejected', code: 'DUPLICATE' })
    expect(hub.balance(hub.person(0).did)).toBe(9_997n * CREDIT)
  })

  it.each<[string, Partial<Payload<'NEED'>>, string]>([
    ['a bounty over the cap of its class', { verify_bounty: micro(10.001) }, 'OVER_CAP'],
    ['a deadline beyond the longest', { constraints: { deadline: 8 * 86_400_000 } }, 'OVER_CAP'],
    ['more than the balance', { budget: micro(9_999) }, 'INSUFFICIENT_FUNDS'],
  ])('is refused: %s', (_, change, code) => {
    const hub = new Hub()
    hub.slots(1)
    const step = hub.envelope(hub.person(0).need(needPayload(change), 0))
    expect(step).toMatchObject({ verdict: { kind: 'rejected', code }, writes: [], effects: [] })
  })
})

describe('further seats (lifecycle.md, "Committees", "Entries of a need")', () => {
  it('the first seats of a role wait for the second beacon, further ones follow at once from the same order', () => {
    const hub = new Hub({ verifiers: 8 })
    hub.slots(1)
    const { need, open } = opened(hub, COMPLEX)
    ask(hub, open.at, need, { attempt: 0, count: 2 })
    hub.slots(1)
    expect(hub.sent.length).toBe(1)
    hub.slots(1)
    const first = hub.lastSent('seated')
    expect(first).toMatchObject({ role: 'result', attempt: 0, wave: 0, used_up: false, slot: hub.slot })
    hub.slots(5)
    ask(hub, open.at, need, { attempt: 0, count: 3, wave: 1 })
    const second = hub.lastSent('seated')
    expect(second).toMatchObject({ wave: 1, seed: first.seed, roster: first.roster, slot: first.slot })
    // Their time begins now, not when the roster was drawn from.
    expect(second.answered).toBe(hub.slot)
    expect(second.slot).toBe(hub.slot - 5)
    expect(new Set([...first.seats, ...second.seats]).size).toBe(5)
  })

  it('an order that is used up says so, and a later wave gets nobody', () => {
    const hub = new Hub({ verifiers: 3 })
    hub.slots(1)
    const { need, open } = opened(hub, COMPLEX)
    ask(hub, open.at, need, { count: 9 })
    hub.slots(2)
    expect(hub.lastSent('seated')).toMatchObject({ used_up: true, seats: { length: 3 } })
    ask(hub, open.at, need, { count: 1, wave: 1 })
    expect(hub.lastSent('seated')).toMatchObject({ used_up: true, seats: [], wave: 1 })
  })

  it('nobody who is excluded or has bid sits', () => {
    const hub = new Hub({ verifiers: 4 })
    hub.slots(1)
    const { need, open } = opened(hub, COMPLEX)
    const [a, b] = hub.verifiers
    const bidder = [a, b].find((one) => !open.plan.seats.includes(one?.did as never))?.did as never
    const excluded = hub.verifiers.map(({ did }) => did).find((did) => did !== bidder) as never
    const bids = [{ bidder, proposal: linkTo(1), bond: '0' as never }]
    hub.receive(open.at, { v: 1, kind: 'reserve', need: need.cid, bid_round: 0, bids })
    expect(hub.lastSent('reserved').refused).toEqual([])
    ask(hub, open.at, need, { count: 9, exclude: [excluded] })
    hub.slots(2)
    const { seats } = hub.lastSent('seated')
    expect(seats.length).toBe(2)
    expect(seats).not.toContain(bidder)
    expect(seats).not.toContain(excluded)
  })

  it('each role, attempt and challenge has a seed of its own', () => {
    const hub = new Hub({ verifiers: 4 })
    hub.slots(1)
    const { need, open } = opened(hub, COMPLEX)
    ask(hub, open.at, need, { attempt: 0 })
    ask(hub, open.at, need, { attempt: 1 })
    ask(hub, open.at, need, { role: 'challenge', attempt: 0, challenge: linkTo(1) })
    ask(hub, open.at, need, { role: 'challenge', attempt: 0, challenge: linkTo(2) })
    hub.slots(2)
    const seeds = hub.sent.flatMap(({ effect }) => (effect.kind === 'seated' ? [effect.seed.toHex()] : []))
    expect(new Set([...seeds, open.plan.seed.toHex()]).size).toBe(5)
  })

  it('who had to wait and whose need has ended is not seated', () => {
    const hub = new Hub()
    hub.slots(1)
    const { need, open } = opened(hub, COMPLEX)
    ask(hub, open.at, need, {})
    hub.receive(open.at, {
      v: 1,
      kind: 'end',
      need: need.cid,
      outcome: 'cancelled',
      price: '0' as never,
      answered: [],
      silent: [],
      confirmed: [],
      envelopes: new Uint8Array(32),
      head: new Uint8Array(32),
    })
    hub.slots(2)
    expect(hub.sent.map(({ effect }) => effect.kind)).toEqual(['open', 'paid'])
    expect(hub.records.keys('waiting')).toEqual([])
    expect(hub.records.keys('rosters')).toEqual([])
    for (const { did } of hub.verifiers)
      expect(hub.records.get('accounts', did)).toMatchObject({ seats: 0n, open: 0 })
  })

  it("another bucket than the need's changes nothing but its count", () => {
    const hub = new Hub()
    hub.slots(1)
    const { need, open } = opened(hub, COMPLEX)
    const step = ask(hub, (open.at + 1) % 256, need, {})
    expect(step).toMatchObject({ verdict: { kind: 'applied' }, effects: [] })
    expect(step.writes.map(({ table }) => table)).toEqual(['inbox', 'supply'])
  })
})

describe('related parties and caps in a draw (economy.md, "Pools, reputation, committees")', () => {
  const WHOLE = { relatedPartyRule: 1, orgCapPpm: 300_000, bootstrapVerifiers: 2, resultQuorumMin: 2 }
  function production(orgs: readonly (string | undefined)[]): Hub {
    const plain = new Hub({ verifiers: orgs.length })
    const verifiers: Genesis['verifiers'] = plain.verifiers.map(({ did }, i) => ({
      did,
      stake: micro(1_000),
      capabilities: ['text/summarize'],
      ...(orgs[i] === undefined ? {} : { org: orgs[i] }),
    }))
    return new Hub({ verifiers: orgs.length, genesis: { verifiers, parameters: WHOLE } })
  }

  it('class complex never relaxes a cap: the need waits', () => {
    const hub = production(['a', 'a', 'a', 'a', 'a', 'a', 'a', 'b'])
    hub.slots(1)
    const { need, open } = opened(hub, COMPLEX)
    expect(open.k_plan).toBe(2)
    expect(new Set(open.plan.seats.map((did) => hub.records.get('agents', did)?.org)).size).toBe(2)
    ask(hub, open.at, need, { count: 4 })
    hub.slots(2)
    const seated = hub.lastSent('seated')
    expect(seated).toMatchObject({ used_up: true, relaxed: [], seats: { length: 2 } })
    expect(seated.skips.some(({ why }) => why === 'cap-org')).toBe(true)
  })

  it('class simple relaxes them in their order, and says so', () => {
    const hub = production(['a', 'a', 'a', 'a'])
    hub.slots(1)
    expect(opened(hub).open.result).toMatchObject({ relaxed: ['region', 'asn', 'org'] })
  })

  it("who is of the bidder's organisation does not judge it, and a bidder of a seat's organisation is refused", () => {
    const hub = production(['a', 'b', 'c', 'd', 'e', 'f'])
    hub.slots(1)
    const { need, open } = opened(hub, COMPLEX)
    const free = hub.verifiers.filter(({ did }) => !open.plan.seats.includes(did))
    const [bidder] = free as [(typeof hub.people)[0] & object]
    const bids = [{ bidder: bidder.did, proposal: linkTo(1), bond: '0' as never }]
    hub.receive(open.at, { v: 1, kind: 'reserve', need: need.cid, bid_round: 0, bids })
    expect(hub.lastSent('reserved').refused).toEqual([])
    const seat = open.plan.seats[0] as never
    const bids2 = [{ bidder: seat, proposal: linkTo(1), bond: '0' as never }]
    hub.receive(open.at, { v: 1, kind: 'reserve', need: need.cid, bid_round: 1, bids: bids2 })
    expect(hub.lastSent('reserved').refused).toEqual([seat])
  })
})
