import { describe, expect, it } from 'vitest'
import { cidOf } from '../../../../src/codec/cid.ts'
import { decodeDagCbor } from '../../../../src/codec/dag-cbor/decode.ts'
import { encodeDagCbor } from '../../../../src/codec/dag-cbor/encode.ts'
import type { Actor, Spoken } from '../../../../src/sim/heart/actor.ts'
import { carried, sha256, someLink } from '../../../setup/heart-bucket.ts'
import {
  attestPlan,
  bid,
  close,
  decide,
  type Led,
  leadTo,
  must,
  outcome,
  PATCH,
  reserved,
  reveal,
} from '../../../setup/heart-moves.ts'

const TRUST = { isTrusting: true } as const

interface Choice {
  readonly proposal?: Spoken<'PROPOSE'>
  readonly reveals?: readonly Spoken[]
  readonly verdicts?: readonly Spoken[]
  readonly epoch?: number
}

function must0(proposals: Led['proposals']): Spoken<'PROPOSE'> {
  const [first] = proposals
  if (first === undefined) throw new Error('no bid')
  return first
}

function decideBy({ kit, one, proposals, workers, planSeats }: Led, choice: Choice = {}) {
  const proposal: Spoken<'PROPOSE'> = choice.proposal ?? must0(proposals)
  const reveals = choice.reveals ?? [reveal(one, workers[0] as Actor, proposal)]
  const verdicts = choice.verdicts ?? planSeats.map((seat) => attestPlan(one, seat, proposal))
  return kit.propose(
    one.command('decide', {
      proposal: proposal.cid,
      reveal: carried(reveals),
      verdicts: carried(verdicts),
      fence_epoch: choice.epoch ?? 0,
    }),
  )
}

describe('entry `decide` (consensus.md, "Buckets", "Quorums")', () => {
  it('fixes the succession, grants the first lease by the terms of the bid, and returns the record', () => {
    const led = leadTo('RESERVED', { ...TRUST, k: 2 })
    const { one, workers, proposals, kit } = led
    const { verdict } = must(decideBy(led))
    const record = verdict.kind === 'applied' ? verdict.result : new Uint8Array()
    expect(one.need).toMatchObject({ state: 'CLAIMED', attempt: 0 })
    expect(one.need.lease).toMatchObject({
      id: String(cidOf(record, sha256)),
      worker: workers[0]?.did,
      ttl: 60_000,
      interval: 500,
    })
    const read = decodeDagCbor(record)
    expect(read.ok && read.value).toMatchObject({
      proposal_id: proposals[0]?.cid,
      fence_epoch: 0,
      slot: kit.slot,
      k_plan: 2,
      decider: kit.voter().did,
      succession: workers.map(({ did }, i) => [did, proposals[i]?.cid]),
      plan: sha256(encodeDagCbor(PATCH)),
    })
  })

  it('the same again returns the record, at any head; another is refused with it (P1)', () => {
    const led = leadTo('CLAIMED', { ...TRUST, bidders: 3 })
    const { one, kit, proposals, workers } = led
    const record = kit.records.get('records', `${one.key} decide`)
    const { head } = one.need
    const same = decideBy(led)
    expect(same).toMatchObject({ writes: [], effects: [], verdict: { kind: 'applied', result: record } })
    const other = decideBy(led, {
      proposal: proposals[1] as Spoken<'PROPOSE'>,
      reveals: [reveal(one, workers[1] as Actor, proposals[1] as Spoken<'PROPOSE'>)],
    })
    expect(other.verdict).toMatchObject({
      kind: 'rejected',
      code: 'CONFLICT',
      message: expect.stringContaining(String(cidOf(record as Uint8Array, sha256))),
    })
    expect(outcome(decideBy(led, { epoch: 1 }))).toBe('CONFLICT')
    expect(one.need.head).toEqual(head)
  })

  it('another fence epoch than the bucket’s is stale', () => {
    const led = leadTo('RESERVED', TRUST)
    const { kit } = led
    const body = { v: 1 as const, generation: 0, bucket: kit.bucket, fence_epoch: 1, reason: 'split' }
    const raises = kit.voters.map((voter) => voter.state('fence-raise', body))
    must(
      kit.propose({ v: 1, kind: 'fence', bucket: kit.bucket, slot: kit.slot, by: kit.voter().did, raises }),
    )
    expect(outcome(decideBy(led))).toBe('STALE_EPOCH')
    expect(outcome(decideBy(led, { epoch: 2 }))).toBe('STALE_EPOCH')
    expect(outcome(decideBy(led, { epoch: 1 }))).toBe('applied')
  })

  it('only the head of the ranking, once its bond is locked', () => {
    const led = leadTo('RANKED', TRUST)
    expect(outcome(decideBy(led))).toBe('CONFLICT')
    must(reserved(led.one))
    const second = led.proposals[1] as Spoken<'PROPOSE'>
    expect(outcome(decideBy(led, { proposal: second }))).toBe('CONFLICT')
    expect(outcome(decideBy(led))).toBe('applied')
  })

  it('a sealed plan is opened by what it was bound to, by its own bidder', () => {
    const led = leadTo('RESERVED', TRUST)
    const { one, workers, proposals } = led
    const proposal = proposals[0] as Spoken<'PROPOSE'>
    const by = (who: Actor, changes: object) =>
      one.say(who, 'REVEAL_PLAN', {
        ...reveal(one, workers[0] as Actor, proposal).payload,
        ...changes,
      })
    expect(outcome(decideBy(led, { reveals: [] }))).toBe('CONFLICT')
    expect(outcome(decideBy(led, { reveals: [by(workers[1] as Actor, {})] }))).toBe('CONFLICT')
    expect(outcome(decideBy(led, { reveals: [by(workers[0] as Actor, { salt: new Uint8Array(32) })] }))).toBe(
      'CONFLICT',
    )
    expect(outcome(decideBy(led, { reveals: [by(workers[0] as Actor, { bid_round: 1 })] }))).toBe('CONFLICT')
    expect(outcome(decideBy(led, { reveals: [proposal] }))).toBe('CONFLICT')
    expect(outcome(decideBy(led))).toBe('applied')
  })

  it('a plan that was shown needs no REVEAL_PLAN', () => {
    const led = leadTo('OPEN', TRUST)
    const shown = bid(led.one, led.workers[0] as Actor, { plan: { patch: PATCH } })
    must(close(led.one, [shown]))
    must(reserved(led.one))
    expect(outcome(decideBy(led, { proposal: shown, reveals: [] }))).toBe('applied')
  })

  it('K_plan distinct seats accept: fewer, strangers and repetitions do not (P6)', () => {
    const led = leadTo('RESERVED', { ...TRUST, k: 3 })
    const { one, kit, planSeats, proposals } = led
    const proposal = proposals[0] as Spoken<'PROPOSE'>
    const votes = planSeats.map((seat) => attestPlan(one, seat, proposal))
    const again = attestPlan(one, planSeats[0] as Actor, proposal)
    const stranger = attestPlan(one, kit.person(20), proposal)
    const against = attestPlan(one, planSeats[2] as Actor, proposal, 'reject')
    expect(outcome(decideBy(led, { verdicts: votes.slice(1) }))).toBe('CONFLICT')
    expect(outcome(decideBy(led, { verdicts: [...votes.slice(0, 2), again] }))).toBe('CONFLICT')
    expect(outcome(decideBy(led, { verdicts: [...votes.slice(0, 2), votes[0] as Spoken] }))).toBe('CONFLICT')
    expect(outcome(decideBy(led, { verdicts: [...votes.slice(0, 2), against] }))).toBe('CONFLICT')
    expect(outcome(decideBy(led, { verdicts: [...votes.slice(0, 2), stranger] }))).toBe('NOT_IN_COMMITTEE')
    expect(outcome(decideBy(led, { verdicts: votes }))).toBe('applied')
  })

  it('a verdict on another proposal counts for nothing', () => {
    const led = leadTo('RESERVED', TRUST)
    const vote = attestPlan(led.one, led.planSeats[0] as Actor, led.proposals[1] as Spoken<'PROPOSE'>)
    expect(outcome(decideBy(led, { verdicts: [vote] }))).toBe('CONFLICT')
  })

  it('who gives two verdicts on one proposal is counted with neither, and slashed whole', () => {
    const led = leadTo('RESERVED', { ...TRUST, k: 2 })
    const { one, kit, planSeats, proposals } = led
    const proposal = proposals[0] as Spoken<'PROPOSE'>
    const votes = planSeats.map((seat) => attestPlan(one, seat, proposal))
    const two = attestPlan(one, planSeats[1] as Actor, proposal, 'reject')
    expect(outcome(decideBy(led, { verdicts: [...votes, two] }))).toBe('CONFLICT')
    kit.advance(5_000)
    const all = [...votes, two, reveal(one, led.workers[0] as Actor, proposal)]
    const seen = one.seen(all, kit.voters, kit.slot - 1)
    must(kit.propose(one.command('wave', { role: 'plan', verdicts: carried(all), seen })))
    expect(kit.sentOf('slash')).toMatchObject([
      { account: planSeats[1]?.did, role: 'plan', reason: 'equivocation', ppm: 1_000_000, whole_lock: true },
    ])
    expect(kit.lastSent('draw')).toMatchObject({ role: 'plan', count: 1, wave: 1 })
  })

  it('what the capsule denies is refused with its code', () => {
    const judge = (_: string, { body }: { body: { kind: string } }) =>
      body.kind === 'REVEAL_PLAN'
        ? ({ ok: false, error: { code: 'GAS_EXCEEDED', message: 'no' } } as const)
        : ({ ok: true, value: undefined } as const)
    expect(outcome(decideBy(leadTo('RESERVED', { ...TRUST, judge })))).toBe('GAS_EXCEEDED')
  })
})

describe('entry `pass`', () => {
  function pass({ kit, one, proposals }: Led, verdicts: readonly Spoken[], isSeen = true, which = 0) {
    const proposal = proposals[which]?.cid ?? someLink(1)
    const seen = isSeen ? one.seen(verdicts) : []
    return kit.propose(one.command('pass', { proposal, verdicts: carried(verdicts), seen }))
  }

  it('K_plan rejecting seats: the next one’s turn, the bond goes back', () => {
    const led = leadTo('RESERVED', { ...TRUST, k: 2 })
    const { one, kit, planSeats, proposals, workers } = led
    const verdicts = planSeats.map((seat, i) =>
      attestPlan(one, seat, proposals[0] as Spoken<'PROPOSE'>, i === 0 ? 'reject' : 'unavailable'),
    )
    expect(outcome(pass(led, verdicts.slice(1), false))).toBe('CONFLICT')
    must(pass(led, verdicts, false))
    expect(one.need.ranking.map(({ bidder }) => bidder)).toEqual([workers[1]?.did])
    expect(kit.lastSent('unlock')).toMatchObject({ account: workers[0]?.did, role: 'worker' })
    expect(kit.sentOf('slash')).toEqual([])
  })

  it('no REVEAL_PLAN in its window costs a part of the bond', () => {
    const led = leadTo('RESERVED', TRUST)
    led.kit.advance(999)
    expect(outcome(pass(led, []))).toBe('WINDOW_CLOSED')
    led.kit.advance(1)
    expect(outcome(pass(led, [], false))).toBe('CONFLICT')
    const shown = reveal(led.one, led.workers[0] as Actor, led.proposals[0] as Spoken<'PROPOSE'>)
    expect(outcome(pass(led, [shown]))).toBe('CONFLICT')
    must(pass(led, []))
    expect(led.kit.lastSent('slash')).toMatchObject({
      account: led.workers[0]?.did,
      role: 'worker',
      reason: 'unrevealed-plan',
      ppm: 100_000,
    })
  })

  it('only the head that is reserved; with nobody left bids begin again', () => {
    const ranked = leadTo('RANKED', TRUST)
    ranked.kit.advance(5_000)
    expect(outcome(pass(ranked, []))).toBe('CONFLICT')
    const led = leadTo('RESERVED', { ...TRUST, bidders: 1 })
    led.kit.advance(5_000)
    expect(outcome(pass(led, [], true, 1))).toBe('CONFLICT')
    must(pass(led, []))
    expect(led.one.need).toMatchObject({ state: 'OPEN', bidRound: 1, emptyRounds: 0 })
  })

  it('the next one’s window begins when it is the head', () => {
    const led = leadTo('RESERVED', TRUST)
    led.kit.advance(1_000)
    must(pass(led, []))
    led.kit.advance(999)
    expect(outcome(pass(led, [], true, 1))).toBe('WINDOW_CLOSED')
    const proposal = led.proposals[1] as Spoken<'PROPOSE'>
    must(decide(led.one, proposal, led.workers[1] as Actor, led.planSeats))
    expect(led.one.need.lease).toMatchObject({ worker: led.workers[1]?.did })
  })
})
