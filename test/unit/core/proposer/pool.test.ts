import { describe, expect, it } from 'vitest'
import { encodeBucketCommand } from '../../../../src/codec/entry/bucket-command.ts'
import { candidatesOf } from '../../../../src/core/proposer/candidates.ts'
import { NeedPool, sightingsOf } from '../../../../src/core/proposer/pool.ts'
import { ALL_STRANGERS, STANDING, type Standing, standingIn } from '../../../../src/core/proposer/standing.ts'
import type { Actor, Spoken } from '../../../../src/sim/heart/actor.ts'
import { type BucketKit, type NeedKit, someLink } from '../../../setup/heart-bucket.ts'
import { attest, attestPlan, bid, commitEnvelope, leadTo, must, outcome } from '../../../setup/heart-moves.ts'

function hear(kit: BucketKit, pool: NeedPool, spoken: Spoken, standingOf = ALL_STRANGERS): boolean {
  const opened = kit.world.openEnvelope(spoken.field, kit.facts.time)
  if (!opened.ok) throw new Error(JSON.stringify(opened.error))
  return pool.add({ envelope: opened.value, field: spoken.field, seenAt: kit.slot }, standingOf)
}

/** As the state says, the person of this number registered. */
function standings(kit: BucketKit, { key }: NeedKit, known?: number) {
  return standingIn(kit.records, key, (did) => known !== undefined && did === kit.person(known).did)
}

function beat(one: NeedKit, who: Actor): Spoken {
  return one.say(who, 'HEARTBEAT', { attempt: 0, lease_id: someLink(3), progress: 1 })
}

function candidates(kit: BucketKit, one: NeedKit, pool: NeedPool, voters = kit.voters) {
  const body = {
    v: 1 as const,
    need: one.id,
    head: one.need.head,
    slot: kit.slot,
    seen: sightingsOf(pool),
  }
  return candidatesOf({
    view: kit.records,
    need: one.key,
    pool,
    slot: kit.slot,
    world: kit.world,
    by: kit.voter().did,
    seen: () => voters.map((voter) => voter.state('seen-statement', body)),
    have: () => [],
  })
}

/** The first that the machine takes, applied; what it carried is noted. */
function lead(kit: BucketKit, one: NeedKit, pool: NeedPool): string | undefined {
  for (const command of candidates(kit, one, pool)) {
    if (outcome(kit.ask(command)) !== 'applied') continue
    must(kit.propose(command))
    pool.carried((kit.records.get('envelopes', one.key) ?? []).map(({ id }) => id))
    return command.kind
  }
  return undefined
}

describe('what a voter has seen of a need is bounded', () => {
  it('no verb that no entry follows from is kept', () => {
    const { kit, one } = leadTo('OPEN', { isTrusting: true })
    const pool = new NeedPool()
    expect(hear(kit, pool, one.spoken)).toBe(false)
    expect(pool.news).toEqual([])
  })

  it('at most 512 envelopes of one sender, and what is known already is still known', () => {
    const { kit, one } = leadTo('OPEN', { isTrusting: true })
    const pool = new NeedPool()
    const beats = Array.from({ length: 513 }, () => beat(one, kit.person(1)))
    expect(beats.map((spoken) => hear(kit, pool, spoken)).indexOf(false)).toBe(512)
    expect(hear(kit, pool, beats[0] as Spoken)).toBe(true)
    expect(pool.news.length).toBe(512)
    expect(hear(kit, pool, beat(one, kit.person(2)))).toBe(true)
  })

  it('at most 1,024 envelopes in all, and one entry has room for them', () => {
    const { kit, one } = leadTo('OPEN', { isTrusting: true, voters: 7 })
    const pool = new NeedPool()
    for (const who of [1, 2]) {
      for (let at = 0; at < 512; at++) expect(hear(kit, pool, beat(one, kit.person(who)))).toBe(true)
    }
    expect(hear(kit, pool, beat(one, kit.person(3)))).toBe(true)
    expect(pool.all.length).toBe(1_024)
    kit.advance(1_000)
    expect(lead(kit, one, pool)).toBe('close')
  })

  it.each([100, 300, 900, 8_000])(
    'as many bytes as a command has room for, by bids with %i bytes more',
    (more) => {
      const { kit, one } = leadTo('OPEN', { isTrusting: true, voters: 7, people: 60 })
      const pool = new NeedPool()
      const registry = { slot: 1, record: new Uint8Array(more), path: [] }
      let last = true
      for (let at = 0; last; at++) last = hear(kit, pool, bid(one, kit.person(1 + (at % 9)), { registry }))
      kit.advance(1_000)
      const close = [...candidates(kit, one, pool)].find(
        ({ kind, ...rest }) => 'seen' in rest && kind === 'close' && rest.seen.length > 0,
      )
      if (close === undefined) throw new Error('bids are closed at some time')
      const { length } = encodeBucketCommand(close)
      expect(length).toBeLessThanOrEqual(1_048_576)
      if (more > 500) expect(length).toBeGreaterThan(950_000)
      must(kit.propose(close))
    },
  )
})

describe('what was said too early, or beside something else', () => {
  it('comes back as a candidate when its time has come, although an entry carried it before', () => {
    const { kit, one, workers, proposals } = leadTo('CLAIMED', { isTrusting: true })
    const [, second] = workers
    if (second === undefined) throw new Error('a cast')
    const pool = new NeedPool()
    const early = one.say(second, 'CLAIM', {
      attempt: 1,
      proposal_id: (proposals[1] as Spoken).cid,
      lease_ttl: 60_000,
      heartbeat_interval: 500,
    })
    expect(hear(kit, pool, early)).toBe(true)
    kit.advance(60_000)
    expect(lead(kit, one, pool)).toBe('release')
    expect(one.state).toBe('DECIDED')
    expect(pool.news).toEqual([])
    expect(sightingsOf(pool)).toEqual([])
    expect(lead(kit, one, pool)).toBe('claim')
    expect(one.need.lease?.worker).toBe(second.did)
  })

  it('a verdict that the committee counts is not put into a further entry, one that it does not count yet is', () => {
    const { kit, one, proposals, planSeats } = leadTo('RESERVED', { isTrusting: true, k: 2 })
    const [proposal] = proposals
    const [first, second] = planSeats
    if (proposal === undefined || first === undefined || second === undefined) throw new Error('a cast')
    const pool = new NeedPool()
    const words = [first, second].map((seat) => attestPlan(one, seat, proposal))
    const early = words[0] as Spoken
    hear(kit, pool, early)
    const decideOf = () => [...candidates(kit, one, pool)].find(({ kind }) => kind === 'decide')
    expect(decideOf()).toMatchObject({ verdicts: [early.field] })
    const committee = kit.records.get('committees', `${one.key} plan 0`)
    if (committee === undefined) throw new Error('a need has plan seats')
    const vote = { seat: first.did, on: proposal.id, choice: 'accept' as const, id: early.id }
    kit.records.apply([
      { table: 'committees', key: `${one.key} plan 0`, value: { ...committee, votes: [vote] } },
    ])
    hear(kit, pool, words[1] as Spoken)
    expect(decideOf()).toMatchObject({ verdicts: [(words[1] as Spoken).field] })
  })
})

describe('a stranger that floods a need', () => {
  it('does not keep it from its entries', () => {
    const { kit, one, workers } = leadTo('OPEN', { isTrusting: true, bidders: 1 })
    const [worker] = workers
    if (worker === undefined) throw new Error('a cast')
    const pool = new NeedPool()
    const stranger = kit.person(20)
    const flood = () => {
      for (let at = 0; at < 600; at++) hear(kit, pool, beat(one, stranger))
    }
    flood()
    expect(hear(kit, pool, bid(one, worker))).toBe(true)
    kit.advance(1_000)
    expect(lead(kit, one, pool)).toBe('close')
    expect(one.state).toBe('RANKED')
    flood()
    kit.receive({ v: 1, kind: 'reserved', need: one.id, slot: kit.slot, bid_round: 0, refused: [] })
    kit.advance(5_000)
    expect(lead(kit, one, pool)).toBe('pass')
    expect(one.state).toBe('OPEN')
    expect(hear(kit, pool, commitEnvelope(one, worker))).toBe(true)
  })

  it('gives way to who said less, and among those who said as little nobody does', () => {
    const { kit, one } = leadTo('OPEN', { isTrusting: true, people: 40 })
    const pool = new NeedPool()
    for (let at = 0; at < 1_024; at++) expect(hear(kit, pool, beat(one, kit.person(at % 32)))).toBe(true)
    expect(hear(kit, pool, beat(one, kit.person(0)))).toBe(false)
    const fresh = Array.from({ length: 33 }, () => beat(one, kit.person(33)))
    expect(fresh.map((spoken) => hear(kit, pool, spoken)).indexOf(false)).toBe(31)
    expect(pool.all.length).toBe(1_024)
  })
})

describe('strangers, each of whom says a little', () => {
  /** As many strangers as a pool has room for. */
  function crowded(stage: Parameters<typeof leadTo>[0]) {
    const led = leadTo(stage, { isTrusting: true, people: 1_074, bidders: 2 })
    const { kit, one } = led
    const pool = new NeedPool()
    const of = standings(kit, one, 30)
    for (let at = 50; at < 1_074; at++) expect(hear(kit, pool, beat(one, kit.person(at)), of)).toBe(true)
    return { ...led, pool, of }
  }

  it('keep no worker from its COMMIT, nor seats from their verdicts, and nobody names them', () => {
    const { kit, one, workers, resultSeats, pool, of } = crowded('CLAIMED')
    const [worker] = workers
    const [seat] = resultSeats
    if (worker === undefined || seat === undefined) throw new Error('a cast')
    const named = (least: Standing) => sightingsOf(pool, of, least).map(([id]) => id.toString())
    expect(named(STANDING.party)).toEqual([])
    const done = commitEnvelope(one, worker)
    expect(hear(kit, pool, done, ALL_STRANGERS)).toBe(false)
    expect(hear(kit, pool, beat(one, kit.person(40)), of)).toBe(false)
    expect(hear(kit, pool, done, of)).toBe(true)
    const known = beat(one, kit.person(30))
    expect(hear(kit, pool, known, of)).toBe(true)
    expect(named(STANDING.party)).toEqual([done.id])
    expect(named(STANDING.known)).toEqual([done.id, known.id].sort())
    expect(lead(kit, one, pool)).toBe('commit')
    expect(hear(kit, pool, attest(one, seat), standings(kit, one))).toBe(true)
    expect(lead(kit, one, pool)).toBe('finalize')
    expect(one.state).toBe('FINAL')
  })

  it('keep no bidder out that is registered, and the entry has room for what is left', () => {
    const { kit, one, pool, of } = crowded('OPEN')
    expect(hear(kit, pool, bid(one, kit.person(31)), of)).toBe(false)
    expect(hear(kit, pool, bid(one, kit.person(30)), of)).toBe(true)
    kit.advance(1_000)
    expect(lead(kit, one, pool)).toBe('close')
    expect(one.need.bidders).toEqual([kit.person(30).did])
  })

  it('with many bytes displace nobody, and a party with many displaces as many of them as it must', () => {
    const { kit, one, workers } = leadTo('CLAIMED', { isTrusting: true, people: 220 })
    const of = standings(kit, one)
    const pool = new NeedPool()
    const registry = { slot: 1, record: new Uint8Array(8_000), path: [] }
    const large = (who: Actor) => bid(one, who, { registry })
    let count = 0
    while (hear(kit, pool, large(kit.person(20 + count)), of)) count += 1
    const worker = workers[0] as Actor
    for (let at = 0; at < count; at++) expect(hear(kit, pool, large(worker), of)).toBe(true)
    const theirs = pool.all.filter(({ envelope }) => envelope.body.sender === worker.did)
    expect([theirs.length, pool.all.length]).toEqual([count, count])
    expect(hear(kit, pool, large(kit.person(218)), of)).toBe(false)
  })
})
