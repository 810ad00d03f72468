import { describe, expect, it } from 'vitest'
import type { Actor } from '../../../../src/sim/heart/actor.ts'
import { carried, cidOfText, credits, someLink } from '../../../setup/heart-bucket.ts'
import {
  bonded,
  challenging,
  claimOf,
  commitTo,
  final,
  invalidate,
  judged,
  people,
  ready,
  show,
  TRUST,
  voidIt,
  word,
} from '../../../setup/heart-challenges.ts'
import { attest, type Led, leadTo, must, outcome, seatRole } from '../../../setup/heart-moves.ts'

/** COMMITTED and rejected by its seats: the first worker may challenge it. */
function rejected(): Led {
  const led = leadTo('COMMITTED', { ...TRUST, k: 2, bidders: 3 })
  const verdicts = carried(led.resultSeats.map((seat) => attest(led.one, seat, 'reject')))
  must(led.kit.propose(led.one.command('reject', { verdicts })))
  return led
}

describe('entry `challenge` (lifecycle.md; economy.md, "Challenges")', () => {
  it('a commitment takes its place and asks for its bond; then it is shown', () => {
    const led = final()
    const one = challenging(led, led.kit.person(20))
    must(commitTo(one))
    expect(led.kit.lastSent('bond')).toMatchObject({ challenge: one.said.cid, envelope: one.said.field })
    expect(outcome(show(one))).toBe('CONFLICT')
    must(bonded(one))
    expect(led.kit.lastSent('draw')).toMatchObject({
      role: 'challenge',
      attempt: 0,
      wave: 0,
      count: 3,
      challenge: one.said.cid,
    })
    expect(led.kit.lastSent('draw').exclude).toEqual([
      led.one.requester.did,
      ...led.workers.map(({ did }) => did),
      ...led.resultSeats.map(({ did }) => did),
      led.kit.person(20).did,
    ])
    must(show(one))
    expect(led.one.state).toBe('FINAL')
  })

  it('within T_challenge of `finalize`, for the present attempt, with at least the smallest bond', () => {
    const led = final()
    const who = led.kit.person(20)
    expect(outcome(commitTo(challenging(led, who, { attempt: 1 })))).toBe('STALE_ATTEMPT')
    expect(outcome(commitTo(challenging(led, who, {}, credits(9.999))))).toBe('INSUFFICIENT_FUNDS')
    const one = challenging(led, who)
    must(commitTo(one))
    expect(outcome(commitTo(one))).toBe('DUPLICATE')
    led.kit.advance(1_999)
    must(commitTo(challenging(led, who, { proof_type: 'POLICY_BREACH' })))
    led.kit.advance(1)
    expect(outcome(commitTo(challenging(led, who)))).toBe('WINDOW_CLOSED')
  })

  it('is shown by who committed to it, as it was, with the bond of its proof, within the bounds', () => {
    const led = final()
    const who = led.kit.person(20)
    const one = challenging(led, who)
    must(commitTo(one))
    must(bonded(one))
    expect(outcome(show({ ...one, who: led.kit.person(21) }))).toBe('CONFLICT')
    expect(outcome(show({ ...one, claim: claimOf({ salt: new Uint8Array(32) }) }))).toBe('CONFLICT')
    expect(outcome(led.kit.propose(led.one.command('challenge', { envelope: led.one.spoken.field })))).toBe(
      'MALFORMED',
    )
    const cheap = challenging(led, who, { proof_type: 'OUTPUT_MISMATCH' })
    must(commitTo(cheap))
    must(bonded(cheap))
    expect(outcome(show(cheap))).toBe('INSUFFICIENT_FUNDS')
    const dear = challenging(led, who, { proof: { size_bytes: 1, gas_estimate: 100_001 } })
    must(commitTo(dear))
    must(bonded(dear))
    expect(outcome(show(dear))).toBe('GAS_EXCEEDED')
    must(show(one))
  })
})

describe('effect `bonded`', () => {
  it('refused: the challenge is void, and nothing waits for it', () => {
    const led = final()
    const one = challenging(led, led.kit.person(20))
    must(commitTo(one))
    led.kit.advance(4_000)
    expect(outcome(led.kit.propose(led.one.command('settle', {})))).toBe('CONFLICT')
    must(bonded(one, false))
    expect(led.kit.sentOf('draw')).toEqual([])
    expect(outcome(show(one))).toBe('CONFLICT')
    must(led.kit.propose(led.one.command('settle', {})))
  })

  it('refused to a rejected worker: its penalty is due as if it had not challenged', () => {
    const led = rejected()
    const one = challenging(led, led.workers[0] as Actor)
    must(commitTo(one))
    must(bonded(one, false))
    led.kit.advance(1_000)
    must(led.kit.propose(led.one.command('lapse', { seen: led.one.seen(), carried: [] })))
    expect(led.kit.sentOf('slash')).toMatchObject([
      { account: led.workers[0]?.did, reason: 'rejected-result' },
    ])
  })
})

describe('entry `void-challenge`', () => {
  it('not shown within one window of its bond: it counts as rejected', () => {
    const led = final()
    const one = challenging(led, led.kit.person(20))
    must(commitTo(one))
    expect(outcome(voidIt(one))).toBe('CONFLICT')
    must(bonded(one))
    led.kit.advance(999)
    expect(outcome(voidIt(one))).toBe('WINDOW_CLOSED')
    led.kit.advance(1)
    expect(outcome(voidIt(one, [led.one.say(one.who, 'CHALLENGE', one.claim)]))).toBe('CONFLICT')
    must(voidIt(one))
    expect(led.kit.lastSent('challenge-end')).toMatchObject({
      outcome: 'rejected',
      answered: [],
      challenger: one.who.did,
    })
    expect(outcome(voidIt(one))).toBe('CONFLICT')
  })

  it('nothing decides it within 72 h: rejected, unless K verdicts were seen', () => {
    const led = final()
    const seats = people(led, 15, 3)
    const one = ready(led, led.kit.person(20), seats)
    const upheld = seats.slice(0, 2).map((seat) => word(one, seat, 'upheld'))
    led.kit.advance(72 * 3_600_000 - 1)
    expect(outcome(voidIt(one))).toBe('WINDOW_CLOSED')
    led.kit.advance(1)
    expect(outcome(voidIt(one, upheld))).toBe('CONFLICT')
    must(voidIt(one, upheld.slice(1)))
    expect(led.kit.lastSent('challenge-end')).toMatchObject({
      outcome: 'rejected',
      answered: [seats[1]?.did],
      silent: [seats[0]?.did, seats[2]?.did],
    })
  })
})

describe('entry `verdict`', () => {
  it('K equal verdicts reject it: the bond is the hub’s matter, the seats are paid, and `settle` goes on', () => {
    const led = final()
    const seats = people(led, 15, 3)
    const one = ready(led, led.kit.person(20), seats)
    expect(outcome(judged(one, [word(one, seats[0] as Actor, 'rejected')]))).toBe('CONFLICT')
    expect(
      outcome(
        judged(
          one,
          seats.slice(0, 2).map((seat, i) => word(one, seat, i === 0 ? 'upheld' : 'rejected')),
        ),
      ),
    ).toBe('CONFLICT')
    expect(outcome(judged(one, [word(one, led.kit.person(22), 'rejected')]))).toBe('NOT_IN_COMMITTEE')
    must(
      judged(
        one,
        seats.slice(0, 2).map((seat) => word(one, seat, 'rejected')),
      ),
    )
    expect(led.kit.lastSent('challenge-end')).toMatchObject({
      outcome: 'rejected',
      challenger: one.who.did,
      answered: seats.slice(0, 2).map(({ did }) => did),
      honest: [],
    })
    led.kit.advance(4_000)
    must(led.kit.propose(led.one.command('settle', {})))
  })

  it('a challenge that was not shown is not judged', () => {
    const led = final()
    const one = challenging(led, led.kit.person(20))
    must(commitTo(one))
    must(bonded(one))
    must(seatRole(led.kit, led.one, 'challenge', people(led, 15, 3)))
    expect(
      outcome(
        judged(
          one,
          people(led, 15, 2).map((seat) => word(one, seat, 'upheld')),
        ),
      ),
    ).toBe('CONFLICT')
  })

  it('is withdrawn by its challenger before the first VERDICT', () => {
    const led = final()
    const seats = people(led, 15, 3)
    const one = ready(led, led.kit.person(20), seats)
    const back = (who: Actor, id = one.said.cid) => [led.one.say(who, 'WITHDRAW', { challenge_id: id })]
    expect(outcome(judged(one, back(led.kit.person(21))))).toBe('NOT_IN_COMMITTEE')
    expect(outcome(judged(one, back(one.who, someLink(1))))).toBe('CONFLICT')
    must(judged(one, back(one.who)))
    expect(led.kit.lastSent('challenge-end')).toMatchObject({ outcome: 'withdrawn' })
    const two = ready(led, led.kit.person(21), seats)
    led.kit.advance(5_000)
    const split = seats.slice(0, 2).map((seat, i) => word(two, seat, i === 0 ? 'upheld' : 'rejected'))
    must(
      led.kit.propose(
        led.one.command('wave', {
          role: 'challenge',
          challenge: two.said.cid,
          verdicts: carried(split),
          seen: led.one.seen(split),
        }),
      ),
    )
    expect(led.kit.lastSent('slash')).toMatchObject({ account: seats[2]?.did, role: 'challenge' })
    expect(led.kit.lastSent('draw')).toMatchObject({ role: 'challenge', count: 1, wave: 1 })
    expect(outcome(judged(two, [led.one.say(two.who, 'WITHDRAW', { challenge_id: two.said.cid })]))).toBe(
      'WINDOW_CLOSED',
    )
  })

  it('K that say that no rule decides call a larger committee, once', () => {
    const led = final()
    const seats = people(led, 15, 3)
    const one = ready(led, led.kit.person(20), seats)
    must(
      judged(
        one,
        seats.slice(0, 2).map((seat) => word(one, seat, 'undecided')),
      ),
    )
    expect(led.kit.lastSent('draw')).toMatchObject({ role: 'challenge', count: 3, wave: 1 })
    must(seatRole(led.kit, led.one, 'challenge', [led.kit.person(18), led.kit.person(19)]))
    expect(outcome(judged(one, [word(one, seats[2] as Actor, 'undecided')]))).toBe('CONFLICT')
    must(
      judged(
        one,
        [18, 19].map((n) => word(one, led.kit.person(n), 'upheld')),
      ),
    )
    expect(led.kit.lastSent('challenge-end')).toMatchObject({ outcome: 'upheld' })
  })

  it('the queue is by place in the log: an upheld one waits for those before it', () => {
    const led = final()
    const seats = people(led, 15, 3)
    const first = ready(led, led.kit.person(20), seats)
    const second = ready(led, led.kit.person(21), seats)
    const upheld = seats.slice(0, 2).map((seat) => word(second, seat, 'upheld'))
    expect(outcome(judged(second, upheld))).toBe('CONFLICT')
    must(
      judged(
        first,
        seats.slice(0, 2).map((seat) => word(first, seat, 'rejected')),
      ),
    )
    must(judged(second, upheld))
  })
})

describe('entry `invalidate`', () => {
  it('worker and wrong seats are slashed and out, quorum and deadline are new, fees are asked for', () => {
    const led = final({ k: 2, opening: { eligible: 20, bootstrap: false, k_result: 2 } })
    const { kit, one, workers, resultSeats } = led
    const seats = people(led, 15, 3)
    const challenge = ready(led, kit.person(20), seats)
    const other = challenging(led, kit.person(21))
    const late = challenging(led, kit.person(22), { proof_type: 'POLICY_BREACH' })
    must(commitTo(other))
    must(bonded(other))
    must(commitTo(late))
    expect(outcome(invalidate(challenge))).toBe('CONFLICT')
    must(
      judged(
        challenge,
        seats.slice(0, 2).map((seat) => word(challenge, seat, 'upheld')),
      ),
    )
    kit.advance(100_000)
    expect(outcome(kit.propose(one.command('settle', {})))).toBe('CONFLICT')
    const sent = kit.sent.length
    must(invalidate(challenge))
    expect(kit.sent.slice(sent)).toMatchObject([
      ...resultSeats.map(({ did }) => ({
        kind: 'slash',
        account: did,
        reason: 'wrong-verdict',
        ppm: 500_000,
        whole_lock: true,
        challenger: challenge.who.did,
      })),
      { kind: 'slash', account: workers[0]?.did, role: 'worker', reason: 'rejected-result', ppm: 1_000_000 },
      { kind: 'challenge-end', challenge: other.said.cid, outcome: 'void' },
      { kind: 'refill', attempt: 1, seats: 7, wrong: resultSeats.map(({ did }) => did) },
    ])
    expect(one.need).toMatchObject({
      state: 'DECIDED',
      attempt: 1,
      upheld: 1,
      kResult: 7,
      deadline: kit.facts.time + 3_600_000,
      awaits: 'refilled',
      wrong: resultSeats.map(({ did }) => did),
    })
    expect(one.need.ranking[0]?.bidder).toBe(workers[1]?.did)
    must(bonded(late))
    expect(kit.lastSent('challenge-end')).toMatchObject({ challenge: late.said.cid, outcome: 'void' })
    expect(outcome(invalidate(challenge))).toBe('CONFLICT')
  })

  function invalidated(bidders = 3): Led {
    const led = final({ bidders })
    const seats = people(led, 15, 3)
    const challenge = ready(led, led.kit.person(20), seats)
    must(
      judged(
        challenge,
        seats.slice(0, 2).map((seat) => word(challenge, seat, 'upheld')),
      ),
    )
    must(invalidate(challenge))
    return led
  }

  function refilled({ kit, one }: Led, isRefilled: boolean, attempt = 1) {
    return kit.receive({
      v: 1,
      kind: 'refilled',
      need: one.id,
      slot: kit.slot,
      attempt,
      refilled: isRefilled,
      amount: credits(1),
    })
  }

  function claim({ kit, one, workers, proposals }: Led) {
    const said = one.say(workers[1] as Actor, 'CLAIM', {
      attempt: one.need.attempt,
      proposal_id: proposals[1]?.cid ?? someLink(1),
      lease_ttl: 2_000,
      heartbeat_interval: 200,
    })
    return kit.propose(one.command('claim', { envelope: said.field }))
  }

  it('`refilled`: the next one’s claim window begins with the answer', () => {
    const led = invalidated()
    const { kit, one } = led
    kit.advance(10_000)
    expect(outcome(claim(led))).toBe('CONFLICT')
    expect(outcome(kit.propose(one.command('lapse', { seen: one.seen(), carried: [] })))).toBe('CONFLICT')
    must(refilled(led, true, 3))
    expect(one.need.awaits).toBe('refilled')
    must(refilled(led, true))
    expect(outcome(kit.propose(one.command('lapse', { seen: one.seen(), carried: [] })))).toBe(
      'WINDOW_CLOSED',
    )
    must(claim(led))
    expect(one.need.lease).toMatchObject({ worker: led.workers[1]?.did })
  })

  it('`refilled` refused: the budget is refunded, EXPIRED', () => {
    const led = invalidated()
    must(refilled(led, false))
    expect(led.one.state).toBe('EXPIRED')
    expect(led.kit.lastSent('end')).toMatchObject({ outcome: 'expired', price: '0' })
  })

  it('with nobody left in the succession no fees are asked for', () => {
    const led = invalidated(1)
    expect(led.kit.sentOf('refill')).toEqual([])
    must(led.kit.propose(led.one.command('expire', { seen: led.one.seen(), carried: [] })))
    expect(led.one.state).toBe('EXPIRED')
  })
})

describe('the worker’s challenge of a `reject`', () => {
  it('its own alone, within one reveal window, once', () => {
    const led = rejected()
    expect(outcome(commitTo(challenging(led, led.kit.person(20))))).toBe('NOT_IN_COMMITTEE')
    const one = challenging(led, led.workers[0] as Actor)
    led.kit.advance(999)
    must(commitTo(one))
    expect(
      outcome(commitTo(challenging(led, led.workers[0] as Actor, { proof_type: 'POLICY_BREACH' }))),
    ).toBe('DUPLICATE')
    const late = rejected()
    late.kit.advance(1_000)
    expect(outcome(commitTo(challenging(late, late.workers[0] as Actor)))).toBe('STALE_ATTEMPT')
  })

  it('upheld: the rejecting seats are slashed, the bond is unlocked, the attempt is not given back', () => {
    const led = rejected()
    const seats = people(led, 15, 3)
    const one = ready(led, led.workers[0] as Actor, seats)
    led.kit.advance(60_000)
    must(
      judged(
        one,
        seats.slice(0, 2).map((seat) => word(one, seat, 'upheld')),
      ),
    )
    expect(led.one.need).toMatchObject({ state: 'DECIDED', attempt: 1, rejections: [] })
    const wrong = led.resultSeats.map(({ did }) => did)
    expect(led.kit.sentOf('slash')).toMatchObject(
      wrong.map((account) => ({ account, attempt: 0, reason: 'wrong-verdict', whole_lock: true })),
    )
    expect(led.kit.lastSent('unlock')).toMatchObject({ account: led.workers[0]?.did, attempt: 0 })
    expect(led.one.need.wrong).toEqual(wrong)
  })

  it('rejected: the bond of its work is slashed then', () => {
    const led = rejected()
    const seats = people(led, 15, 3)
    const one = ready(led, led.workers[0] as Actor, seats)
    led.kit.advance(60_000)
    expect(outcome(led.kit.propose(led.one.command('invalidate', { challenge: one.said.cid })))).toBe(
      'CONFLICT',
    )
    must(
      judged(
        one,
        seats.slice(0, 2).map((seat) => word(one, seat, 'rejected')),
      ),
    )
    expect(led.kit.sentOf('slash')).toMatchObject([
      { account: led.workers[0]?.did, role: 'worker', reason: 'rejected-result' },
    ])
  })

  it('nothing ends the need meanwhile', () => {
    const led = rejected()
    const one = ready(led, led.workers[0] as Actor, people(led, 15, 3))
    led.kit.advance(3_600_000)
    const expire = () => led.kit.propose(led.one.command('expire', { seen: led.one.seen(), carried: [] }))
    expect(outcome(expire())).toBe('CONFLICT')
    led.kit.advance(72 * 3_600_000)
    must(voidIt(one))
    must(expire())
    expect(cidOfText(led.one.key)).toEqual(led.one.id)
  })
})
