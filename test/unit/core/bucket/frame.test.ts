import { describe, expect, it } from 'vitest'
import type { BucketCommand } from '../../../../src/codec/entry/bucket-command.ts'
import { type NeedEntry, TRANSITIONS } from '../../../../src/core/bucket/transitions.ts'
import { NeedKit, someLink } from '../../../setup/heart-bucket.ts'
import { type Led, leadTo, must, outcome, type Stage } from '../../../setup/heart-moves.ts'

const TRUST = { isTrusting: true } as const

describe('the frame of every command (lifecycle.md, "Entries of a need")', () => {
  it('only a voter of the group proposes', () => {
    const { kit, one } = leadTo('FINAL', TRUST)
    const command = { ...one.command('settle', {}), by: kit.person(20).did }
    expect(outcome(kit.propose(command))).toBe('NOT_IN_COMMITTEE')
  })

  it('a slot that is not known is refused, and slots never go back', () => {
    const { kit, one } = leadTo('CLAIMED', TRUST)
    expect(outcome(kit.propose({ ...one.command('settle', {}), slot: 99 }))).toBe('WINDOW_CLOSED')
    expect(outcome(kit.propose({ ...one.command('settle', {}), slot: kit.slot - 1 }))).toBe('WINDOW_CLOSED')
  })

  it("another chain head than the need's is refused, and the message has the head", () => {
    const { kit, one } = leadTo('FINAL', TRUST)
    const step = kit.propose({ ...one.command('settle', {}), prev: new Uint8Array(32) } as BucketCommand)
    expect(outcome(step)).toBe('CONFLICT')
    expect(step.verdict).toMatchObject({ message: expect.stringContaining(one.need.head.toHex()) })
  })

  it('a need that is not here is refused', () => {
    const { kit, one } = leadTo('FINAL', TRUST)
    const command = { ...one.command('settle', {}), need: someLink(77) } as BucketCommand
    expect(outcome(kit.propose(command))).toBe('UNKNOWN_THREAD')
  })

  it('an entry that an envelope of another need is in is refused', () => {
    const { kit, one } = leadTo('OPEN', TRUST)
    const other = new NeedKit(kit, {}, 'need-2')
    const envelope = other.say(other.requester, 'CANCEL', {}).field
    expect(outcome(kit.propose(one.command('cancel', { envelope })))).toBe('UNKNOWN_THREAD')
  })

  it('a signature that is not its sender’s is refused', () => {
    const { kit, one } = leadTo('OPEN')
    const said = one.say(one.requester, 'CANCEL', {}).field as { sig: { s: Uint8Array } }
    const envelope = { ...said, sig: { ...said.sig, s: new Uint8Array(64).fill(1) } } as never
    expect(outcome(kit.propose(one.command('cancel', { envelope })))).toBe('BAD_SIGNATURE')
  })

  it('each applied item moves the head of the chain, a refused one does not', () => {
    const { kit, one } = leadTo('OPEN', TRUST)
    const { head } = one.need
    const step = kit.propose(one.command('settle', {}))
    expect(step.subject).toBeUndefined()
    expect(one.need.head).toEqual(head)
    const envelope = one.say(one.requester, 'CANCEL', {}).field
    const applied = must(kit.propose(one.command('cancel', { envelope })))
    expect(one.need.head).not.toEqual(head)
    expect(applied.subject).toEqual({ name: one.key, head: one.need.head })
  })
})

/** The least command of each kind; what it says beyond its state is of no matter here. */
function leastCommand({ one }: Led, kind: Exclude<NeedEntry, 'open'>): BucketCommand | undefined {
  const envelope = one.spoken.field
  const link = someLink(3)
  const nothing = { seen: [], carried: [] }
  const fields: Partial<Record<NeedEntry, object>> = {
    cancel: { envelope },
    close: { proposals: [], seen: [], have: [] },
    pass: { proposal: link, verdicts: [], seen: [] },
    decide: { proposal: link, reveal: [], verdicts: [], fence_epoch: 0 },
    claim: { envelope },
    lapse: nothing,
    yield: { envelope },
    release: { beats: [], ...nothing },
    commit: { envelope, have: [] },
    reveal: { commitments: [], seen: [] },
    wave: { role: 'result', verdicts: [], seen: [] },
    finalize: { verdicts: [] },
    reject: { verdicts: [] },
    challenge: { envelope },
    'void-challenge': { challenge: link, ...nothing },
    verdict: { challenge: link, verdicts: [] },
    invalidate: { challenge: link },
    settle: {},
    expire: nothing,
    split: nothing,
  }
  const content = fields[kind]
  return content === undefined ? undefined : one.command(kind as 'settle', content)
}

describe('the table of states', () => {
  const stages: readonly Stage[] = ['OPEN', 'RANKED', 'CLAIMED', 'COMMITTED', 'FINAL']
  const kinds = Object.keys(TRANSITIONS) as Exclude<NeedEntry, 'open'>[]

  it.each(stages)('entries that the table has not for %s are refused for that', (stage) => {
    const led = leadTo(stage, TRUST)
    for (const kind of kinds) {
      const command = leastCommand(led, kind)
      if (command === undefined || TRANSITIONS[kind][led.one.need.state] !== undefined) continue
      const { verdict } = led.kit.ask(command)
      expect(verdict, kind).toMatchObject({ kind: 'rejected', code: 'CONFLICT' })
      if (kind !== 'decide') expect(verdict, kind).toMatchObject({ message: `no ${kind} in ${stage} (kind)` })
    }
  })
})
