import { describe, expect, it } from 'vitest'
import { termsOf } from '../../../../src/core/bucket/terms.ts'
import { BucketKit, NeedKit, parametersOnWire, someLink } from '../../../setup/heart-bucket.ts'
import { leadTo, must, outcome } from '../../../setup/heart-moves.ts'

const TRUST = { isTrusting: true } as const

describe('entry `open` (lifecycle.md, "Entries of a need")', () => {
  it('the need is OPEN with its seats, quorums, deadline and parameters', () => {
    const { kit, one, planSeats, resultSeats } = leadTo('OPEN', { ...TRUST, k: 2 })
    expect(one.need).toMatchObject({ state: 'OPEN', attempt: 0, bidRound: 0, kResult: 2 })
    expect(kit.records.get('terms', one.key)).toMatchObject({ kPlan: 2, requester: one.requester.did })
    const seatsOf = (key: string) => kit.records.get('committees', `${one.key} ${key}`)?.seats
    expect(seatsOf('plan 0')).toEqual(planSeats.map(({ did }) => did))
    expect(seatsOf('result 0')).toEqual(resultSeats.map(({ did }) => did))
  })

  it('parameters are kept once for all needs with the same ones, and a need keeps those that it was opened with', () => {
    const kit = new BucketKit(TRUST)
    const needs = ['a', 'b', 'c'].map((key) => new NeedKit(kit, {}, key))
    const [first, second, third] = needs as [NeedKit, NeedKit, NeedKit]
    must(first.open())
    must(second.open())
    must(third.open({ parameters: parametersOnWire({ bidWindowMs: 77 }) }))
    expect(kit.records.keys('parameters').length).toBe(2)
    const windows = needs.map(({ key }) => termsOf(kit.records, key)?.parameters.bidWindowMs)
    expect(windows).toEqual([250, 250, 77])
    expect(termsOf(kit.records, 'none')).toBeUndefined()
  })

  it('a need opens once, in the bucket that was drawn, with the NEED that it names', () => {
    const kit = new BucketKit(TRUST)
    const one = new NeedKit(kit)
    expect(outcome(one.open({ bucket: 8 }))).toBe('CONFLICT')
    expect(outcome(one.open({ need: someLink(4) }))).toBe('MALFORMED')
    expect(outcome(one.open({ parameters: { ...parametersOnWire(), slotMs: 1 } }))).toBe('MALFORMED')
    expect(outcome(one.open({ plan: { ...one.drawn([]), slot: 99 } }))).toBe('WINDOW_CLOSED')
    must(one.open())
    expect(outcome(one.open())).toBe('DUPLICATE')
  })

  it('a NEED that the capsule denies ends at once, and is refunded', () => {
    const judge = () => ({ ok: false, error: { code: 'POLICY_DENIED', message: 'no' } }) as const
    const kit = new BucketKit({ ...TRUST, judge })
    const one = new NeedKit(kit)
    must(one.open())
    expect(one.state).toBe('CANCELLED')
    expect(kit.lastSent('end')).toMatchObject({ outcome: 'cancelled', price: '0', answered: [] })
  })

  it('classes complex and critical commit to verdicts before they show them, class simple when it asks', () => {
    const revealOf = (need: object) => {
      const { kit, one } = leadTo('OPEN', { ...TRUST, need })
      return kit.records.get('terms', one.key)?.isCommitReveal
    }
    expect(revealOf({})).toBe(false)
    expect(revealOf({ constraints: { commit_reveal: true } })).toBe(true)
    expect(revealOf({ task_class: 'complex' })).toBe(true)
    expect(revealOf({ task_class: 'critical' })).toBe(true)
  })
})

describe('entry `cancel`', () => {
  it('the requester takes the need back while it is OPEN: refund, unlock', () => {
    const { kit, one } = leadTo('OPEN', TRUST)
    const envelope = one.say(one.requester, 'CANCEL', {}).field
    must(kit.propose(one.command('cancel', { envelope })))
    expect(one.state).toBe('CANCELLED')
    expect(kit.lastSent('end')).toMatchObject({ outcome: 'cancelled', price: '0' })
  })

  it('nobody else does, and no other verb', () => {
    const { kit, one, workers } = leadTo('OPEN', TRUST)
    const stranger = one.say(workers[0] as never, 'CANCEL', {}).field
    expect(outcome(kit.propose(one.command('cancel', { envelope: stranger })))).toBe('NOT_IN_COMMITTEE')
    const verb = one.say(one.requester, 'WITHDRAW', { challenge_id: someLink(1) }).field
    expect(outcome(kit.propose(one.command('cancel', { envelope: verb })))).toBe('MALFORMED')
  })

  it('not after `close`', () => {
    const { kit, one } = leadTo('RANKED', TRUST)
    const envelope = one.say(one.requester, 'CANCEL', {}).field
    expect(outcome(kit.propose(one.command('cancel', { envelope })))).toBe('CONFLICT')
  })
})
