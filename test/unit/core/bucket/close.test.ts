import { describe, expect, it } from 'vitest'
import { decodeDagCbor } from '../../../../src/codec/dag-cbor/decode.ts'
import type { BucketStep } from '../../../../src/core/bucket/step.ts'
import type { Spoken } from '../../../../src/sim/heart/actor.ts'
import { carried, credits, type NeedKit, parametersOnWire, someLink } from '../../../setup/heart-bucket.ts'
import { bid, close, type Led, leadTo, must, outcome, PATCH, reserved } from '../../../setup/heart-moves.ts'

const TRUST = { isTrusting: true } as const

function refusedIn(step: BucketStep): unknown {
  const { verdict } = must(step)
  const read = decodeDagCbor(verdict.kind === 'applied' ? verdict.result : new Uint8Array())
  return read.ok ? (read.value as { refused: unknown }).refused : undefined
}

function closeWith(
  one: NeedKit,
  proposals: readonly Spoken[],
  seen: readonly Spoken[] = proposals,
): BucketStep {
  return one.kit.propose(
    one.command('close', { proposals: carried(proposals), seen: one.seen(seen), have: [] }),
  )
}

/** The code for which a bid alone is left out. */
function codeOf({ one, workers }: Led, changes: Parameters<typeof bid>[2], who = workers[0]): unknown {
  const made = bid(one, who as never, changes)
  one.kit.advance(1_000)
  const { verdict } = one.kit.ask(
    one.command('close', { proposals: carried([made]), seen: one.seen([made]), have: [] }),
  )
  const read = decodeDagCbor(verdict.kind === 'applied' ? verdict.result : new Uint8Array())
  if (!read.ok) return verdict
  const [refused] = (read.value as { refused: [string, string][] }).refused
  return refused?.[1]
}

describe('entry `close` (lifecycle.md; economy.md, "Auction")', () => {
  it('ranks by score, and asks for the bonds of as many as there can be attempts', () => {
    const led = leadTo('OPEN', { ...TRUST, bidders: 7 })
    const { kit, one, workers } = led
    must(close(one, led.proposals.toReversed()))
    expect(one.state).toBe('RANKED')
    expect(one.need.ranking.map(({ bidder }) => bidder)).toEqual(workers.map(({ did }) => did))
    const { bids } = kit.lastSent('reserve')
    expect(bids.map(({ bidder }) => bidder)).toEqual(workers.slice(0, 5).map(({ did }) => did))
    expect(bids[0]).toMatchObject({ bond: '0' })
  })

  it('a bond is that of the class', () => {
    const { kit } = leadTo('RANKED', { ...TRUST, need: { task_class: 'critical', budget: credits(5) } })
    expect(kit.lastSent('reserve').bids[0]).toMatchObject({ bond: credits(200) })
  })

  it('not before the bid window is over for the earliest of the statements', () => {
    const { kit, one, proposals } = leadTo('OPEN', TRUST)
    kit.advance(249)
    expect(outcome(closeWith(one, proposals))).toBe('WINDOW_CLOSED')
    const seen = one.seen(proposals)
    kit.advance(1)
    const command = one.command('close', { proposals: carried(proposals), seen, have: [] })
    expect(outcome(kit.propose(command))).toBe('WINDOW_CLOSED')
    const mixed = [...seen.slice(0, 1), ...one.seen(proposals).slice(1)]
    const late = one.command('close', { proposals: carried(proposals), seen: mixed, have: [] })
    expect(outcome(kit.propose(late))).toBe('WINDOW_CLOSED')
    expect(outcome(closeWith(one, proposals))).toBe('applied')
  })

  it('needs the statements of a majority, and carries all that they name', () => {
    const { kit, one, proposals } = leadTo('OPEN', TRUST)
    kit.advance(1_000)
    const withSeen = (seen: ReturnType<NeedKit['seen']>) =>
      outcome(kit.ask(one.command('close', { proposals: carried(proposals), seen, have: [] })))
    expect(withSeen([])).toBe('CONFLICT')
    expect(withSeen(one.seen(proposals, [kit.voter(0)]))).toBe('CONFLICT')
    expect(withSeen(one.seen(proposals, [kit.voter(0), kit.voter(0)]))).toBe('DUPLICATE')
    expect(withSeen(one.seen(proposals, [kit.voter(0), kit.person(20)]))).toBe('NOT_IN_COMMITTEE')
    expect(outcome(closeWith(one, proposals.slice(1), proposals))).toBe('CONFLICT')
    expect(withSeen(one.seen(proposals, [kit.voter(0), kit.voter(2)]))).toBe('applied')
  })

  it('a statement is for this head, of a known time, and signed', () => {
    const { kit, one, proposals } = leadTo('OPEN', { bidders: 1 })
    kit.advance(1_000)
    const old = one
      .seen(proposals)
      .map(({ voter, body, s }) => ({ voter, s, body: { ...body, head: new Uint8Array(32) } }))
    const ask = (seen: ReturnType<NeedKit['seen']>) =>
      outcome(kit.ask(one.command('close', { proposals: carried(proposals), seen, have: [] })))
    expect(ask(old)).toBe('CONFLICT')
    const [first, second] = one.seen(proposals)
    if (first === undefined || second === undefined) throw new Error('two voters')
    expect(ask([first, { ...second, s: first.s }])).toBe('BAD_SIGNATURE')
    expect(ask([first, { ...second, body: { ...second.body, slot: kit.slot + 1 } }])).toBe('WINDOW_CLOSED')
    expect(ask(one.seen(proposals, kit.voters, kit.slot + 1))).toBe('WINDOW_CLOSED')
  })

  it('ends at once, without statements, when all invited have bid', () => {
    const led = leadTo('OPEN', TRUST)
    const invited = led.workers.map(({ did }) => did)
    const { kit, one, proposals } = leadTo('OPEN', { ...TRUST, need: { constraints: { invited } } })
    const closing = (some: readonly Spoken[]) =>
      kit.propose(one.command('close', { proposals: carried(some), seen: [], have: [] }))
    expect(outcome(closing(proposals.slice(1)))).toBe('CONFLICT')
    must(closing(proposals))
    expect(one.state).toBe('RANKED')
  })

  it('leaves out who may not bid, by code, and goes on', () => {
    const led = leadTo('OPEN', TRUST)
    const { kit, one, workers, proposals } = led
    expect(codeOf(led, { bid_round: 1 })).toBe('CONFLICT')
    expect(codeOf(led, { cost: credits(1.001) })).toBe('OVER_CAP')
    expect(codeOf(led, { lease_ttl: 999 })).toBe('OVER_CAP')
    expect(codeOf(led, { lease_ttl: 1_000, heartbeat_interval: 1_001 })).toBe('OVER_CAP')
    expect(codeOf(led, { manifest: someLink(1) })).toBe('UNKNOWN_CAPABILITY')
    expect(codeOf(led, { registry: kit.registryOf(kit.person(2).did) })).toBe('UNKNOWN_CAPABILITY')
    expect(codeOf(led, { registry: { ...kit.registryOf(workers[0]?.did as never), slot: 99 } })).toBe(
      'UNKNOWN_CAPABILITY',
    )
    expect(codeOf(led, { registry: { ...kit.registryOf(workers[0]?.did as never), path: [] } })).toBe(
      'UNKNOWN_CAPABILITY',
    )
    expect(codeOf(led, {}, one.requester)).toBe('NOT_IN_COMMITTEE')
    expect(codeOf(led, {}, kit.person(10))).toBe('NOT_IN_COMMITTEE')
    expect(codeOf(led, {}, kit.person(11))).toBe('NOT_IN_COMMITTEE')
    const bad = bid(one, workers[0] as never, { cost: credits(2) })
    kit.advance(1_000)
    expect(refusedIn(closeWith(one, [...proposals, bad]))).toEqual([[bad.id, 'OVER_CAP']])
    expect(one.need.ranking.length).toBe(2)
  })

  it('a registry record is of a slot since the escrow', () => {
    const led = leadTo('OPEN', TRUST)
    led.kit.advance(10)
    const late = leadTo('OPEN', { ...TRUST, opening: { slot: 1 } })
    const record = late.kit.registryOf(late.workers[0]?.did as never)
    expect(codeOf(late, { registry: { ...record, slot: 0 } })).toBe('UNKNOWN_CAPABILITY')
  })

  it('who is not invited does not bid', () => {
    const invited = [leadTo('OPEN', TRUST).workers[0]?.did as never]
    const led = leadTo('OPEN', { ...TRUST, need: { constraints: { invited } } })
    expect(codeOf(led, {}, led.workers[1])).toBe('NOT_IN_COMMITTEE')
  })

  it('of two bids of one bidder the later counts', () => {
    const { kit, one, workers } = leadTo('OPEN', { ...TRUST, bidders: 1 })
    const first = bid(one, workers[0] as never, { cost: credits(0.1) })
    const second = bid(one, workers[0] as never, { cost: credits(0.9) })
    kit.advance(1_000)
    must(closeWith(one, [second, first]))
    expect(one.need.ranking.map(({ proposal }) => proposal)).toEqual([second.id])
  })

  it('without a bid another round begins, its window twice as long; three are enough', () => {
    const { kit, one } = leadTo('OPEN', TRUST)
    kit.advance(250)
    must(closeWith(one, []))
    expect(one.need).toMatchObject({ state: 'OPEN', bidRound: 1, emptyRounds: 1 })
    kit.advance(499)
    expect(outcome(closeWith(one, []))).toBe('WINDOW_CLOSED')
    kit.advance(1)
    must(closeWith(one, []))
    kit.advance(1_000)
    must(closeWith(one, []))
    expect(one.need).toMatchObject({ state: 'OPEN', emptyRounds: 3 })
    kit.advance(60_000)
    expect(outcome(closeWith(one, []))).toBe('WINDOW_CLOSED')
  })

  it('an improving round keeps the bids before it, and takes what is 1% better', () => {
    const { kit, one, workers, proposals } = leadTo('OPEN', {
      ...TRUST,
      need: { constraints: { improving_rounds: 1 } },
    })
    kit.advance(250)
    must(closeWith(one, proposals))
    expect(one.need).toMatchObject({ state: 'OPEN', bidRound: 1, bestScore: one.need.ranking[0]?.score })
    const [first, second] = workers
    const worse = bid(one, first as never, { cost: credits(0.49) })
    const better = bid(one, second as never, { cost: credits(0.3) })
    kit.advance(250)
    must(closeWith(one, [worse, better]))
    expect(one.state).toBe('RANKED')
    expect(one.need.ranking.map(({ proposal }) => proposal)).toEqual([better.id, proposals[0]?.id])
  })

  it('an input of many bytes is held by a majority before anybody is asked to work on it', () => {
    const cid = someLink(40)
    const led = leadTo('OPEN', { ...TRUST, need: { input: { cid, size: 65_537 } } })
    const { kit, one, proposals } = led
    kit.advance(1_000)
    const ask = (link: typeof cid, count: number) => {
      const have = kit.voters
        .slice(0, count)
        .map((voter) => voter.state('have-statement', { v: 1 as const, need: one.id, cid: link }))
      return outcome(
        kit.ask(one.command('close', { proposals: carried(proposals), seen: one.seen(proposals), have })),
      )
    }
    expect(ask(cid, 0)).toBe('CONFLICT')
    expect(ask(cid, 1)).toBe('CONFLICT')
    expect(ask(someLink(41), 2)).toBe('CONFLICT')
    expect(ask(cid, 2)).toBe('applied')
  })

  it('a plan that is shown is judged by the capsule', () => {
    const judge = (_: string, { body }: { body: { kind: string } }) =>
      body.kind === 'PROPOSE'
        ? ({ ok: false, error: { code: 'POLICY_DENIED', message: 'no' } } as const)
        : ({ ok: true, value: undefined } as const)
    const led = leadTo('OPEN', { ...TRUST, judge })
    expect(codeOf(led, { plan: { patch: PATCH } })).toBe('POLICY_DENIED')
    expect(codeOf(led, {})).toBeUndefined()
  })

  it('another capsule than the thread’s is refused', () => {
    const { kit, one, proposals } = leadTo('OPEN', { ...TRUST, opening: { capsule: String(someLink(5)) } })
    kit.advance(1_000)
    expect(outcome(closeWith(one, proposals))).toBe('WRONG_CAPSULE')
  })
})

describe('entry `reserved`', () => {
  it('refused bidders drop out, without using an attempt', () => {
    const { one, workers } = leadTo('RANKED', { ...TRUST, bidders: 3 })
    must(reserved(one, [workers[0] as never]))
    expect(one.need.ranking.map(({ bidder }) => bidder)).toEqual(workers.slice(1).map(({ did }) => did))
    expect(one.need).toMatchObject({ attempt: 0, state: 'RANKED' })
    expect(one.need.awaits).toBeUndefined()
  })

  it('with all refused a new round begins, or the next are asked for', () => {
    const { one, workers } = leadTo('RANKED', { ...TRUST, bidders: 2 })
    must(reserved(one, workers))
    expect(one.need).toMatchObject({ state: 'OPEN', bidRound: 1, ranking: [] })
    const many = leadTo('RANKED', { ...TRUST, bidders: 7 })
    must(reserved(many.one, many.workers.slice(0, 5)))
    expect(many.kit.lastSent('reserve').bids.map(({ bidder }) => bidder)).toEqual(
      many.workers.slice(5).map(({ did }) => did),
    )
    expect(many.one.need.awaits).toBe('reserved')
  })

  it('an answer of another round changes nothing but the chain', () => {
    const { kit, one } = leadTo('RANKED', TRUST)
    const { head, ...before } = one.need
    must(kit.receive({ v: 1, kind: 'reserved', need: one.id, slot: kit.slot, bid_round: 3, refused: [] }))
    expect(one.need).toMatchObject(before)
    expect(one.need.head).not.toEqual(head)
  })
})

describe('parameters', () => {
  it('those of `open` are in force: nothing else is read', () => {
    const { kit, one, proposals } = leadTo('OPEN', {
      ...TRUST,
      opening: { parameters: parametersOnWire({ bidWindowMs: 5_000 }) },
    })
    kit.advance(4_999)
    expect(outcome(closeWith(one, proposals))).toBe('WINDOW_CLOSED')
    kit.advance(1)
    expect(outcome(closeWith(one, proposals))).toBe('applied')
  })
})
