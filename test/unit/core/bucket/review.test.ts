import { describe, expect, it } from 'vitest'
import type { Actor } from '../../../../src/sim/heart/actor.ts'
import { carried } from '../../../setup/heart-bucket.ts'
import {
  type Challenging,
  final,
  judged,
  people,
  ready,
  voidIt,
  word,
} from '../../../setup/heart-challenges.ts'
import { must, outcome, seatRole } from '../../../setup/heart-moves.ts'

describe('challenges that no committee decides (economy.md, "Challenges")', () => {
  /** A challenge whose seats all say that no rule decides, in an order that is used up. */
  function reviewed() {
    const led = final()
    const seats = people(led, 15, 3)
    const one = ready(led, led.kit.person(20), seats, {}, true)
    must(
      judged(
        one,
        seats.slice(0, 2).map((seat) => word(one, seat, 'undecided')),
      ),
    )
    const review = (says: 'upheld' | 'rejected') =>
      led.kit.receive({
        v: 1,
        kind: 'reviewed',
        need: led.one.id,
        slot: led.kit.slot,
        challenge: one.said.cid,
        outcome: says,
      })
    const state = () => led.kit.records.get('challenges', `${led.one.key} ${one.said.id}`)?.state
    return { led, seats, one, review, state }
  }

  it('with an order that is used up they call for people, whom governance speaks for', () => {
    for (const says of ['upheld', 'rejected'] as const) {
      const { led, seats, one, review, state } = reviewed()
      expect(state()).toBe('review')
      expect(led.kit.sentOf('draw').length).toBe(1)
      expect(outcome(judged(one, [word(one, seats[2] as Actor, 'upheld')]))).toBe('CONFLICT')
      must(review(says))
      expect(state()).toBe(says === 'upheld' ? 'upheld' : 'closed')
      expect(led.kit.lastSent('challenge-end')).toMatchObject({
        outcome: says,
        answered: seats.slice(0, 2).map(({ did }) => did),
        silent: [],
      })
      const sent = led.kit.sent.length
      must(review(says))
      expect(led.kit.sent.length).toBe(sent)
    }
  })

  it('so do 2K of them in the larger committee, and an order that is used up without K of one voice', () => {
    const larger = final()
    const seats = people(larger, 15, 3)
    const one = ready(larger, larger.kit.person(20), seats)
    const doubt = (seat: Actor) => word(one, seat, 'undecided')
    must(judged(one, seats.slice(0, 2).map(doubt)))
    const more = [18, 19].map((n) => larger.kit.person(n))
    must(seatRole(larger.kit, larger.one, 'challenge', more))
    must(judged(one, more.map(doubt)))
    const stateOf = ({ led, said }: Challenging) =>
      led.kit.records.get('challenges', `${led.one.key} ${said.id}`)?.state
    expect(stateOf(one)).toBe('review')
    const split = final()
    const judges = people(split, 15, 3)
    const two = ready(split, split.kit.person(20), judges, {}, true)
    const words = (['upheld', 'rejected', 'undecided'] as const).map((says, at) =>
      word(two, judges[at] as Actor, says),
    )
    must(
      split.kit.propose(
        split.one.command('wave', {
          role: 'challenge',
          challenge: two.said.cid,
          verdicts: carried(words),
          seen: split.one.seen(words),
        }),
      ),
    )
    expect(stateOf(two)).toBe('review')
  })

  it('nobody has to review: at the last deadline, counted from CHALLENGE, it is rejected and slashes no seat', () => {
    const { led, one, state } = reviewed()
    expect(outcome(voidIt(one))).toBe('WINDOW_CLOSED')
    led.kit.advance(72 * 3_600_000)
    const slashes = led.kit.sentOf('slash').length
    must(voidIt(one))
    expect(state()).toBe('closed')
    expect(led.kit.lastSent('challenge-end')).toMatchObject({ outcome: 'rejected', silent: [] })
    expect(led.kit.sentOf('slash').length).toBe(slashes)
  })

  it('a review that upholds changes nothing while a challenge before it is open', () => {
    const led = final()
    const seats = people(led, 15, 3)
    const first = ready(led, led.kit.person(20), seats, {}, true)
    const second = ready(led, led.kit.person(21), seats, {}, true)
    must(
      judged(
        second,
        seats.slice(0, 2).map((seat) => word(second, seat, 'undecided')),
      ),
    )
    const effect = { v: 1, need: led.one.id, slot: led.kit.slot, outcome: 'upheld' } as const
    must(led.kit.receive({ ...effect, kind: 'reviewed', challenge: second.said.cid }))
    must(led.kit.receive({ ...effect, kind: 'reviewed', challenge: first.said.cid }))
    const states = [first, second].map(
      ({ said }) => led.kit.records.get('challenges', `${led.one.key} ${said.id}`)?.state,
    )
    expect(states).toEqual(['revealed', 'review'])
  })
})
