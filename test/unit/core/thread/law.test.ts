import { describe, expect, it } from 'vitest'
import { heads } from '../../../../src/core/thread/queries.ts'
import type { Seq } from '../../../../src/model/ids.ts'
import { env, Fold, header, rowsWritten } from './thread-model.ts'

const opened = () => new Fold().giveAll([env('a1', 1, [])])

describe('prev (law.1)', () => {
  it('the opener has no prev and seq 1', () => {
    const fold = new Fold()
    expect(fold.outcome(env('a1', 1, []))).toBe('accepted')
    expect(heads(fold.maps)).toEqual(['a1'])
  })

  it('an envelope without prev that has no right to open is MALFORMED', () => {
    const stranger = header({ id: 'b1', sender: 'b', seq: 1, lamport: 1, prev: [], opens: false })
    expect(new Fold().outcome(stranger)).toBe('MALFORMED')
  })

  it('an opener with seq 2 is MALFORMED', () => {
    const late = header({ id: 'a2', sender: 'a', seq: 2, lamport: 2, prev: [], opens: true })
    expect(opened().outcome(late)).toBe('MALFORMED')
  })

  it('the right to open changes nothing for an envelope with prev', () => {
    const again = header({ id: 'a2', sender: 'a', seq: 2, lamport: 2, prev: ['a1'], opens: true })
    expect(opened().outcome(again)).toBe('accepted')
  })

  it('eight ids are lawful, nine are MALFORMED before any of them is known', () => {
    const fold = opened()
    const joined = 'bcdefghi'.split('').map((sender) => env(`${sender}1`, 2, ['a1']))
    fold.giveAll(joined)
    const eight = joined.slice(0, 8).map(({ id }) => id)
    expect(fold.outcome(env('k1', 3, eight))).toBe('accepted')
    expect(fold.outcome(env('l1', 3, [...eight.map((id) => `${id}x`), 'a1']))).toBe('MALFORMED')
  })

  it('an id twice, its own id and an empty id are MALFORMED, and never held', () => {
    const fold = opened()
    expect(fold.outcome(env('b1', 2, ['a1', 'a1']))).toBe('MALFORMED')
    expect(fold.outcome(env('b1', 2, ['a1', 'b1']))).toBe('MALFORMED')
    expect(fold.outcome(env('b1', 2, ['']))).toBe('MALFORMED')
    expect(fold.maps.held.size).toBe(0)
  })

  it('an empty id and an empty sender are MALFORMED', () => {
    expect(opened().outcome(header({ id: '', sender: 'b', seq: 1, lamport: 2, prev: ['a1'] }))).toBe(
      'MALFORMED',
    )
    expect(opened().outcome(header({ id: 'b1', sender: '', seq: 1, lamport: 2, prev: ['a1'] }))).toBe(
      'MALFORMED',
    )
  })
})

describe('seq (law.2)', () => {
  it('seq 2 names the sender’s own seq 1', () => {
    const fold = opened().giveAll([env('b1', 2, ['a1'])])
    expect(fold.outcome(env('b2', 3, ['b1']))).toBe('accepted')
  })

  it('seq 2 that names only others is MALFORMED, even though seq 1 is known', () => {
    const fold = opened().giveAll([env('b1', 2, ['a1'])])
    expect(fold.outcome(env('b2', 3, ['a1']))).toBe('MALFORMED')
  })

  it('seq 3 that names the sender’s own seq 1 is MALFORMED', () => {
    const fold = opened().giveAll([env('b1', 2, ['a1']), env('b2', 3, ['b1'])])
    expect(fold.outcome(env('b3', 4, ['b1']))).toBe('MALFORMED')
  })

  it('seq 3 that names two of its own is MALFORMED, in either order', () => {
    const fold = opened().giveAll([env('b1', 2, ['a1']), env('b2', 3, ['b1'])])
    expect(fold.outcome(env('b3', 4, ['b2', 'b1']))).toBe('MALFORMED')
    expect(fold.outcome(env('b3', 4, ['b1', 'b2']))).toBe('MALFORMED')
  })

  it('seq 1 that names one of its own is MALFORMED', () => {
    const fold = opened().giveAll([env('b1', 2, ['a1'])])
    expect(fold.outcome(env('b1x', 3, ['b1']))).toBe('MALFORMED')
  })

  it.each([0, -1, 1.5, Number.NaN, 1e308, Number.POSITIVE_INFINITY])('seq %d is MALFORMED at once', (seq) => {
    const absurd = header({ id: 'b', sender: 'b', seq, lamport: 2, prev: ['unknown'] })
    expect(opened().outcome(absurd)).toBe('MALFORMED')
  })
})

describe('lamport (law.3)', () => {
  it.each([
    [0, 'BAD_LAMPORT'],
    [1, 'accepted'],
    [4_097, 'accepted'],
    [4_098, 'BAD_LAMPORT'],
  ])('an opener with lamport %d: %s', (lamport, outcome) => {
    expect(new Fold().outcome(env('a1', lamport, []))).toBe(outcome)
  })

  it.each([
    [12, 'BAD_LAMPORT'],
    [13, 'accepted'],
    [13 + 4_096, 'accepted'],
    [13 + 4_097, 'BAD_LAMPORT'],
  ])('after lamport 5 and 12 comes 13 to 13 + 4,096: %d is %s', (lamport, outcome) => {
    const fold = opened().giveAll([env('b1', 5, ['a1']), env('c1', 12, ['a1'])])
    expect(fold.outcome(env('d1', lamport, ['c1', 'b1']))).toBe(outcome)
  })

  it.each([Number.NaN, 1.5, -3, 2 ** 53, 1e308])('lamport %d is BAD_LAMPORT at once', (lamport) => {
    expect(opened().outcome(env('b1', lamport, ['unknown']))).toBe('BAD_LAMPORT')
  })

  it('lamport below seq is BAD_LAMPORT at once: it rises with each own envelope', () => {
    expect(opened().outcome(env('b7', 6, ['unknown']))).toBe('BAD_LAMPORT')
    expect(opened().outcome(env('b7', 7, ['unknown']))).toBe('held')
  })

  it('at the end of the safe integers the range is cut, not wrapped', () => {
    const fold = new Fold()
    const last = env('a1', Number.MAX_SAFE_INTEGER - 1, [])
    fold.maps.accepted.set(last.id, last)
    expect(fold.outcome(env('b1', Number.MAX_SAFE_INTEGER, ['a1']))).toBe('accepted')
    expect(fold.outcome(env('c1', Number.MAX_SAFE_INTEGER, ['b1']))).toBe('BAD_LAMPORT')
    expect(fold.outcome(env('c1', Number.MAX_SAFE_INTEGER + 1, ['b1']))).toBe('BAD_LAMPORT')
  })
})

describe('refusals', () => {
  it('an envelope of another thread is UNKNOWN_THREAD, even when it comes first', () => {
    const foreign = header({
      id: 'a1',
      sender: 'a',
      seq: 1,
      lamport: 1,
      prev: [],
      opens: true,
      thread: 'other',
    })
    expect(new Fold().outcome(foreign)).toBe('UNKNOWN_THREAD')
  })

  it('the same id again is DUPLICATE with the first id, accepted or held', () => {
    const fold = opened().giveAll([env('b2', 4, ['b1'])])
    for (const again of [env('a1', 1, []), env('b2', 4, ['b1'])]) {
      const step = fold.give(again)
      expect(step.result).toMatchObject({ ok: false, error: { code: 'DUPLICATE', first: again.id } })
      expect(rowsWritten(step) + step.effects.length).toBe(0)
    }
  })

  it('a refusal writes nothing and asks for nothing', () => {
    const step = opened().give(env('b1', 1, ['a1']))
    expect(rowsWritten(step) + step.effects.length).toBe(0)
  })
})

describe('room', () => {
  it('more envelopes of one sender than its share are OVER_CAP; others go on', () => {
    const fold = new Fold({ envelopesPerSenderMax: 2 })
    fold.giveAll([env('a1', 1, []), env('a2', 2, ['a1'])])
    expect(fold.outcome(env('a3', 3, ['a2']))).toBe('OVER_CAP')
    expect(fold.outcome(env('b1', 3, ['a2']))).toBe('accepted')
  })

  it('a seq beyond the share is OVER_CAP at once, before its prev are known', () => {
    const far = { ...env('b9', 9, ['b8']), seq: 1_000_000 as Seq }
    expect(new Fold({ envelopesPerSenderMax: 100 }).outcome({ ...far, lamport: 1e9 as never })).toBe(
      'OVER_CAP',
    )
  })

  it('the bodies of a forked seq all come out of the sender’s share', () => {
    const fold = new Fold({ envelopesPerSenderMax: 3 }).giveAll([env('a1', 1, [])])
    expect(['b1x', 'b1y', 'b1z', 'b1w'].map((id) => fold.outcome(env(id, 2, ['a1'])))).toEqual([
      'accepted',
      'accepted',
      'accepted',
      'OVER_CAP',
    ])
  })

  it('more senders or envelopes than the thread may have are OVER_CAP', () => {
    const senders = new Fold({ sendersMax: 2 }).giveAll([env('a1', 1, []), env('b1', 2, ['a1'])])
    expect(senders.outcome(env('c1', 2, ['a1']))).toBe('OVER_CAP')
    expect(senders.outcome(env('b2', 3, ['b1']))).toBe('accepted')
    const envelopes = new Fold({ envelopesMax: 2 }).giveAll([env('a1', 1, []), env('b1', 2, ['a1'])])
    expect(envelopes.outcome(env('b2', 3, ['b1']))).toBe('OVER_CAP')
  })

  it('a sender counts once, however many of its envelopes one step frees', () => {
    const fold = new Fold({ sendersMax: 2 })
    fold.giveAll([env('a2', 2, ['a1']), env('b1', 3, ['a2']), env('a1', 1, [])])
    expect([...fold.maps.accepted.keys()]).toEqual(['a1', 'a2', 'b1'])
  })

  it('held envelopes that find no room when they are freed are refused, within one step too', () => {
    const fold = new Fold({ envelopesMax: 2 })
    fold.giveAll([env('b1', 2, ['a1']), env('c1', 2, ['a1'])])
    fold.give(env('a1', 1, []))
    expect(fold.maps.accepted.size).toBe(2)
    expect(fold.effects.filter(({ kind }) => kind === 'refused')).toEqual([
      expect.objectContaining({
        id: 'c1',
        sender: 'c',
        rejection: expect.objectContaining({ code: 'OVER_CAP' }),
      }),
    ])
  })
})
