import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { decodeDagCbor } from '../../../../src/codec/dag-cbor/decode.ts'
import { decodeBucketCommand, encodeBucketCommand } from '../../../../src/codec/entry/bucket-command.ts'
import type { Need } from '../../../../src/core/bucket/tables.ts'
import { isOver, NEED_STATES, type NeedState } from '../../../../src/core/bucket/transitions.ts'
import type { NeedKit } from '../../../setup/heart-bucket.ts'
import { RandomHistory } from '../../../setup/heart-random.ts'

const HISTORIES = 16
const MOVES = 150

/** Attestations that a record names: who said them, and what. */
function attestationsOf(history: RandomHistory, one: NeedKit, key: string) {
  const read = decodeDagCbor(history.kit.records.get('records', `${one.key} ${key}`) ?? new Uint8Array())
  const ids = read.ok ? (read.value as { attestations: readonly unknown[] }).attestations : []
  return ids.map((id) => history.said.get(String(id)))
}

/** P6: enough distinct seats, each of which accepts. `seats` as the committee had them. */
function expectQuorum(history: RandomHistory, one: NeedKit, key: string, k: number, role: string): void {
  const said = attestationsOf(history, one, key)
  const seats = history.kit.records.get('committees', `${one.key} ${role}`)?.seats ?? []
  const senders = said.map((spoken) => spoken?.sender)
  expect(new Set(senders).size).toBe(said.length)
  expect(said.length).toBeGreaterThanOrEqual(k)
  for (const spoken of said) {
    expect(spoken?.payload).toMatchObject({ verdict: 'accept' })
    expect(seats).toContain(spoken?.sender)
  }
}

/** What may never happen, whatever is proposed. */
function watch(history: RandomHistory, one: NeedKit, seen: Map<NeedState, number>): () => void {
  let last: Need = one.need
  let decided: Uint8Array | undefined
  return () => {
    const { need } = one
    const { records } = history.kit
    seen.set(need.state, (seen.get(need.state) ?? 0) + 1)
    const record = records.get('records', `${one.key} decide`)
    if (decided !== undefined) expect(record, 'P1: one DECIDE, for ever').toEqual(decided)
    if (decided === undefined && record !== undefined) {
      expectQuorum(history, one, 'decide', records.get('terms', one.key)?.kPlan ?? 0, 'plan 0')
    }
    decided = record
    expect(need.attempt, 'P4: attempts never go back').toBeGreaterThanOrEqual(last.attempt)
    if (last.state === 'CLAIMED' && need.state === 'COMMITTED') {
      expect(need.commit?.worker, 'P4: only the holder commits').toBe(last.lease?.worker)
      expect(need.attempt).toBe(last.attempt)
    }
    if (need.state === 'CLAIMED') {
      expect(need.lease, 'P5: who is CLAIMED has a holder').toBeDefined()
      if (last.state === 'CLAIMED') expect(need.lease, 'P5: one holder at a time').toEqual(last.lease)
      else expect(need.lease?.worker, 'the head of the succession holds').toBe(need.ranking[0]?.bidder)
    }
    if (need.state === 'OPEN' || need.state === 'RANKED' || need.state === 'DECIDED') {
      expect(need.lease, 'P5: nobody holds').toBeUndefined()
    }
    if (last.state !== 'FINAL' && need.state === 'FINAL') {
      const k = records.get('committees', `${one.key} result ${need.attempt}`)?.k ?? 0
      expectQuorum(history, one, `finalize ${need.attempt}`, k, `result ${need.attempt}`)
    }
    if (isOver(last.state)) expect(need.state, 'what is over stays so').toBe(last.state)
    expect(history.kit.sentOf('end').length, 'a need ends once').toBe(isOver(need.state) ? 1 : 0)
    last = need
  }
}

describe('random histories (verification.md, "Properties")', () => {
  const seen = new Map<NeedState, number>()
  const kinds = new Map<string, number>()

  beforeAll(() => {
    for (let seed = 1; seed <= HISTORIES; seed++) {
      const history = new RandomHistory(seed)
      const checks = history.needs.map((one) => watch(history, one, seen))
      const isUnderWay = () => history.needs.some(({ need }) => need.over === undefined)
      for (let i = 0; i < MOVES && isUnderWay(); i++) {
        const step = history.next()
        const outcome = step === undefined ? 'none' : step.verdict.kind
        kinds.set(outcome, (kinds.get(outcome) ?? 0) + 1)
        for (const check of checks) check()
      }
    }
  })

  it('P1, P4, P5 and P6 hold, nothing throws, and what is refused changes nothing', () => {
    expect(kinds.get('applied') ?? 0).toBeGreaterThan(HISTORIES * 5)
    expect(kinds.get('rejected') ?? 0).toBeGreaterThan(HISTORIES * 10)
  })

  it('histories go everywhere, so that the properties mean something', () => {
    const never = NEED_STATES.filter((state) => !seen.has(state))
    expect(never).toEqual(['SPLIT'])
  })
})

describe('commands of strangers', () => {
  it('bytes that are no command are refused by their form, never thrown at', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(decodeBucketCommand(bytes).ok).toBe(false)
      }),
    )
  })

  it('a flipped byte of a command makes another command or none, and the machine answers both', () => {
    const history = new RandomHistory(3)
    const { kit } = history
    const [one] = history.needs
    if (one === undefined) throw new Error('a history has a need')
    const bytes = encodeBucketCommand(
      one.command('cancel', { envelope: one.say(one.requester, 'CANCEL', {}).field }),
    )
    fc.assert(
      fc.property(fc.nat({ max: bytes.length - 1 }), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const flipped = bytes.slice()
        flipped[at] = (flipped[at] ?? 0) ^ flip
        const read = decodeBucketCommand(flipped)
        if (!read.ok) return
        const { verdict, writes, effects } = kit.ask(read.value)
        if (verdict.kind === 'rejected') expect([...writes, ...effects]).toEqual([])
      }),
      { numRuns: 500 },
    )
    expect(one.state).toBe('OPEN')
  })
})
