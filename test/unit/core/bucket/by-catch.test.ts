import { describe, expect, it } from 'vitest'
import { challengeCommitment } from '../../../../src/codec/payload/commitments.ts'
import type { Actor, Spoken } from '../../../../src/sim/heart/actor.ts'
import { carried, cidOfText, credits, sha256, someLink } from '../../../setup/heart-bucket.ts'
import {
  attest,
  commitEnvelope,
  type Led,
  leadTo,
  must,
  outcome,
  SALT,
  seatRole,
} from '../../../setup/heart-moves.ts'

const TRUST = { isTrusting: true } as const

const CLAIM = {
  attempt: 0,
  proof_type: 'SCHEMA_VIOLATION',
  proof: { size_bytes: 1, gas_estimate: 1 },
  evidence: { inline: Uint8Array.of(1) },
  salt: SALT,
} as const

/** The second worker has claimed while the first one's challenge of its rejection is judged by these seats. */
interface Scene {
  readonly led: Led
  readonly challenge: Spoken<'CHALLENGE_COMMIT'>
  readonly seats: readonly Actor[]
  readonly worker: Actor
}

function scene(): Scene {
  const led = leadTo('COMMITTED', { ...TRUST, k: 2, bidders: 3 })
  const { kit, one, workers, proposals, resultSeats } = led
  const first = workers[0] as Actor
  const worker = workers[1] as Actor
  must(
    kit.propose(
      one.command('reject', { verdicts: carried(resultSeats.map((seat) => attest(one, seat, 'reject'))) }),
    ),
  )
  const hash = challengeCommitment(kit.net, first.did, { need_id: one.id, ...CLAIM }, sha256)
  const challenge = one.say(first, 'CHALLENGE_COMMIT', { attempt: 0, bond: credits(10), hash })
  must(kit.propose(one.command('challenge', { envelope: challenge.field })))
  must(
    kit.receive({
      v: 1,
      kind: 'bonded',
      need: one.id,
      slot: kit.slot,
      challenge: challenge.cid,
      bonded: true,
    }),
  )
  const seats = [15, 16, 17].map((n) => kit.person(n))
  must(seatRole(kit, one, 'challenge', seats))
  must(kit.propose(one.command('challenge', { envelope: one.say(first, 'CHALLENGE', CLAIM).field })))
  const claim = one.say(worker, 'CLAIM', {
    attempt: 1,
    proposal_id: proposals[1]?.cid ?? someLink(1),
    lease_ttl: 60_000,
    heartbeat_interval: 2_000,
  })
  must(kit.propose(one.command('claim', { envelope: claim.field })))
  return { led, challenge, seats, worker }
}

function word({ led: { one }, challenge }: Scene, seat: Actor, says: 'upheld' | 'rejected' = 'upheld') {
  const evidence = { inline: Uint8Array.of(1) }
  return one.say(seat, 'VERDICT', { challenge_id: challenge.cid, outcome: says, gas_used: 1, evidence })
}

function wave({ led: { kit, one }, challenge }: Scene, some: readonly Spoken[]) {
  const seen = one.seen(some)
  return kit.propose(
    one.command('wave', { role: 'challenge', challenge: challenge.cid, verdicts: carried(some), seen }),
  )
}

describe('what an entry carries beside what it is about (consensus.md, "Buckets")', () => {
  it('a COMMIT or YIELD that would be taken now goes first: no leader hides it in another entry', () => {
    const made = scene()
    const { led, worker, seats } = made
    led.kit.advance(5_000)
    const said = word(made, seats[0] as Actor)
    expect(outcome(wave(made, [said, commitEnvelope(led.one, worker)]))).toBe('CONFLICT')
    const lease_id = cidOfText(led.one.need.lease?.id ?? '')
    expect(
      outcome(wave(made, [said, led.one.say(worker, 'YIELD', { attempt: 1, lease_id, reason: '' })])),
    ).toBe('CONFLICT')
    expect(outcome(wave(made, [said, commitEnvelope(led.one, led.workers[2] as Actor)]))).toBe('applied')
  })

  it('heartbeats that another entry carried count in `release`', () => {
    const made = scene()
    const { led, worker, seats } = made
    const { kit, one } = led
    const beats: Spoken[] = []
    const lease_id = cidOfText(one.need.lease?.id ?? '')
    for (let i = 0; i < 3; i++) {
      kit.advance(2_000)
      beats.push(one.say(worker, 'HEARTBEAT', { attempt: 1, lease_id, progress: i }))
    }
    must(wave(made, [word(made, seats[0] as Actor), ...beats.slice(2)]))
    kit.advance(1_999)
    const release = () => kit.propose(one.command('release', { beats: [], seen: one.seen(), carried: [] }))
    expect(outcome(release())).toBe('WINDOW_CLOSED')
    kit.advance(1)
    expect(outcome(release())).toBe('applied')
  })

  it('a verdict counts, whichever entry carries it', () => {
    const made = scene()
    const { led, challenge, seats } = made
    const { kit, one } = led
    kit.advance(6_000)
    const said = word(made, seats[0] as Actor)
    must(kit.propose(one.command('release', { beats: [], seen: one.seen([said]), carried: carried([said]) })))
    const verdicts = carried([word(made, seats[1] as Actor)])
    must(kit.propose(one.command('verdict', { challenge: challenge.cid, verdicts })))
    expect(kit.lastSent('challenge-end')).toMatchObject({
      outcome: 'upheld',
      answered: seats.slice(0, 2).map(({ did }) => did),
    })
  })

  it('a CANCEL goes before `close`, a CLAIM before `expire`', () => {
    const { kit, one, proposals } = leadTo('OPEN', TRUST)
    kit.advance(1_000)
    const some = [...proposals, one.say(one.requester, 'CANCEL', {})]
    expect(
      outcome(
        kit.propose(one.command('close', { proposals: carried(some), seen: one.seen(some), have: [] })),
      ),
    ).toBe('CONFLICT')
    const made = scene()
    must(giveUp(made))
    const { led } = made
    led.kit.advance(80 * 3_600_000)
    const claim = led.one.say(led.workers[2] as Actor, 'CLAIM', {
      attempt: 2,
      proposal_id: led.proposals[2]?.cid ?? someLink(1),
      lease_ttl: 60_000,
      heartbeat_interval: 2_000,
    })
    const expire = led.one.command('expire', { seen: led.one.seen([claim]), carried: carried([claim]) })
    expect(led.kit.propose(expire).verdict).toMatchObject({ message: expect.stringContaining('CLAIM') })
  })

  function giveUp({ led, worker }: Scene) {
    const lease_id = cidOfText(led.one.need.lease?.id ?? '')
    const said = led.one.say(worker, 'YIELD', { attempt: 1, lease_id, reason: '' })
    return led.kit.propose(led.one.command('yield', { envelope: said.field }))
  }
})
