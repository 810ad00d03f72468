import { describe, expect, it } from 'vitest'
import type { ToHub, ToHubOf } from '../../../../src/codec/entry/effect.ts'
import type { Payload } from '../../../../src/codec/payload/verbs.ts'
import type { Did } from '../../../../src/model/ids.ts'
import type { Actor, Spoken } from '../../../../src/sim/heart/actor.ts'
import { CREDIT, Hub, type Item, linkTo, micro, needPayload } from './hub-fixture.ts'

const ZERO = '0' as never

/** A need that is open in its bucket, and what its bucket says about it. */
class Case {
  readonly hub: Hub
  readonly need: Spoken<'NEED'>
  readonly bucket: number
  readonly plan: readonly Did[]
  readonly result: readonly Did[]

  constructor(change: Partial<Payload<'NEED'>> = {}, hub = new Hub({ verifiers: 6 })) {
    this.hub = hub
    if (hub.slot === 0) hub.slots(1)
    this.need = hub.person(0).need(needPayload(change), 0)
    expect(hub.envelope(this.need).verdict.kind).toBe('applied')
    hub.slots(2)
    const open = hub.lastSent('open')
    this.bucket = open.at
    this.plan = open.plan.seats
    this.result = open.result?.seats ?? []
  }

  tell<Kind extends ToHub['kind']>(kind: Kind, change: Omit<ToHubOf<Kind>, 'v' | 'kind' | 'need'>) {
    const effect = { v: 1, kind, need: this.need.cid, ...change } as unknown as ToHub
    const step = this.hub.receive(this.bucket, effect)
    expect(step.verdict.kind).toBe('applied')
    const { kept, made } = this.hub.supplies()
    expect(kept).toEqual(made)
    return step
  }

  bond(worker: Actor, bond = micro(10)): void {
    const bids = [{ bidder: worker.did, proposal: linkTo(1), bond }]
    this.tell('reserve', { bid_round: 0, bids })
    expect(this.hub.lastSent('reserved').refused).toEqual([])
  }

  slash(change: Partial<ToHubOf<'slash'>> & Pick<ToHubOf<'slash'>, 'account' | 'reason'>) {
    return this.tell('slash', {
      role: 'result',
      attempt: 0,
      ppm: 0,
      times: 1,
      whole_lock: false,
      evidence: linkTo(9),
      ...change,
    })
  }

  end(change: Partial<ToHubOf<'end'>> = {}) {
    return this.tell('end', {
      outcome: 'expired',
      price: ZERO,
      answered: [],
      silent: [],
      confirmed: [],
      envelopes: new Uint8Array(32),
      head: new Uint8Array(32),
      ...change,
    })
  }

  /** A challenge of `challenger` with its bond locked, and seats. */
  challenge(challenger: Actor, bond = micro(100)) {
    const payload = { need_id: this.need.cid, attempt: 0, bond, hash: new Uint8Array(32) }
    const commit = challenger.say('CHALLENGE_COMMIT', this.need.thread, payload, 0)
    this.tell('bond', { challenge: commit.cid, envelope: commit.field })
    return commit
  }

  seatChallenge(commit: Spoken, count = 1): readonly Did[] {
    const { cid: challenge } = commit
    this.tell('draw', { role: 'challenge', attempt: 0, challenge, wave: 0, count, exclude: [...this.result] })
    this.hub.slots(2)
    return this.hub.lastSent('seated').seats
  }

  account(did: string) {
    const account = this.hub.records.get('accounts', did)
    if (account === undefined) throw new Error(did)
    return account
  }

  burned(): bigint {
    return this.hub.records.get('supply', 'all')?.burned ?? 0n
  }
}

describe('bonds of workers (lifecycle.md, `reserved`; economy.md, "Auction, leases, routing")', () => {
  it('are locked once a bidder; a later round adds what is missing', () => {
    const one = new Case()
    const worker = one.hub.person(1)
    one.bond(worker)
    one.bond(worker, micro(12))
    expect(one.account(worker.did)).toMatchObject({ bonds: 12n * CREDIT, balance: 9_988n * CREDIT, open: 1 })
  })

  it('refused are the requester, who sits in the need, who has too little, and who is banned', () => {
    const one = new Case()
    const poor = one.hub.verifiers.find(({ did }) => ![...one.plan, ...one.result].includes(did)) as Actor
    const dids = [one.hub.person(0).did, one.plan[0], poor.did, one.hub.person(1).did] as Did[]
    const bids = dids.map((bidder) => ({ bidder, proposal: linkTo(1), bond: micro(10) }))
    one.tell('reserve', { bid_round: 0, bids })
    expect(one.hub.lastSent('reserved')).toMatchObject({ refused: dids.slice(0, 3), slot: one.hub.slot })
  })

  it('who does not reveal loses a part, and after the second within a day may not bid for an hour', () => {
    const hub = new Hub({ verifiers: 6 })
    hub.slots(1)
    const worker = hub.person(1)
    hub.envelope(worker.account('MANIFEST', { version: 1, label: 'w', capabilities: [] }, 0))
    for (const key of ['a', 'b']) {
      const one = new Case({ idempotency_key: key }, hub)
      one.bond(worker)
      one.slash({ account: worker.did, role: 'worker', reason: 'unrevealed-plan', ppm: 100_000 })
      expect(one.account(worker.did).bonds % (10n * CREDIT)).not.toBe(0n)
      one.end()
    }
    const one = new Case({ idempotency_key: 'c' }, hub)
    const bids = [{ bidder: worker.did, proposal: linkTo(1), bond: ZERO }]
    one.tell('reserve', { bid_round: 0, bids })
    expect(hub.lastSent('reserved').refused).toEqual([worker.did])
    expect(hub.records.get('agents', worker.did)?.bannedUntil).toBe(hub.time - 100 + 3_600_000)
  })

  it('who lets its claim window go by gets its bond back, and the same note', () => {
    const one = new Case()
    const worker = one.hub.person(1)
    one.hub.envelope(worker.account('MANIFEST', { version: 1, label: 'w', capabilities: [] }, 0))
    one.bond(worker)
    one.tell('unlock', { account: worker.did, role: 'worker', attempt: 0, unclaimed: true })
    expect(one.account(worker.did)).toMatchObject({ bonds: 0n, balance: 10_000n * CREDIT })
    expect(one.hub.records.get('agents', worker.did)?.failedBids.length).toBe(1)
  })

  it('missed beats take their part each, once for an attempt, and the rest goes back', () => {
    const one = new Case()
    const worker = one.hub.person(1)
    one.bond(worker)
    const missed = {
      account: worker.did,
      role: 'worker',
      reason: 'missed-beat',
      ppm: 10_000,
      times: 3,
    } as const
    one.slash(missed)
    one.slash(missed)
    expect(one.account(worker.did).bonds).toBe((10n * CREDIT * 97n) / 100n)
    one.slash({ ...missed, attempt: 1 })
    one.tell('unlock', { account: worker.did, role: 'worker', attempt: 1 })
    one.tell('unlock', { account: worker.did, role: 'worker', attempt: 1 })
    expect(one.account(worker.did)).toMatchObject({ bonds: 0n, balance: 9_999_400_000n })
  })
})

describe('slashes of seats (economy.md, "Stake and slashing")', () => {
  it('a wrong verdict costs the whole lock and half of the stake; half to the challenger in bootstrap mode', () => {
    const one = new Case()
    const [account] = one.result as [Did]
    const before = one.account(account)
    const challenger = one.hub.person(2).did
    one.slash({ account, reason: 'wrong-verdict', ppm: 500_000, whole_lock: true, challenger })
    const lock = 6n * CREDIT
    const lost = lock + before.stake / 2n
    expect(one.account(account).stake).toBe(before.stake - lost)
    expect(one.hub.balance(challenger)).toBe(10_000n * CREDIT + lost / 2n)
    expect(one.burned()).toBe(lost - lost / 2n)
    expect(one.hub.records.get('agents', account)?.reputationPpm).toBe(200_000)
  })

  it('the same evidence slashes once, and who has no seat in the need is not slashed', () => {
    const one = new Case()
    const [account] = one.result as [Did]
    const silent = { account, reason: 'silent-seat', ppm: 10_000 } as const
    one.slash(silent)
    const { stake } = one.account(account)
    one.slash(silent)
    expect(one.account(account).stake).toBe(stake)
    const other = one.hub.verifiers.find(({ did }) => !one.result.includes(did)) as Actor
    one.slash({ ...silent, account: other.did })
    expect(one.account(other.did).stake).toBe(1_000n * CREDIT)
  })

  it('a policy violation doubles with each repeat within its time', () => {
    const hub = new Hub({ verifiers: 1 })
    hub.slots(1)
    const stakes = ['a', 'b'].map((key) => {
      const one = new Case({ idempotency_key: key }, hub)
      const [account] = one.result as [Did]
      const before = one.account(account).stake
      one.slash({ account, reason: 'policy-violation', ppm: 100_000 })
      return [before, before - one.account(account).stake] as const
    })
    expect(stakes).toEqual([
      [1_000n * CREDIT, 100n * CREDIT],
      [900n * CREDIT, 180n * CREDIT],
    ])
  })

  it('a verifier that falls under the minimum is not drawn any more; its seats stay', () => {
    const one = new Case({}, new Hub({ verifiers: 3, stake: micro(100) }))
    const [account] = one.result as [Did]
    one.slash({ account, reason: 'silent-seat', ppm: 10_000 })
    expect(one.hub.records.get('agents', account)?.isActive).toBe(false)
    expect(one.account(account).seats).toBeGreaterThan(0n)
    expect(new Case({ idempotency_key: 'k2' }, one.hub).result).not.toContain(account)
  })
})

describe('challenges at the hub (economy.md, "Challenges")', () => {
  it('the bond that the CHALLENGE_COMMIT states is locked, from who signed it, once', () => {
    const one = new Case()
    const challenger = one.hub.person(2)
    const commit = one.challenge(challenger, micro(25))
    expect(one.hub.lastSent('bonded')).toMatchObject({ bonded: true, slot: one.hub.slot })
    expect(one.account(challenger.did)).toMatchObject({ bonds: 25n * CREDIT })
    one.tell('bond', { challenge: commit.cid, envelope: commit.field })
    expect(one.hub.lastSent('bonded').bonded).toBe(false)
    expect(one.account(challenger.did)).toMatchObject({ bonds: 25n * CREDIT })
  })

  it('not bonded: too small, not covered, of another need, or another id', () => {
    const one = new Case()
    one.challenge(one.hub.person(2), micro(9.999))
    expect(one.hub.lastSent('bonded').bonded).toBe(false)
    one.challenge(one.hub.person(2), micro(10_001))
    expect(one.hub.lastSent('bonded').bonded).toBe(false)
    const { cid, field } = one.hub
      .person(3)
      .say(
        'CHALLENGE_COMMIT',
        one.need.thread,
        { need_id: linkTo(5), attempt: 0, bond: micro(10), hash: new Uint8Array(32) },
        0,
      )
    one.tell('bond', { challenge: cid, envelope: field })
    expect(one.hub.lastSent('bonded').bonded).toBe(false)
    const good = one.hub
      .person(3)
      .say(
        'CHALLENGE_COMMIT',
        one.need.thread,
        { need_id: one.need.cid, attempt: 0, bond: micro(10), hash: new Uint8Array(32) },
        0,
      )
    one.tell('bond', { challenge: linkTo(6), envelope: good.field })
    expect(one.hub.lastSent('bonded').bonded).toBe(false)
  })

  function ended(
    one: Case,
    outcome: ToHubOf<'challenge-end'>['outcome'],
    challenger: Actor,
    bond = micro(100),
  ) {
    const commit = one.challenge(challenger, bond)
    const answered = one.seatChallenge(commit)
    const end = {
      challenge: commit.cid,
      challenger: challenger.did,
      attempt: 0,
      outcome,
      honest: [],
      silent: [],
    }
    one.tell('challenge-end', { ...end, answered: [...answered] })
    one.tell('challenge-end', { ...end, answered: [...answered] })
    return answered
  }

  it('rejected: its seats are paid from the bond, the rest burns, and the next bond is twice as large', () => {
    const one = new Case()
    const challenger = one.hub.person(2)
    const [seat] = ended(one, 'rejected', challenger) as [Did]
    expect(one.hub.balance(challenger.did)).toBe(9_900n * CREDIT)
    expect(one.hub.balance(seat)).toBe(CREDIT)
    expect(one.burned()).toBe(99n * CREDIT)
    one.challenge(challenger, micro(19))
    expect(one.hub.lastSent('bonded').bonded).toBe(false)
    one.challenge(challenger, micro(20))
    expect(one.hub.lastSent('bonded').bonded).toBe(true)
  })

  it('withdrawn: the bond goes back less a tenth; void: whole', () => {
    const one = new Case()
    const challenger = one.hub.person(2)
    ended(one, 'void', challenger)
    expect(one.hub.balance(challenger.did)).toBe(10_000n * CREDIT)
    const commit = one.challenge(challenger)
    const rest = { challenger: challenger.did, attempt: 0, answered: [], honest: [], silent: [] }
    one.tell('challenge-end', { ...rest, challenge: commit.cid, outcome: 'withdrawn' })
    one.tell('bond', { challenge: commit.cid, envelope: commit.field })
    expect(one.hub.lastSent('bonded').bonded).toBe(false)
    expect(one.hub.balance(challenger.did)).toBe(9_990n * CREDIT)
    expect(one.account(challenger.did).bonds).toBe(0n)
  })

  it('upheld: the bond goes back, and what no seat can earn any more is shared out', () => {
    const one = new Case({ task_class: 'complex', verify_bounty: micro(10) })
    const challenger = one.hub.person(2)
    const commit = one.challenge(challenger)
    const honest = [one.hub.verifiers[0]?.did] as Did[]
    const before = one.hub.balance(honest[0] as string)
    one.tell('challenge-end', {
      challenge: commit.cid,
      challenger: challenger.did,
      attempt: 0,
      outcome: 'upheld',
      answered: [],
      honest,
      silent: [],
    })
    // A bounty of 10, a fee of 5, one plan seat: 5 are left, half of it to the challenger, two fifths to who was right.
    expect(one.hub.balance(challenger.did)).toBe(10_000n * CREDIT + 2_500_000n)
    expect(one.hub.balance(honest[0] as string)).toBe(before + 2n * CREDIT)
    expect(one.burned()).toBe(500_000n)
    expect(one.hub.records.get('escrows', one.need.id)).toMatchObject({ bounty: 5n * CREDIT })
  })
})

describe('the end of a need (economy.md, "Bounties and payout"; lifecycle.md, "States")', () => {
  it('seats that answered are paid whatever came of it, and the rest goes back', () => {
    const one = new Case()
    const [seat] = one.plan as [Did]
    one.end({ answered: [{ role: 'plan', attempt: 0, seats: [seat, seat] }] })
    expect(one.hub.balance(seat)).toBe(CREDIT)
    expect(one.hub.balance(one.hub.person(0).did)).toBe(9_999n * CREDIT)
  })

  it('who never sat is not paid', () => {
    const one = new Case()
    one.end({ answered: [{ role: 'plan', attempt: 0, seats: [one.hub.person(7).did] }] })
    expect(one.hub.balance(one.hub.person(7).did)).toBe(10_000n * CREDIT)
  })

  it('an expired or cancelled need pays no price, and the worker never more than the budget', () => {
    const expired = new Case()
    expired.end({ worker: expired.hub.person(1).did, price: micro(1) })
    expect(expired.hub.balance(expired.hub.person(1).did)).toBe(10_000n * CREDIT)
    const settled = new Case()
    settled.end({ outcome: 'settled', worker: settled.hub.person(1).did, price: micro(5) })
    expect(settled.hub.balance(settled.hub.person(1).did)).toBe(10_001n * CREDIT)
  })

  it('split: half of the budget to each side, and the locks of who said nothing are forfeited', () => {
    const one = new Case({ budget: '1000001' as never })
    const [silent] = one.result as [Did]
    const before = one.account(silent)
    const worker = one.hub.person(1).did
    one.end({ outcome: 'split', worker, silent: [{ role: 'result', attempt: 0, seats: [silent] }] })
    expect(one.hub.balance(worker)).toBe(10_000n * CREDIT + 500_000n)
    expect(one.hub.balance(one.hub.person(0).did)).toBe(10_000n * CREDIT - 500_000n)
    const lost = before.stake - one.account(silent).stake
    expect(lost).toBeGreaterThanOrEqual(6_000_002n)
  })

  it('all locks open, all bonds go back, all parties leave, and what came of it stays on record', () => {
    const one = new Case()
    one.bond(one.hub.person(1))
    one.challenge(one.hub.person(2))
    one.end({ outcome: 'cancelled' })
    for (const did of one.hub.records.keys('accounts')) {
      expect(one.account(did)).toMatchObject({ seats: 0n, bonds: 0n, open: 0 })
    }
    const [key] = one.hub.records.keys('posted')
    expect(one.hub.records.get('posted', key as string)).toMatchObject({
      need: one.need.id,
      outcome: 'cancelled',
    })
    const before = one.hub.sent.length
    one.end()
    expect(one.hub.sent.length).toBe(before)
  })

  it('unbonding of who sat in it waits for its end', () => {
    const one = new Case()
    const seat = one.hub.verifiers.find(({ did }) => one.plan.includes(did)) as Actor
    one.hub.envelope(seat.account('UNSTAKE', { amount: micro(10) }, 0))
    for (let i = 0; i < 100; i++) one.hub.nextSlot({ withLink: false, ms: 100 })
    const complete = seat.account('COMPLETE_UNBONDING', {}, 0)
    expect(one.hub.envelope(complete).verdict).toMatchObject({ code: 'WINDOW_CLOSED' })
    one.end()
    expect(one.hub.envelope(complete).verdict.kind).toBe('applied')
  })

  it('confirmed verdicts raise reputation; final work does where something was at stake', () => {
    const one = new Case()
    const worker = one.hub.person(1)
    one.hub.envelope(worker.account('MANIFEST', { version: 1, label: 'w', capabilities: [] }, 0))
    one.bond(worker)
    const [seat] = one.result as [Did]
    one.end({ outcome: 'settled', worker: worker.did, price: micro(1), confirmed: [seat, seat] })
    const reputation = (did: string) => one.hub.records.get('agents', did)?.reputationPpm
    expect(reputation(seat)).toBe(502_000)
    expect(reputation(worker.did)).toBe(502_000)
  })
})

describe('numbers of effects (lifecycle.md, "Effects between hub and buckets")', () => {
  it('an effect is applied after the one before it and never twice', () => {
    const one = new Case()
    const { hub } = one
    one.bond(hub.person(1))
    const again = hub.apply(hub.log.at(-1) as Item)
    expect(again).toMatchObject({ verdict: { kind: 'rejected', code: 'CONFLICT' }, writes: [] })
  })
})

describe('age (economy.md, "Pools, reputation, committees")', () => {
  const DAY = 86_400_000
  function age(hub: Hub, limit = 100) {
    expect(hub.command({ v: 1, kind: 'age', slot: hub.slot, limit }).verdict.kind).toBe('applied')
  }

  it('recency falls by a step for each day without work and rises with it; reputation falls by weeks', () => {
    const hub = new Hub({ verifiers: 2 })
    hub.nextSlot()
    const [a, b] = hub.verifiers.map(({ did }) => did) as [Did, Did]
    const worked = hub.records.get('agents', a)
    if (worked === undefined) throw new Error('no agent')
    const value = { ...worked, recencyPpm: 500_000, hasWorkedToday: true, hasWorkedThisWeek: true }
    hub.records.apply([{ table: 'agents', key: a, value }])
    hub.nextSlot({ ms: DAY })
    age(hub)
    expect(hub.records.get('agents', a)?.recencyPpm).toBe(600_000)
    expect(hub.records.get('agents', b)?.recencyPpm).toBe(900_000)
    hub.nextSlot({ ms: 7 * DAY })
    age(hub)
    expect(hub.records.get('agents', a)).toMatchObject({ recencyPpm: 100_000, reputationPpm: 500_000 })
    expect(hub.records.get('agents', b)).toMatchObject({ recencyPpm: 200_000, reputationPpm: 475_000 })
  })

  it('does a bounded number at a time, and all of them in turn', () => {
    const hub = new Hub({ verifiers: 5 })
    hub.nextSlot({ ms: DAY })
    const left = () =>
      hub.verifiers.filter(({ did }) => hub.records.get('agents', did)?.recencyPpm === 1_000_000).length
    age(hub, 2)
    expect(left()).toBe(3)
    age(hub, 2)
    age(hub, 2)
    expect(left()).toBe(0)
  })
})
