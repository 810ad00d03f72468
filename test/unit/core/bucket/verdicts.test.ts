import { describe, expect, it } from 'vitest'
import { decodeDagCbor } from '../../../../src/codec/dag-cbor/decode.ts'
import type { Actor, Spoken } from '../../../../src/sim/heart/actor.ts'
import { carried, cidOfText } from '../../../setup/heart-bucket.ts'
import {
  attest,
  attestCommit,
  attestPlan,
  commit,
  finalize,
  type LeadOptions,
  type Led,
  leadTo,
  must,
  outcome,
  reveal,
  SALT,
  seatResult,
  seatRole,
  type Verdict,
} from '../../../setup/heart-moves.ts'

const TRUST = { isTrusting: true } as const
const SHOWN = { salt: SALT }

function votes({ one, resultSeats }: Led, ...verdicts: readonly Verdict[]): readonly Spoken[] {
  return verdicts.map((verdict, i) => attest(one, resultSeats[i] as Actor, verdict))
}

function decided(kind: 'finalize' | 'reject', { kit, one }: Led, verdicts: readonly Spoken[]) {
  return kit.propose(one.command(kind, { verdicts: carried(verdicts) }))
}

function wave({ kit, one }: Led, verdicts: readonly Spoken[] = [], role: 'plan' | 'result' = 'result') {
  return kit.propose(one.command('wave', { role, verdicts: carried(verdicts), seen: one.seen(verdicts) }))
}

describe('entry `finalize` (lifecycle.md, "Entries of a need")', () => {
  it('K_result accepting seats: FINAL, with a record that anybody computes from the entry', () => {
    const led = leadTo('COMMITTED', { ...TRUST, k: 3 })
    const said = votes(led, 'accept', 'accept', 'accept')
    const { verdict } = must(decided('finalize', led, said))
    const read = decodeDagCbor(verdict.kind === 'applied' ? verdict.result : new Uint8Array())
    expect(read.ok && read.value).toMatchObject({
      kind: 'FINALIZE',
      attempt: 0,
      worker: led.workers[0]?.did,
      k_result: 3,
      attestations: said.map(({ id }) => id).sort(),
      decide: cidOfText(led.one.need.decision?.record ?? ''),
    })
    expect(led.one.state).toBe('FINAL')
  })

  it('fewer, repeated, strange or other verdicts do not (P6)', () => {
    const led = leadTo('COMMITTED', { ...TRUST, k: 2 })
    const { one, kit, resultSeats } = led
    const [first] = votes(led, 'accept')
    const second = (changes: object) => attest(one, resultSeats[1] as Actor, 'accept', changes)
    expect(outcome(decided('finalize', led, []))).toBe('CONFLICT')
    expect(outcome(decided('finalize', led, [first as Spoken]))).toBe('CONFLICT')
    expect(outcome(decided('finalize', led, [first as Spoken, attest(one, resultSeats[0] as Actor)]))).toBe(
      'CONFLICT',
    )
    expect(outcome(decided('finalize', led, [first as Spoken, attest(one, kit.person(20))]))).toBe(
      'NOT_IN_COMMITTEE',
    )
    expect(outcome(decided('finalize', led, [first as Spoken, second({ commit_id: one.id })]))).toBe(
      'CONFLICT',
    )
    expect(outcome(decided('finalize', led, votes(led, 'accept', 'reject')))).toBe('CONFLICT')
    expect(outcome(decided('finalize', led, [one.say(kit.person(0), 'CANCEL', {})]))).toBe('MALFORMED')
    must(decided('finalize', led, [first as Spoken, second({})]))
  })

  it('verdicts that a wave carried count, each once', () => {
    const led = leadTo('COMMITTED', { ...TRUST, k: 2 })
    led.kit.advance(5_000)
    const said = votes(led, 'accept')
    must(wave(led, said))
    must(seatRole(led.kit, led.one, 'result', [led.kit.person(20)]))
    expect(outcome(decided('finalize', led, said))).toBe('CONFLICT')
    must(decided('finalize', led, [attest(led.one, led.kit.person(20))]))
    expect(led.one.state).toBe('FINAL')
  })

  it('two verdicts of one seat on one COMMIT count for neither side; on others they are two (consensus.md, "Quorums")', () => {
    const led = leadTo('COMMITTED', { ...TRUST, k: 2 })
    const { one, resultSeats } = led
    const two = attest(one, resultSeats[0] as Actor, 'reject')
    expect(outcome(decided('finalize', led, [...votes(led, 'accept', 'accept'), two]))).toBe('CONFLICT')
    expect(
      outcome(
        decided('reject', led, [...votes(led, 'reject', 'reject'), attest(one, resultSeats[0] as Actor)]),
      ),
    ).toBe('CONFLICT')
  })
})

describe('entry `reject`', () => {
  it('K_result that do not accept: the next worker’s turn, the penalty waits', () => {
    const led = leadTo('COMMITTED', { ...TRUST, k: 3 })
    must(decided('reject', led, votes(led, 'reject', 'unavailable', 'reject')))
    const { one, kit, workers } = led
    expect(one.need).toMatchObject({ state: 'DECIDED', attempt: 1 })
    expect(one.need.ranking[0]?.bidder).toBe(workers[1]?.did)
    expect(one.need.rejections).toMatchObject([{ attempt: 0, worker: workers[0]?.did, isWrong: true }])
    expect(kit.sentOf('slash')).toEqual([])
    kit.advance(999)
    expect(outcome(kit.ask(one.command('lapse', { seen: one.seen(), carried: [] })))).toBe('WINDOW_CLOSED')
    kit.advance(1)
    must(kit.propose(one.command('lapse', { seen: one.seen(), carried: [] })))
    expect(kit.sent.slice(1)).toMatchObject([
      {
        kind: 'slash',
        account: workers[0]?.did,
        role: 'worker',
        reason: 'rejected-result',
        ppm: 1_000_000,
        attempt: 0,
      },
      { kind: 'unlock', account: workers[1]?.did, attempt: 1 },
    ])
    expect(one.need.rejections).toEqual([])
  })

  it('a result that could not be had costs its worker nothing', () => {
    const led = leadTo('COMMITTED', { ...TRUST, k: 3 })
    must(decided('reject', led, votes(led, 'unavailable', 'reject', 'unavailable')))
    led.kit.advance(1_000)
    must(led.kit.propose(led.one.command('lapse', { seen: led.one.seen(), carried: [] })))
    expect(led.kit.sentOf('slash')).toEqual([])
    expect(led.kit.sentOf('unlock').map(({ attempt }) => attempt)).toEqual([0, 1])
  })

  it('not by fewer, and not by those who accept', () => {
    const led = leadTo('COMMITTED', { ...TRUST, k: 2 })
    expect(outcome(decided('reject', led, votes(led, 'reject')))).toBe('CONFLICT')
    expect(outcome(decided('reject', led, votes(led, 'accept', 'accept')))).toBe('CONFLICT')
  })
})

describe('entry `wave` (lifecycle.md, "Committees")', () => {
  it('calls as many seats as are missing when no side can reach K', () => {
    const led = leadTo('COMMITTED', { ...TRUST, k: 3 })
    expect(outcome(wave(led, votes(led, 'accept', 'accept')))).toBe('CONFLICT')
    must(wave(led, votes(led, 'accept', 'reject', 'accept')))
    expect(led.kit.lastSent('draw')).toMatchObject({ role: 'result', attempt: 0, wave: 1, count: 1 })
    expect(led.kit.sentOf('slash')).toEqual([])
    led.kit.advance(10_000)
    expect(outcome(wave(led))).toBe('CONFLICT')
    must(seatRole(led.kit, led.one, 'result', [led.kit.person(20)]))
    must(decided('finalize', led, [attest(led.one, led.kit.person(20))]))
  })

  it('who was silent until the time was over is slashed and out', () => {
    const led = leadTo('COMMITTED', { ...TRUST, k: 3 })
    const { one, kit, resultSeats } = led
    const said = votes(led, 'accept')
    kit.advance(4_999)
    expect(outcome(wave(led, said))).toBe('CONFLICT')
    kit.advance(1)
    must(wave(led, said))
    expect(kit.sentOf('slash')).toMatchObject(
      resultSeats.slice(1).map(({ did }) => ({
        account: did,
        role: 'result',
        reason: 'silent-seat',
        ppm: 10_000,
        whole_lock: false,
      })),
    )
    expect(kit.lastSent('draw')).toMatchObject({ count: 2, wave: 1 })
    must(seatRole(kit, one, 'result', [kit.person(20), kit.person(21)]))
    const late = attest(one, resultSeats[1] as Actor)
    expect(outcome(decided('finalize', led, [late]))).toBe('NOT_IN_COMMITTEE')
    must(decided('finalize', led, [attest(one, kit.person(20)), attest(one, kit.person(21))]))
  })

  it('not where a side has its K, and needs a majority’s statements', () => {
    const led = leadTo('COMMITTED', { ...TRUST, k: 2 })
    led.kit.advance(10_000)
    expect(outcome(wave(led, votes(led, 'accept', 'accept')))).toBe('CONFLICT')
    const command = led.one.command('wave', { role: 'result', verdicts: [], seen: [] })
    expect(outcome(led.kit.propose(command))).toBe('CONFLICT')
  })

  it('a used-up order calls nobody; silence costs all the same', () => {
    const led = leadTo('COMMITTED', { ...TRUST, k: 2 })
    led.kit.advance(5_000)
    must(wave(led, votes(led, 'accept')))
    must(seatRole(led.kit, led.one, 'result', [led.kit.person(20)], true))
    expect(outcome(wave(led))).toBe('CONFLICT')
    led.kit.advance(5_000)
    must(wave(led))
    expect(led.kit.lastSent('slash')).toMatchObject({ account: led.kit.person(20).did })
    expect(led.kit.sentOf('draw').length).toBe(1)
    expect(outcome(wave(led))).toBe('WINDOW_CLOSED')
  })

  it('plan seats have their time from when a majority of voters saw the plan', () => {
    const led = leadTo('RESERVED', { ...TRUST, k: 2 })
    const { kit, one, planSeats, proposals, workers } = led
    const said = [
      reveal(one, workers[0] as Actor, proposals[0] as Spoken<'PROPOSE'>),
      attestPlan(one, planSeats[0] as Actor, proposals[0] as Spoken<'PROPOSE'>),
    ]
    kit.advance(900)
    const early = kit.slot
    kit.advance(500)
    const late = kit.slot
    kit.advance(999)
    const propose = () => {
      const seen = [
        ...one.seen(said, [kit.voter(0)], early),
        ...one.seen(said, [kit.voter(1)], late),
        ...one.seen([], [kit.voter(2)]),
      ]
      return kit.propose(one.command('wave', { role: 'plan', verdicts: carried(said), seen }))
    }
    expect(outcome(propose())).toBe('CONFLICT')
    kit.advance(1)
    must(propose())
    expect(kit.lastSent('slash')).toMatchObject({
      account: planSeats[1]?.did,
      role: 'plan',
      reason: 'silent-seat',
    })
    expect(kit.lastSent('draw')).toMatchObject({ role: 'plan', count: 1 })
  })

  it('a plan that a majority has not seen is not late', () => {
    const led = leadTo('RESERVED', { ...TRUST, k: 2 })
    const { kit, one, proposals, workers } = led
    const shown = reveal(one, workers[0] as Actor, proposals[0] as Spoken<'PROPOSE'>)
    kit.advance(60_000)
    const seen = [...one.seen([shown], [kit.voter(0)], kit.slot - 1), ...one.seen([], [kit.voter(1)])]
    const command = one.command('wave', { role: 'plan', verdicts: carried([shown]), seen })
    expect(outcome(kit.propose(command))).toBe('CONFLICT')
  })
})

describe('entry `reveal`: verdicts are committed to before they are shown (economy.md, "Pools")', () => {
  const COMPLEX: LeadOptions = { ...TRUST, k: 2, need: { task_class: 'complex' } }

  function showable({ kit, one }: Led, said: readonly Spoken[], isSeen = true) {
    const seen = isSeen ? one.seen(said) : []
    return kit.propose(one.command('reveal', { commitments: carried(said), seen }))
  }

  function bound({ one, resultSeats }: Led, ...verdicts: readonly Verdict[]): readonly Spoken[] {
    return verdicts.map((verdict, i) => attestCommit(one, resultSeats[i] as Actor, verdict))
  }

  it('no verdict counts before all seats have committed themselves', () => {
    const led = leadTo('COMMITTED', COMPLEX)
    const { one, resultSeats } = led
    const shown = resultSeats.map((who) => attest(one, who, 'accept', SHOWN))
    expect(outcome(decided('finalize', led, shown))).toBe('WINDOW_CLOSED')
    expect(outcome(showable(led, bound(led, 'accept'), false))).toBe('CONFLICT')
    must(showable(led, bound(led, 'accept', 'accept'), false))
    must(decided('finalize', led, shown))
    expect(one.state).toBe('FINAL')
  })

  it('a seat shows what it committed to, and nothing else', () => {
    const led = leadTo('COMMITTED', COMPLEX)
    const { one, resultSeats } = led
    must(showable(led, bound(led, 'accept', 'reject'), false))
    const first = attest(one, resultSeats[0] as Actor, 'accept', SHOWN)
    const other = attest(one, resultSeats[1] as Actor, 'accept', SHOWN)
    const bare = attest(one, resultSeats[0] as Actor, 'accept')
    expect(outcome(decided('finalize', led, [first, other]))).toBe('CONFLICT')
    expect(outcome(decided('finalize', led, [bare]))).toBe('CONFLICT')
  })

  it('the first commitment of a seat binds it, strangers’ bind nobody', () => {
    const led = leadTo('COMMITTED', COMPLEX)
    const { one, kit, resultSeats } = led
    const again = attestCommit(one, resultSeats[0] as Actor, 'reject')
    const stranger = attestCommit(one, kit.person(20), 'reject')
    must(showable(led, [...bound(led, 'accept', 'accept'), again, stranger], false))
    must(
      decided(
        'finalize',
        led,
        resultSeats.map((who) => attest(one, who, 'accept', SHOWN)),
      ),
    )
    expect(one.state).toBe('FINAL')
  })

  it('when the time is over those who committed show; who did not is silent', () => {
    const led = leadTo('COMMITTED', COMPLEX)
    const { one, kit, resultSeats } = led
    kit.advance(4_999)
    expect(outcome(showable(led, bound(led, 'accept')))).toBe('WINDOW_CLOSED')
    kit.advance(1)
    must(showable(led, bound(led, 'accept')))
    expect(outcome(showable(led, []))).toBe('CONFLICT')
    must(wave(led, [attest(one, resultSeats[0] as Actor, 'accept', SHOWN)]))
    expect(kit.sentOf('slash')).toMatchObject([{ account: resultSeats[1]?.did, reason: 'silent-seat' }])
    expect(kit.lastSent('draw')).toMatchObject({ role: 'result', wave: 1, count: 1 })
    must(seatRole(kit, one, 'result', [kit.person(20)]))
    must(showable(led, [attestCommit(one, kit.person(20))], false))
    must(decided('finalize', led, [attest(one, kit.person(20), 'accept', SHOWN)]))
  })

  it('who committed and does not show loses as for a wrong verdict', () => {
    const led = leadTo('COMMITTED', COMPLEX)
    const { one, kit, resultSeats } = led
    must(showable(led, bound(led, 'accept', 'accept'), false))
    const said = [attest(one, resultSeats[0] as Actor, 'accept', SHOWN)]
    kit.advance(999)
    expect(outcome(wave(led, said))).toBe('CONFLICT')
    kit.advance(1)
    must(wave(led, said))
    expect(kit.sentOf('slash')).toMatchObject([
      { account: resultSeats[1]?.did, reason: 'unrevealed-verdict', ppm: 500_000, whole_lock: true },
    ])
  })

  it('not where verdicts need no commitment, nor before the seats are known', () => {
    const simple = leadTo('COMMITTED', TRUST)
    expect(outcome(showable(simple, [], false))).toBe('CONFLICT')
    const led = leadTo('CLAIMED', COMPLEX)
    must(commit(led.one, led.workers[0] as Actor))
    led.kit.advance(10_000)
    expect(outcome(showable(led, []))).toBe('CONFLICT')
    must(seatResult(led))
    must(showable(led, bound(led, 'accept', 'accept'), false))
  })
})

describe('effect `seated`', () => {
  it('an answer that nobody waits for changes nothing but the chain', () => {
    const led = leadTo('COMMITTED', { ...TRUST, k: 2 })
    const { kit, one, resultSeats } = led
    const seats = () => kit.records.get('committees', `${one.key} result 0`)?.seats
    const effect = {
      v: 1,
      kind: 'seated',
      need: one.id,
      role: 'result',
      attempt: 0,
      answered: kit.slot,
      ...one.drawn([kit.person(20).did]),
    } as const
    must(kit.receive({ ...effect, wave: 0 }))
    kit.advance(5_000)
    must(wave(led))
    must(kit.receive({ ...effect, wave: 2 }))
    expect(seats()).toEqual(resultSeats.map(({ did }) => did))
    must(kit.receive({ ...effect, wave: 1 }))
    expect(seats()?.length).toBe(3)
    must(finalizeAfter(led))
  })

  it('gives the seats of a wave their whole time, however old the roster is that they were drawn from', () => {
    const led = leadTo('COMMITTED', { ...TRUST, k: 1 })
    const { kit, one } = led
    const drawn = one.drawn([kit.person(20).did])
    kit.advance(5_000)
    must(wave(led))
    must(
      kit.receive({
        v: 1,
        kind: 'seated',
        need: one.id,
        role: 'result',
        attempt: 0,
        wave: 1,
        answered: kit.slot,
        ...drawn,
      }),
    )
    kit.advance(4_000)
    expect(outcome(wave(led))).toBe('CONFLICT')
    kit.advance(1_100)
    must(wave(led))
  })

  function finalizeAfter(led: Led) {
    led.kit.advance(5_000)
    const step = wave(led, [attest(led.one, led.kit.person(20))])
    expect(outcome(finalize(led.one, []))).toBe('CONFLICT')
    return step
  }
})
