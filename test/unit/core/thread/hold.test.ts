import { describe, expect, it } from 'vitest'
import { missing, senderGaps } from '../../../../src/core/thread/queries.ts'
import { stepLetGo } from '../../../../src/core/thread/step.ts'
import { applyWrites } from '../../../../src/core/thread/view.ts'
import type { EnvelopeId } from '../../../../src/model/ids.ts'
import { env, Fold } from './thread-model.ts'

const held = (fold: Fold) => [...fold.maps.held.keys()].sort()

describe('waiting for prev', () => {
  it('what names an unknown envelope waits, and the unknown one is fetched', () => {
    const fold = new Fold().giveAll([env('a1', 1, [])])
    const step = fold.give(env('b2', 4, ['b1', 'a1', 'c1']))
    expect(step.result).toEqual({ ok: true, value: { kind: 'held', missing: ['b1', 'c1'] } })
    expect(step.effects).toEqual([{ kind: 'fetch', ids: ['b1', 'c1'] }])
  })

  it('what is held itself or asked for already is not fetched again', () => {
    const fold = new Fold().giveAll([env('b2', 4, ['b1'])])
    expect(fold.give(env('b3', 5, ['b2', 'b1', 'c1'])).effects).toEqual([{ kind: 'fetch', ids: ['c1'] }])
    expect(fold.give(env('d1', 5, ['b2'])).effects).toEqual([])
  })

  it('one envelope frees all that waited for it, each after its prev, in the same step', () => {
    const fold = new Fold().giveAll([env('b3', 4, ['b2']), env('b2', 3, ['b1']), env('b1', 2, ['a1'])])
    const step = fold.give(env('a1', 1, []))
    expect(step.effects.map((effect) => effect.kind === 'accepted' && effect.header.id)).toEqual([
      'a1',
      'b1',
      'b2',
      'b3',
    ])
    expect(fold.maps.held.size).toBe(0)
  })

  it('a chain of 1,000 is freed without recursion', () => {
    const fold = new Fold({ heldPerSenderMax: 1_000 })
    for (let seq = 1_000; seq > 1; seq--) fold.give(env(`a${seq}`, seq, [`a${seq - 1}`]))
    fold.give(env('a1', 1, []))
    expect(fold.maps.accepted.size).toBe(1_000)
  })

  it('what turns out unlawful leaves the hold with the reason; nothing of it stays', () => {
    const fold = new Fold().giveAll([env('a1', 1, []), env('b2', 9_000, ['b1'])])
    expect(fold.give(env('b1', 2, ['a1'])).effects).toEqual([
      expect.objectContaining({ kind: 'accepted' }),
      {
        kind: 'refused',
        id: 'b2',
        sender: 'b',
        rejection: { code: 'BAD_LAMPORT', message: 'lamport 9000 after 2', field: 'lamport' },
      },
    ])
    expect(fold.maps.held.size + fold.maps.heldOf.size + fold.maps.waiting.size).toBe(0)
    expect([...fold.maps.accepted.keys()]).toEqual(['a1', 'b1'])
  })

  it('`missing` lists what nobody has sent, `senderGaps` the numbers between', () => {
    const fold = new Fold().giveAll([
      env('a1', 1, []),
      env('a4', 9, ['a3']),
      env('a7', 12, ['a6']),
      env('a5', 10, ['a4']),
    ])
    fold.give(env('b2', 5, ['b1']))
    expect(missing(fold.maps)).toEqual(['a3', 'a6', 'b1'])
    expect(senderGaps(fold.maps)).toEqual([
      { sender: 'a', from: 2, before: 4 },
      { sender: 'a', from: 6, before: 7 },
      { sender: 'b', from: 1, before: 2 },
    ])
  })
})

describe('gaps', () => {
  it('a held second body of a known seq opens no gap behind it', () => {
    const fold = new Fold().giveAll([env('a1', 1, []), env('a2', 2, ['a1']), env('a3', 3, ['a2'])])
    fold.giveAll([env('a1x', 9, ['c1']), env('a5', 9, ['a4'])])
    expect(senderGaps(fold.maps)).toEqual([{ sender: 'a', from: 4, before: 5 }])
  })
})

describe('a full hold', () => {
  it('a sender’s queue keeps the lowest lamports, whichever came first', () => {
    const late = [env('b3', 7, ['b2']), env('b4', 8, ['b3']), env('b5', 9, ['b4'])]
    for (const order of [late, late.toReversed()]) {
      const fold = new Fold({ heldPerSenderMax: 2 }).giveAll(order)
      expect(held(fold)).toEqual(['b3', 'b4'])
      expect(fold.effects).toContainEqual({ kind: 'dropped', id: 'b5' })
    }
  })

  it('a newcomer that is not kept is RATE_LIMITED and its prev are fetched all the same', () => {
    const fold = new Fold({ heldPerSenderMax: 1 }).giveAll([env('b3', 7, ['b2'])])
    const step = fold.give(env('b9', 13, ['b8', 'b3']))
    expect(step.result).toMatchObject({ ok: false, error: { code: 'RATE_LIMITED' } })
    expect(step.effects).toEqual([
      { kind: 'fetch', ids: ['b8'] },
      { kind: 'dropped', id: 'b9' },
    ])
  })

  it('one sender’s full queue takes no room from others', () => {
    const fold = new Fold({ heldPerSenderMax: 1 }).giveAll([env('b3', 7, ['b2'])])
    expect(fold.outcome(env('c3', 7, ['c2']))).toBe('held')
  })

  it('with all queues full the longest gives way, to whom it stays longer than', () => {
    const fold = new Fold({ heldMax: 2 }).giveAll([env('b2', 7, ['b1']), env('b3', 8, ['b2'])])
    expect(fold.outcome(env('c2', 4_000, ['c1']))).toBe('held')
    expect(held(fold)).toEqual(['b2', 'c2'])
    expect(fold.effects.at(-1)).toEqual({ kind: 'dropped', id: 'b3' })
  })

  it('of equally long queues the one of the smallest DID gives way, of equal lamports the largest id', () => {
    const queues = ['c', 'b'].flatMap((who) => [
      env(`${who}2`, 7, [`${who}1`]),
      env(`${who}3`, 7, [`${who}1`]),
      env(`${who}2x`, 7, [`${who}1`]),
    ])
    for (const order of [queues, queues.toReversed()]) {
      const fold = new Fold({ heldMax: 6 }).giveAll([...order, env('d1', 2, ['a1'])])
      expect(fold.effects.at(-1)).toEqual({ kind: 'dropped', id: 'b3' })
    }
  })

  it('a queue that is longer by one does not give way: the two would only change places', () => {
    const fold = new Fold({ heldMax: 3 })
    fold.giveAll([env('b2', 7, ['b1']), env('b3', 8, ['b2']), env('c2', 7, ['c1'])])
    expect(fold.outcome(env('c3', 8, ['c2']))).toBe('RATE_LIMITED')
    expect(fold.outcome(env('c1x', 3, ['a9']))).toBe('held')
    expect(held(fold)).toEqual(['b2', 'b3', 'c1x'])
  })

  it('a spammer with a low lamport pushes out nobody', () => {
    const fold = new Fold({ heldMax: 2 }).giveAll([env('b2', 7, ['b1']), env('c2', 8, ['c1'])])
    expect(fold.outcome(env('x1', 2, ['nothing']))).toBe('RATE_LIMITED')
    expect(fold.outcome(env('y1', 2, ['nothing']))).toBe('RATE_LIMITED')
    expect(held(fold)).toEqual(['b2', 'c2'])
  })

  it('a full hold stops nothing that comes in causal order', () => {
    const fold = new Fold({ heldMax: 1 }).giveAll([env('x1', 2, ['nothing']), env('a1', 1, [])])
    expect(fold.outcome(env('b1', 2, ['a1']))).toBe('accepted')
  })

  it('without any hold a dropped envelope is accepted when it comes again after its prev', () => {
    const fold = new Fold({ heldMax: 0, heldPerSenderMax: 0 })
    expect(
      [env('b1', 2, ['a1']), env('a1', 1, []), env('b1', 2, ['a1'])].map((each) => fold.outcome(each)),
    ).toEqual(['RATE_LIMITED', 'accepted', 'accepted'])
  })

  it('what is let go makes room; ids that are not held are passed over', () => {
    const fold = new Fold().giveAll([env('b2', 7, ['b1']), env('c2', 7, ['b1'])])
    const { writes, effects } = stepLetGo(fold.maps, ['b2', 'b2', 'unknown'] as EnvelopeId[])
    applyWrites(fold.maps, writes)
    expect(effects).toEqual([{ kind: 'dropped', id: 'b2' }])
    expect(held(fold)).toEqual(['c2'])
    expect(missing(fold.maps)).toEqual(['b1'])
  })
})
