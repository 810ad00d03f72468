import { describe, expect, it } from 'vitest'
import type { Payload } from '../../../../src/codec/payload/verbs.ts'
import type { Actor, Spoken } from '../../../../src/sim/heart/actor.ts'
import { carried, cidOfText, someLink } from '../../../setup/heart-bucket.ts'
import { commit, commitEnvelope, type Led, leadTo, must, outcome } from '../../../setup/heart-moves.ts'

const TRUST = { isTrusting: true } as const

function worker({ workers }: Led, n = 0): Actor {
  return workers[n] as Actor
}

function giveBack({ kit, one }: Led, who: Actor, changes: object = {}) {
  const lease_id = one.need.lease === undefined ? someLink(1) : cidOfText(one.need.lease.id)
  const said = one.say(who, 'YIELD', { attempt: one.need.attempt, lease_id, reason: '', ...changes })
  return kit.propose(one.command('yield', { envelope: said.field }))
}

function claim({ one, proposals }: Led, who: Actor, n: number, changes: Partial<Payload<'CLAIM'>> = {}) {
  return one.say(who, 'CLAIM', {
    attempt: one.need.attempt,
    proposal_id: proposals[n]?.cid ?? someLink(1),
    lease_ttl: 2_000,
    heartbeat_interval: 200,
    ...changes,
  })
}

function claimed(led: Led, said: Spoken<'CLAIM'>) {
  return led.kit.propose(led.one.command('claim', { envelope: said.field }))
}

/** DECIDED without a holder: the second worker's turn. */
function decided(bidders = 3): Led {
  const led = leadTo('CLAIMED', { ...TRUST, bidders })
  must(giveBack(led, worker(led)))
  return led
}

describe('entry `claim` (lifecycle.md, "Entries of a need")', () => {
  it('the head of the succession takes the lease by the terms of its CLAIM', () => {
    const led = decided()
    must(claimed(led, claim(led, worker(led, 1), 1)))
    expect(led.one.need).toMatchObject({
      state: 'CLAIMED',
      attempt: 1,
      lease: { worker: worker(led, 1).did, ttl: 2_000, interval: 200 },
    })
    must(commit(led.one, worker(led, 1)))
  })

  it('nobody else, for no other attempt or proposal, and within the network’s bounds (P5)', () => {
    const led = decided()
    expect(outcome(claimed(led, claim(led, worker(led, 2), 2)))).toBe('NOT_LEASE_HOLDER')
    expect(outcome(claimed(led, claim(led, worker(led), 0)))).toBe('NOT_LEASE_HOLDER')
    const second = worker(led, 1)
    expect(outcome(claimed(led, claim(led, second, 1, { attempt: 0 })))).toBe('STALE_ATTEMPT')
    expect(outcome(claimed(led, claim(led, second, 2)))).toBe('CONFLICT')
    expect(outcome(claimed(led, claim(led, second, 1, { lease_ttl: 999 })))).toBe('OVER_CAP')
    expect(outcome(claimed(led, claim(led, second, 1, { heartbeat_interval: 2_001 })))).toBe('OVER_CAP')
    must(claimed(led, claim(led, second, 1)))
    expect(outcome(claimed(led, claim(led, second, 1)))).toBe('CONFLICT')
  })
})

describe('entry `lapse`', () => {
  function lapse({ kit, one }: Led, some: readonly Spoken[] = []) {
    return kit.propose(one.command('lapse', { seen: one.seen(some), carried: carried(some) }))
  }

  it('after the claim window the next one’s begins, and the bond goes back', () => {
    const led = decided()
    led.kit.advance(999)
    expect(outcome(lapse(led))).toBe('WINDOW_CLOSED')
    led.kit.advance(1)
    must(lapse(led))
    expect(led.one.need).toMatchObject({ state: 'DECIDED', attempt: 2 })
    expect(led.kit.lastSent('unlock')).toMatchObject({
      account: worker(led, 1).did,
      attempt: 1,
      unclaimed: true,
    })
    expect(outcome(lapse(led))).toBe('WINDOW_CLOSED')
  })

  it('not when a lawful CLAIM was seen; one that is not lawful does not help', () => {
    const led = decided()
    led.kit.advance(1_000)
    expect(outcome(lapse(led, [claim(led, worker(led, 1), 1)]))).toBe('CONFLICT')
    expect(outcome(lapse(led, [claim(led, worker(led, 2), 2)]))).toBe('applied')
  })

  it('with the succession used up there is nothing to wait for', () => {
    const led = decided(1)
    led.kit.advance(5_000)
    expect(outcome(lapse(led))).toBe('CONFLICT')
    must(led.kit.propose(led.one.command('expire', { seen: led.one.seen(), carried: [] })))
    expect(led.one.state).toBe('EXPIRED')
  })
})

describe('entry `yield` (economy.md, "Auction, leases, routing")', () => {
  it('costs nothing in the first third of the lease', () => {
    const led = leadTo('CLAIMED', TRUST)
    led.kit.advance(20_000)
    must(giveBack(led, worker(led)))
    expect(led.one.need).toMatchObject({ state: 'DECIDED', attempt: 1 })
    expect(led.one.need.lease).toBeUndefined()
    expect(led.kit.sent.slice(1).map(({ kind }) => kind)).toEqual(['unlock'])
  })

  it('costs a part of the bond later', () => {
    const led = leadTo('CLAIMED', TRUST)
    led.kit.advance(20_001)
    must(giveBack(led, worker(led)))
    expect(led.kit.lastSent('slash')).toMatchObject({ reason: 'late-yield', ppm: 10_000, times: 1 })
  })

  it('is the holder’s alone', () => {
    const led = leadTo('CLAIMED', TRUST)
    expect(outcome(giveBack(led, worker(led, 1)))).toBe('NOT_LEASE_HOLDER')
    expect(outcome(giveBack(led, worker(led), { lease_id: someLink(2) }))).toBe('NOT_LEASE_HOLDER')
    expect(outcome(giveBack(led, worker(led), { attempt: 1 }))).toBe('STALE_ATTEMPT')
  })
})

describe('entry `release` (economy.md, "Stake and slashing")', () => {
  function beat({ one }: Led, who: Actor, extend?: number) {
    const lease_id = cidOfText(one.need.lease?.id ?? '')
    const more = extend === undefined ? {} : { extend }
    return one.say(who, 'HEARTBEAT', { attempt: one.need.attempt, lease_id, progress: 1, ...more })
  }

  /** Seen each in its slot. */
  function release(
    { kit, one }: Led,
    beats: readonly (readonly [Spoken, number])[] = [],
    more: readonly Spoken[] = [],
  ) {
    const seen = [...beats, ...more.map((said) => [said, kit.slot] as const)]
      .map(([{ cid }, slot]): [typeof cid, number] => [cid, slot])
      .sort(([a], [b]) => (String(a) < String(b) ? -1 : 1))
    const body = { v: 1 as const, need: one.id, head: one.need.head, slot: kit.slot, seen }
    const statements = kit.voters.map((voter) => voter.state('seen-statement', body))
    return kit.propose(
      one.command('release', {
        beats: carried(beats.map(([said]) => said)),
        seen: statements,
        carried: carried(more),
      }),
    )
  }

  it('three missed beats end the lease: a part of the bond for each', () => {
    const led = leadTo('CLAIMED', TRUST)
    led.kit.advance(1_499)
    expect(outcome(release(led))).toBe('WINDOW_CLOSED')
    led.kit.advance(1)
    must(release(led))
    expect(led.one.need).toMatchObject({ state: 'DECIDED', attempt: 1 })
    expect(led.kit.lastSent('slash')).toMatchObject({ reason: 'missed-beat', ppm: 10_000, times: 3 })
    expect(led.kit.lastSent('unlock')).toMatchObject({ account: worker(led).did })
  })

  it('beats that any voter saw in their time keep it', () => {
    const led = leadTo('CLAIMED', TRUST)
    const beats: [Spoken, number][] = []
    for (let i = 0; i < 5; i++) {
      led.kit.advance(500)
      if (i % 2 === 0) beats.push([beat(led, worker(led)), led.kit.slot])
    }
    expect(outcome(release(led, beats))).toBe('WINDOW_CLOSED')
    expect(outcome(release(led, beats.slice(1)))).toBe('applied')
  })

  it('beats of one moment are one beat, and those of others none', () => {
    const led = leadTo('CLAIMED', TRUST)
    led.kit.advance(500)
    const at = led.kit.slot
    const together = Array.from({ length: 4 }, (): [Spoken, number] => [beat(led, worker(led)), at])
    led.kit.advance(1_500)
    const others = Array.from({ length: 4 }, (_, i): [Spoken, number] => [
      beat(led, worker(led, 1)),
      at + (i % 2),
    ])
    expect(outcome(release(led, [...together, ...others]))).toBe('applied')
  })

  it('the lease runs out, with what its beats asked for', () => {
    const led = leadTo('CLAIMED', TRUST)
    const beats: [Spoken, number][] = []
    for (let i = 0; i < 120; i++) {
      led.kit.advance(500)
      beats.push([beat(led, worker(led), i === 0 ? 1_000 : undefined), led.kit.slot])
    }
    expect(outcome(release(led, beats))).toBe('WINDOW_CLOSED')
    led.kit.advance(1_000)
    must(release(led, beats))
    expect(led.kit.sentOf('slash')).toMatchObject([{ times: 2 }])
  })

  it('not when a lawful COMMIT or YIELD was seen', () => {
    const led = leadTo('CLAIMED', TRUST)
    led.kit.advance(10_000)
    expect(outcome(release(led, [], [commitEnvelope(led.one, worker(led))]))).toBe('CONFLICT')
    expect(outcome(release(led, [], [commitEnvelope(led.one, worker(led, 1))]))).toBe('applied')
  })

  it('a new leader grants one full interval; nobody is late for the time without one', () => {
    const led = leadTo('CLAIMED', TRUST)
    const { kit } = led
    const lead = () =>
      kit.propose({ v: 1, kind: 'lead', bucket: kit.bucket, slot: kit.slot, by: kit.voter(1).did })
    kit.advance(3_600_000)
    must(lead())
    expect(outcome(release(led))).toBe('WINDOW_CLOSED')
    kit.advance(1_499)
    expect(outcome(release(led))).toBe('WINDOW_CLOSED')
    kit.advance(1)
    expect(outcome(release(led))).toBe('applied')
  })
})

describe('entry `commit`', () => {
  it('class simple: its seats judge since then', () => {
    const led = leadTo('CLAIMED', TRUST)
    must(commit(led.one, worker(led)))
    expect(led.one.need).toMatchObject({ state: 'COMMITTED', commit: { worker: worker(led).did } })
    expect(led.kit.sentOf('draw')).toEqual([])
  })

  it('classes complex and critical, and any later attempt, draw their seats now', () => {
    const complex = leadTo('CLAIMED', { ...TRUST, need: { task_class: 'complex' } })
    must(commit(complex.one, worker(complex)))
    expect(complex.kit.lastSent('draw')).toMatchObject({
      role: 'result',
      attempt: 0,
      wave: 0,
      count: 1,
      exclude: [complex.one.requester.did, ...complex.workers.map(({ did }) => did)],
    })
    const later = decided()
    must(claimed(later, claim(later, worker(later, 1), 1)))
    must(commit(later.one, worker(later, 1)))
    expect(later.kit.lastSent('draw')).toMatchObject({ role: 'result', attempt: 1 })
  })

  it('the holder alone, in its attempt', () => {
    const led = leadTo('CLAIMED', TRUST)
    expect(outcome(commit(led.one, worker(led, 1)))).toBe('NOT_LEASE_HOLDER')
    expect(outcome(commit(led.one, worker(led), { attempt: 1 }))).toBe('STALE_ATTEMPT')
  })

  it('with the fence token of its lease, whatever was raised since (P4)', () => {
    const led = leadTo('CLAIMED', TRUST)
    const { kit, one } = led
    const body = { v: 1 as const, generation: 0, bucket: kit.bucket, fence_epoch: 1, reason: '' }
    const raises = kit.voters.map((voter) => voter.state('fence-raise', body))
    must(
      kit.propose({ v: 1, kind: 'fence', bucket: kit.bucket, slot: kit.slot, by: kit.voter().did, raises }),
    )
    const { fence } = commitEnvelope(one, worker(led)).payload
    const wrong = [{ bucket: 8 }, { generation: 1 }, { fence_epoch: 1 }, { record: someLink(1) }]
    for (const change of wrong) {
      expect(outcome(commit(one, worker(led), { fence: { ...fence, ...change } }))).toBe('STALE_EPOCH')
    }
    expect(outcome(commit(one, worker(led), { lease_id: someLink(1) }))).toBe('STALE_EPOCH')
    must(commit(one, worker(led)))
  })

  it('a superseded lease commits nothing, even by its own worker (P4)', () => {
    const led = leadTo('CLAIMED', TRUST)
    const late = commitEnvelope(led.one, worker(led))
    must(giveBack(led, worker(led)))
    const propose = () => led.kit.propose(led.one.command('commit', { envelope: late.field, have: [] }))
    expect(outcome(propose())).toBe('CONFLICT')
    must(claimed(led, claim(led, worker(led, 1), 1)))
    expect(outcome(propose())).toBe('STALE_ATTEMPT')
  })

  it('content of many bytes is held by a majority, within what voters pin', () => {
    const led = leadTo('CLAIMED', TRUST)
    const { kit, one } = led
    const cid = someLink(50)
    const propose = (size: number, count: number) => {
      const have = kit.voters
        .slice(0, count)
        .map((voter) => voter.state('have-statement', { v: 1 as const, need: one.id, cid }))
      const envelope = commitEnvelope(one, worker(led), { artifact: { cid, size } }).field
      return outcome(kit.ask(one.command('commit', { envelope, have })))
    }
    expect(propose(65_536, 0)).toBe('applied')
    expect(propose(65_537, 1)).toBe('CONFLICT')
    expect(propose(65_537, 2)).toBe('applied')
    expect(propose(64 * 2 ** 20 + 1, 3)).toBe('TOO_LARGE')
  })

  it('what the capsule denies is refused with its code', () => {
    const judge = (_: string, { body }: { body: { kind: string } }) =>
      body.kind === 'COMMIT'
        ? ({ ok: false, error: { code: 'WRONG_CAPSULE', message: 'no' } } as const)
        : ({ ok: true, value: undefined } as const)
    const led = leadTo('CLAIMED', { ...TRUST, judge })
    expect(outcome(commit(led.one, worker(led)))).toBe('WRONG_CAPSULE')
  })
})
