import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { applyLead } from '../../../../src/core/bucket/entries/lead.ts'
import { bucketOf } from '../../../../src/core/bucket/step.ts'
import type { BucketRecord, Moment } from '../../../../src/core/bucket/tables.ts'
import { elapsed, momentOf } from '../../../../src/core/bucket/windows.ts'
import type { Actor } from '../../../../src/sim/heart/actor.ts'
import { BucketKit, carried, NeedKit } from '../../../setup/heart-bucket.ts'
import { bid, decide, leadTo, must, outcome } from '../../../setup/heart-moves.ts'

const HOUR = 3_600_000

function raise(kit: BucketKit, changes: object = {}, voters: readonly Actor[] = kit.voters) {
  const body = {
    v: 1 as const,
    generation: 0,
    bucket: kit.bucket,
    fence_epoch: 1,
    reason: 'split',
    ...changes,
  }
  const raises = voters.map((voter) => voter.state('fence-raise', body))
  return kit.propose({ v: 1, kind: 'fence', bucket: kit.bucket, slot: kit.slot, by: kit.voter().did, raises })
}

function lead(kit: BucketKit) {
  return kit.propose({ v: 1, kind: 'lead', bucket: kit.bucket, slot: kit.slot, by: kit.voter(1).did })
}

describe('entry `fence` (consensus.md, "Fence epochs, generations")', () => {
  it('a majority raises the epoch by one', () => {
    const kit = new BucketKit()
    must(raise(kit))
    expect(bucketOf(kit.records)).toMatchObject({
      fenceEpoch: 1,
      raised: { slot: kit.slot, by: kit.voter().did, reason: 'split' },
    })
  })

  it('not fewer, not strangers, not for another bucket, generation or number', () => {
    const kit = new BucketKit()
    expect(outcome(raise(kit, {}, [kit.voter()]))).toBe('CONFLICT')
    expect(outcome(raise(kit, {}, [kit.voter(), kit.person(1)]))).toBe('NOT_IN_COMMITTEE')
    expect(outcome(raise(kit, {}, [kit.voter(), kit.voter()]))).toBe('DUPLICATE')
    expect(outcome(raise(kit, { bucket: 1 }))).toBe('CONFLICT')
    expect(outcome(raise(kit, { generation: 1 }))).toBe('CONFLICT')
    expect(outcome(raise(kit, { fence_epoch: 2 }))).toBe('STALE_EPOCH')
    expect(outcome(raise(kit, { fence_epoch: 0 }))).toBe('STALE_EPOCH')
  })
})

describe('a fence by an act of governance (lifecycle.md, "Entries of a need", `fence`)', () => {
  const governed = (kit: BucketKit, bucket = kit.bucket) =>
    kit.receive({ v: 1, kind: 'fence', bucket, slot: kit.slot, reason: 'reconcile' })

  it('raises the epoch by one, from whatever it is, and concerns no need', () => {
    const kit = new BucketKit()
    must(raise(kit))
    const { subject, effects } = must(governed(kit))
    expect([subject, effects]).toEqual([undefined, []])
    expect(bucketOf(kit.records)).toMatchObject({
      fenceEpoch: 2,
      raised: { slot: kit.slot, by: 'governance', reason: 'reconcile' },
    })
  })

  it('a DECIDE under the epoch before it is stale, one under the new epoch is not', () => {
    const { kit, one, proposals, workers, planSeats } = leadTo('RESERVED', { bidders: 1 })
    const [proposal] = proposals
    const [worker] = workers
    if (proposal === undefined || worker === undefined) throw new Error('a cast')
    const old = one.command('decide', { proposal: proposal.cid, reveal: [], verdicts: [], fence_epoch: 0 })
    must(governed(kit))
    expect(outcome(kit.propose(old))).toBe('STALE_EPOCH')
    expect(outcome(decide(one, proposal, worker, planSeats))).toBe('applied')
  })

  it('not of another bucket', () => {
    const kit = new BucketKit()
    expect(outcome(governed(kit, 8))).toBe('CONFLICT')
  })
})

describe('entry `lead`: windows stand still without a leader (lifecycle.md)', () => {
  it('what passed since the last entry counts for no window', () => {
    const { kit, one, proposals } = leadTo('RESERVED', { isTrusting: true, bidders: 1 })
    const pass = () => {
      const proposal = proposals[0]?.cid ?? one.id
      return outcome(kit.propose(one.command('pass', { proposal, verdicts: [], seen: one.seen() })))
    }
    kit.advance(500)
    must(lead(kit))
    kit.advance(HOUR)
    must(lead(kit))
    expect(bucketOf(kit.records).paused).toBe(HOUR + 500)
    kit.advance(999)
    expect(pass()).toBe('WINDOW_CLOSED')
    kit.advance(1)
    expect(pass()).toBe('applied')
  })

  it('a window of a bucket that was idle stands still from its own beginning on', () => {
    const kit = new BucketKit({ isTrusting: true })
    must(lead(kit))
    kit.advance(HOUR)
    const one = new NeedKit(kit)
    must(kit.receive(one.opening()))
    const bids = [bid(one, kit.person(1))]
    kit.advance(500)
    must(lead(kit))
    const end = () => {
      const seen = one.seen(bids)
      return outcome(kit.propose(one.command('close', { proposals: carried(bids), seen, have: [] })))
    }
    kit.advance(249)
    expect(end()).toBe('WINDOW_CLOSED')
    kit.advance(1)
    expect(end()).toBe('applied')
  })

  const facts = (clock: number) => ({
    n: 1,
    time: clock,
    clock,
    roster: new Uint8Array(),
    registry: new Uint8Array(),
  })
  const begun: Moment = { slot: 1, time: 0, clock: 1_000, paused: 70 }
  const bucket = (paused: number) => ({ bucket: 0, generation: 0, fenceEpoch: 0, slot: 0, clock: 0, paused })

  it('a window counts slot clock without what stood still since it began', () => {
    expect(elapsed(begun, facts(1_500), bucket(70))).toBe(500)
    expect(elapsed(begun, facts(1_500), bucket(270))).toBe(300)
    expect(elapsed(begun, facts(900), bucket(70))).toBe(-100)
  })

  it('outages of less than two days make nobody late, and leaders that keep beginning delay nothing for ever', () => {
    expect(elapsed(begun, facts(1_000 + 47 * HOUR), bucket(70 + 47 * HOUR))).toBe(0)
    expect(elapsed(begun, facts(1_000 + 100 * HOUR), bucket(70 + 100 * HOUR))).toBe(26 * HOUR)
  })

  it('whatever comes in whatever order, a window counts the time since its beginning but that between two leaders', () => {
    const happening = fc.tuple(fc.constantFrom('entry', 'lead', 'window'), fc.nat({ max: 5 }))
    fc.assert(
      fc.property(fc.array(happening, { maxLength: 40 }), (happenings) => {
        let now = 0
        let record: BucketRecord = { ...bucketOf(new BucketKit().records), slot: 1 }
        const windows: Moment[] = []
        const outages: [from: number, to: number][] = []
        for (const [what, ms] of happenings) {
          now += ms
          if (what === 'window') windows.push(momentOf(facts(now), record))
          if (what === 'lead' && outages.length < 8) {
            outages.push([record.clock, now])
            record = { ...applyLead(record, facts(now)), clock: now }
          }
          if (what === 'entry') record = { ...record, clock: now }
        }
        for (const since of windows) {
          const stood = outages.reduce(
            (sum, [from, to]) => sum + Math.max(0, to - Math.max(from, since.clock)),
            0,
          )
          expect(elapsed(since, facts(now), record)).toBe(now - since.clock - stood)
        }
      }),
    )
  })

  it('of the times that windows stood still the last few are remembered, and no window ends earlier for that', () => {
    let record: BucketRecord = { ...bucketOf(new BucketKit().records), slot: 1 }
    const since = momentOf(facts(5), record)
    for (let now = 10; now <= 1_000; now += 10) {
      record = { ...applyLead(record, facts(now)), clock: now }
      expect([0, -5]).toContain(elapsed(since, facts(now), record))
    }
    expect(record.pauses).toHaveLength(8)
    expect(record.paused).toBe(1_000)
  })
})
