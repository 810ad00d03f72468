import { describe, expect, it } from 'vitest'
import type { GovernanceBody } from '../../../../src/codec/entry/hub-command.ts'
import { decodeGenesis, encodeGenesis } from '../../../../src/codec/genesis/genesis.ts'
import { judgeGenesis } from '../../../../src/core/system/open-hub.ts'
import type { Actor } from '../../../../src/sim/heart/actor.ts'
import { CREDIT, Hub, linkTo, micro, needPayload } from './hub-fixture.ts'

type Act = GovernanceBody['act']
const LOCK_MS = 2_000

function rejected(code: string) {
  return { verdict: { kind: 'rejected', code }, writes: [], effects: [] }
}

function governed(): Hub {
  const hub = new Hub({ voters: 5, genesis: { parameters: { voteTimeLockMs: LOCK_MS } } })
  hub.slots(1)
  return hub
}

function vote(hub: Hub, act: Act, { votes = 5, nonce = 1, by = hub.voters }: VoteOptions = {}) {
  const body: GovernanceBody = { v: 1, nonce, act }
  const signed = by.slice(0, votes).map((voter) => {
    const { s } = voter.state('governance-vote', body)
    return { voter: voter.did, s }
  })
  return hub.command({ v: 1, kind: 'govern', slot: hub.slot, body, votes: signed })
}

interface VoteOptions {
  readonly votes?: number
  readonly nonce?: number
  readonly by?: readonly Actor[]
}

function minting(hub: Hub): Act {
  return { kind: 'mint', to: hub.person(0).did, amount: micro(5) }
}

describe('governance by the keys of genesis (economy.md, "Registry, marketplace, channels, governance, breakers")', () => {
  it('three fifths take effect after the time-lock, not before', () => {
    const hub = governed()
    expect(vote(hub, minting(hub), { votes: 3 }).verdict.kind).toBe('applied')
    hub.nextSlot({ ms: LOCK_MS - 1 })
    expect(hub.balance(hub.person(0).did)).toBe(10_000n * CREDIT)
    hub.nextSlot()
    expect(hub.balance(hub.person(0).did)).toBe(10_005n * CREDIT)
    hub.nextSlot()
    expect(hub.balance(hub.person(0).did)).toBe(10_005n * CREDIT)
  })

  it('four fifths take effect at once, fewer than three fifths never', () => {
    const hub = governed()
    expect(vote(hub, minting(hub), { votes: 2 })).toMatchObject(rejected('NOT_IN_COMMITTEE'))
    expect(vote(hub, minting(hub), { votes: 4 }).verdict.kind).toBe('applied')
    expect(hub.balance(hub.person(0).did)).toBe(10_005n * CREDIT)
    const { kept, made } = hub.supplies()
    expect(kept).toEqual(made)
  })

  it('an act counts once, a vote once, and only of who governs', () => {
    const hub = governed()
    vote(hub, minting(hub))
    expect(vote(hub, minting(hub))).toMatchObject(rejected('DUPLICATE'))
    const [one] = hub.voters as [Actor]
    expect(vote(hub, minting(hub), { nonce: 2, by: [one, one, one, one, one] })).toMatchObject(
      rejected('DUPLICATE'),
    )
    expect(vote(hub, minting(hub), { nonce: 2, by: hub.people })).toMatchObject(rejected('NOT_IN_COMMITTEE'))
    const body: GovernanceBody = { v: 1, nonce: 2, act: minting(hub) }
    const votes = hub.voters.map((voter) => ({
      voter: voter.did,
      s: voter.state('governance-vote', { ...body, nonce: 3 }).s,
    }))
    expect(hub.command({ v: 1, kind: 'govern', slot: 1, body, votes })).toMatchObject(
      rejected('BAD_SIGNATURE'),
    )
  })

  it('parameters are taken within their bounds, and those that break the bound on self-challenges are refused', () => {
    const hub = governed()
    const change = (changes: Record<string, number | string>, nonce: number) =>
      vote(hub, { kind: 'parameters', changes } as Act, { nonce })
    expect(change({ kTarget: 0 }, 1)).toMatchObject(rejected('MALFORMED'))
    expect(change({ noSuch: 1 }, 1)).toMatchObject(rejected('MALFORMED'))
    expect(change({ slashToChallengerPpm: 600_000, slashToInsurancePpm: 400_000 }, 1)).toMatchObject(
      rejected('OVER_CAP'),
    )
    expect(change({ kTarget: 7 }, 1).verdict.kind).toBe('applied')
    expect(hub.records.get('settings', 'all')?.parameters.kTarget).toBe(7)
  })

  it('a genesis with parameters that break it is refused as well', () => {
    const { genesis } = governed()
    const parameters = { slashToChallengerBootstrapPpm: 1_000_000 }
    const opened = decodeGenesis(encodeGenesis({ ...genesis, parameters }), governed().world.sha256)
    if (!opened.ok) throw new Error('not read')
    expect(judgeGenesis(opened.value)).toMatchObject({ ok: false, error: { code: 'OVER_CAP' } })
  })

  it('a higher minimum stake deactivates who is under it, at once', () => {
    const hub = governed()
    vote(hub, { kind: 'parameters', changes: { verifierStakeMinMicro: micro(1_001) } })
    expect(hub.records.get('network', 'all')?.active).toBe(0)
    for (const { did } of hub.verifiers) expect(hub.records.get('agents', did)?.isActive).toBe(false)
  })

  it("a bucket's fence is raised at once, or after the time-lock, by an effect to that bucket alone", () => {
    const hub = governed()
    vote(hub, { kind: 'fence', bucket: 7, reason: 'split' }, { votes: 4 })
    expect(hub.sent).toEqual([
      { bucket: 7, effect: { v: 1, kind: 'fence', bucket: 7, slot: 1, reason: 'split' } },
    ])
    vote(hub, { kind: 'fence', bucket: 9, reason: '' }, { votes: 3, nonce: 2 })
    expect(hub.sent.length).toBe(1)
    hub.nextSlot({ ms: LOCK_MS })
    expect(hub.lastSent('fence')).toMatchObject({ at: 9, bucket: 9, slot: 2 })
    expect(vote(hub, { kind: 'fence', bucket: 7, reason: '' }, { votes: 2, nonce: 3 })).toMatchObject(
      rejected('NOT_IN_COMMITTEE'),
    )
  })

  it('what people came to about a challenge goes to the bucket of its need; a need that none runs is refused', () => {
    const hub = governed()
    const need = hub.person(0).need(needPayload(), 0)
    hub.envelope(need)
    const act = { kind: 'review', need: need.cid, challenge: linkTo(9), outcome: 'upheld' } as const
    expect(vote(hub, act)).toMatchObject(rejected('UNKNOWN_THREAD'))
    hub.slots(3)
    const { at } = hub.lastSent('open')
    vote(hub, act)
    expect(hub.lastSent('reviewed')).toMatchObject({ at, need: need.cid, outcome: 'upheld', slot: hub.slot })
  })

  it('a pause needs four fifths, refuses new needs, and is lifted alike', () => {
    const hub = governed()
    expect(vote(hub, { kind: 'pause', paused: true }, { votes: 3 })).toMatchObject(
      rejected('NOT_IN_COMMITTEE'),
    )
    vote(hub, { kind: 'pause', paused: true }, { votes: 4 })
    const need = hub.person(0).need(needPayload(), 0)
    expect(hub.envelope(need)).toMatchObject(rejected('HALTED'))
    vote(hub, { kind: 'pause', paused: false }, { nonce: 2 })
    expect(hub.envelope(need).verdict.kind).toBe('applied')
  })

  it('a capsule has a window in which the old one is valid too, and is then the one in force', () => {
    const hub = governed()
    const capsule = hub.person(0).need(needPayload(), 0).id
    expect(vote(hub, { kind: 'capsule', capsule, from: 1, until: 4 })).toMatchObject(
      rejected('WINDOW_CLOSED'),
    )
    vote(hub, { kind: 'capsule', capsule, from: 3, until: 4 })
    expect(vote(hub, { kind: 'capsule', capsule, from: 5, until: 6 }, { nonce: 2 })).toMatchObject(
      rejected('CONFLICT'),
    )
    hub.slots(2)
    expect(hub.records.get('settings', 'all')?.capsule).toBe('')
    hub.slots(1)
    expect(hub.records.get('settings', 'all')).toMatchObject({ capsule })
  })
})

describe('bootstrap mode (consensus.md, "Quorums")', () => {
  const SETTLE = 1_000
  function leave(hub: Hub) {
    return hub.command({ v: 1, kind: 'leave-bootstrap', slot: hub.slot })
  }
  function growing(): Hub {
    const parameters = { bootstrapVerifiers: 5, bootstrapSettleMs: SETTLE }
    const hub = new Hub({ verifiers: 4, genesis: { parameters } })
    hub.slots(1)
    return hub
  }
  function registerOne(hub: Hub) {
    const payload = { stake: micro(150), capabilities: ['text/summarize'] }
    hub.envelope(hub.person(0).account('REGISTER', payload, 0))
  }

  it('ends after enough active verifiers for long enough, once and for all', () => {
    const hub = growing()
    expect(leave(hub)).toMatchObject(rejected('WINDOW_CLOSED'))
    registerOne(hub)
    hub.slots(SETTLE / 50 - 1)
    expect(leave(hub)).toMatchObject(rejected('WINDOW_CLOSED'))
    hub.slots(1)
    expect(leave(hub).verdict.kind).toBe('applied')
    expect(leave(hub)).toMatchObject(rejected('CONFLICT'))
    hub.envelope(hub.person(0).account('DEREGISTER', {}, 0))
    expect(hub.records.get('network', 'all')).toMatchObject({ isBootstrap: false, active: 4 })
  })

  it('a break begins the time anew', () => {
    const hub = growing()
    registerOne(hub)
    hub.slots(SETTLE / 50 - 1)
    hub.envelope(hub.person(0).account('UNSTAKE', { amount: micro(100) }, 0))
    hub.envelope(hub.person(0).account('STAKE', { amount: micro(100) }, 0))
    hub.slots(1)
    expect(leave(hub)).toMatchObject(rejected('WINDOW_CLOSED'))
  })

  it('is not entered where genesis has enough verifiers that are active', () => {
    const bootstrap = (verifiers: number, stake = micro(1_000)) =>
      new Hub({ verifiers, stake, genesis: { parameters: { bootstrapVerifiers: 5 } } }).records.get(
        'network',
        'all',
      )?.isBootstrap
    expect(bootstrap(4)).toBe(true)
    expect(bootstrap(5)).toBe(false)
    expect(bootstrap(5, micro(99))).toBe(true)
  })
})
