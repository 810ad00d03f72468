import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodeHeld } from '../../../../src/core/thread/encode.ts'
import { heads, linearize, missing } from '../../../../src/core/thread/queries.ts'
import { stepLetGo, stepThread } from '../../../../src/core/thread/step.ts'
import { applyWrites, counts, threadView } from '../../../../src/core/thread/view.ts'
import type { EnvelopeHeader } from '../../../../src/model/envelope-header.ts'
import type { EnvelopeId } from '../../../../src/model/ids.ts'
import { env, Fold, header, hex, recompute, rowsWritten, settled, THREAD } from './thread-model.ts'
import { deliveries, forkedWorlds, honestWorlds, spoiltWorlds } from './world-model.ts'

const inSomeOrder = (headers: readonly EnvelopeHeader[]) => deliveries(headers)

describe('order', () => {
  it('any order and repetition of the same lawful envelopes gives the same bytes and leaves nothing held', () => {
    fc.assert(
      fc.property(
        forkedWorlds.chain(({ lawful }) => fc.tuple(fc.constant(lawful), inSomeOrder(lawful))),
        ([lawful, delivered]) => {
          const one = new Fold().giveAll(lawful)
          const other = new Fold().giveAll(delivered)
          expect(other.bytes).toBe(one.bytes)
          expect(other.maps.accepted.size).toBe(lawful.length)
          expect(other.maps.held.size).toBe(0)
          expect(other.maps.waiting.size).toBe(0)
        },
      ),
      { numRuns: 300 },
    )
  })

  it('unlawful envelopes change nothing, and what waits for them is the same in any order', () => {
    fc.assert(
      fc.property(
        spoiltWorlds.chain(({ lawful, unlawful }) =>
          fc.tuple(
            fc.constant(lawful),
            inSomeOrder([...lawful, ...unlawful]),
            inSomeOrder([...lawful, ...unlawful]),
          ),
        ),
        ([lawful, delivered, deliveredElse]) => {
          const clean = new Fold().giveAll(lawful)
          const one = new Fold().giveAll(delivered)
          const other = new Fold().giveAll(deliveredElse)
          expect(one.bytes).toBe(clean.bytes)
          expect(hex(encodeHeld(threadView(one.maps)))).toBe(hex(encodeHeld(threadView(other.maps))))
        },
      ),
      { numRuns: 300 },
    )
  })

  it('each accepted envelope is told once, after everything in its prev', () => {
    fc.assert(
      fc.property(
        spoiltWorlds.chain(({ lawful, unlawful }) => inSomeOrder([...lawful, ...unlawful])),
        (delivered) => {
          const fold = new Fold().giveAll(delivered)
          const told = new Set<EnvelopeId>()
          for (const effect of fold.effects) {
            if (effect.kind !== 'accepted') continue
            expect(told.has(effect.header.id)).toBe(false)
            for (const named of effect.header.prev) expect(told.has(named)).toBe(true)
            told.add(effect.header.id)
          }
          expect([...told].sort()).toEqual([...fold.maps.accepted.keys()].sort())
        },
      ),
    )
  })
})

describe('state', () => {
  it('what is kept incrementally equals what is computed in full, after each envelope', () => {
    fc.assert(
      fc.property(
        spoiltWorlds.chain(({ lawful, unlawful }) => inSomeOrder([...lawful, ...unlawful])),
        (delivered) => {
          const fold = new Fold({ heldPerSenderMax: 3, heldMax: 6 })
          for (const next of delivered) {
            fold.give(next)
            expect(settled(fold.maps)).toEqual(settled(recompute(fold.maps)))
          }
        },
      ),
      { numRuns: 60 },
    )
  })

  it('a step reads the view and changes it only through its writes; a refusal has none', () => {
    fc.assert(
      fc.property(
        spoiltWorlds.chain(({ lawful, unlawful }) => inSomeOrder([...lawful, ...unlawful])),
        (delivered) => {
          const fold = new Fold({ heldPerSenderMax: 3, heldMax: 6 })
          for (const next of delivered) {
            const first = stepThread(threadView(fold.maps), next, fold.limits)
            const second = fold.give(next)
            expect(second).toEqual(first)
            if (!second.result.ok) expect(rowsWritten(second)).toBe(0)
          }
        },
      ),
      { numRuns: 60 },
    )
  })

  it('a head always counts, and no counting envelope names it', () => {
    fc.assert(
      fc.property(
        spoiltWorlds.chain(({ lawful, unlawful }) => inSomeOrder([...lawful, ...unlawful])),
        (delivered) => {
          const fold = new Fold().giveAll(delivered)
          const view = threadView(fold.maps)
          const named = new Set(
            linearize(view)
              .filter(({ id }) => counts(view, id))
              .flatMap(({ prev }) => prev),
          )
          for (const id of heads(view)) {
            expect(counts(view, id)).toBe(true)
            expect(named.has(id)).toBe(false)
          }
        },
      ),
    )
  })

  it('the listing is a topological order', () => {
    fc.assert(
      fc.property(forkedWorlds, ({ lawful }) => {
        const listed = linearize(threadView(new Fold().giveAll(lawful).maps)).map(({ id }) => id)
        const at = new Map(listed.map((id, index) => [id, index]))
        expect(at.size).toBe(lawful.length)
        for (const { id, prev } of lawful) {
          for (const named of prev) expect(at.get(named)).toBeLessThan(at.get(id) ?? -1)
        }
      }),
    )
  })
})

describe('signers', () => {
  it('what nextFor proposes is accepted by its signer and by who knows everything, forks or not', () => {
    fc.assert(
      fc.property(fc.oneof(honestWorlds, forkedWorlds), ({ surprises }) => {
        expect(surprises).toEqual([])
      }),
      { numRuns: 300 },
    )
  })

  it('senders who follow nextFor and keep their state are never forked', () => {
    fc.assert(
      fc.property(honestWorlds, ({ lawful }) => {
        const fold = new Fold().giveAll(lawful)
        expect(fold.effects.filter(({ kind }) => kind === 'equivocation')).toEqual([])
        expect([...fold.maps.senders.values()].every(({ forkedAt }) => forkedAt === null)).toBe(true)
      }),
    )
  })
})

describe('recovery', () => {
  const tight = fc.record({ heldPerSenderMax: fc.nat(3), heldMax: fc.nat(5) })

  it('what a small hold drops comes back by fetching what the effects name, until quiet', () => {
    fc.assert(
      fc.property(
        forkedWorlds.chain(({ lawful }) => fc.tuple(fc.constant(lawful), inSomeOrder(lawful), tight)),
        ([lawful, delivered, limits]) => {
          const fold = new Fold(limits).giveAll(delivered)
          refetchUntilQuiet(fold, lawful)
          expect(fold.bytes).toBe(new Fold().giveAll(lawful).bytes)
          expect(fold.maps.held.size).toBe(0)
        },
      ),
      { numRuns: 300 },
    )
  })

  it('with every fetch lost, `missing` alone names enough to recover what one late envelope depends on', () => {
    fc.assert(
      fc.property(forkedWorlds, fc.nat(60), ({ lawful }, which) => {
        const byId = new Map(lawful.map((each) => [each.id, each]))
        const late = lawful[which % lawful.length] as EnvelopeHeader
        const fold = new Fold()
        fold.give(late)
        for (let wanted = missing(fold.maps); wanted.length > 0; wanted = missing(fold.maps)) {
          fold.giveAll(wanted.map((id) => byId.get(id) as EnvelopeHeader))
        }
        expect(fold.maps.accepted.has(late.id)).toBe(true)
      }),
    )
  })

  it('what was let go is held again when it is given again', () => {
    fc.assert(
      fc.property(
        spoiltWorlds.chain(({ lawful, unlawful }) => inSomeOrder([...lawful, ...unlawful])),
        fc.nat(),
        (delivered, cut) => {
          const fold = new Fold().giveAll(delivered.slice(0, cut % delivered.length))
          const before = [...fold.maps.held.values()]
          const { writes, effects } = stepLetGo(
            threadView(fold.maps),
            before.map(({ id }) => id),
          )
          applyWrites(fold.maps, writes)
          expect(effects.map((effect) => effect.kind === 'dropped' && effect.id)).toEqual(
            before.map(({ id }) => id),
          )
          expect(fold.maps.held.size + fold.maps.heldOf.size + fold.maps.waiting.size).toBe(0)
          fold.giveAll(before)
          expect(settled(fold.maps)).toEqual(settled(recompute(fold.maps)))
          expect(fold.maps.held.size).toBe(before.length)
        },
      ),
    )
  })
})

/** A driver that asks for what `fetch` and `dropped` named, round after round, until a round brings nothing new. */
function refetchUntilQuiet(fold: Fold, store: readonly EnvelopeHeader[]): void {
  const byId = new Map(store.map((each) => [each.id, each]))
  const wanted = new Set<EnvelopeId>()
  let read = 0
  for (let before = -1; before !== fold.maps.accepted.size; ) {
    before = fold.maps.accepted.size
    for (const effect of fold.effects.slice(read)) {
      if (effect.kind === 'fetch') for (const id of effect.ids) wanted.add(id)
      if (effect.kind === 'dropped') wanted.add(effect.id)
    }
    read = fold.effects.length
    for (const id of wanted) {
      const found = byId.get(id)
      if (found !== undefined) fold.give(found)
      if (fold.maps.accepted.has(id)) wanted.delete(id)
    }
  }
}

describe('absurd input', () => {
  const oddNumber = fc.oneof(
    fc.integer({ min: -2, max: 6 }),
    fc.constantFrom(Number.NaN, 1e308, -0, Number.POSITIVE_INFINITY, 2 ** 53 - 1, 2 ** 53, 1.5),
  )
  const fewIds = fc.constantFrom('', 'a1', 'a2', 'b1', 'b2', 'b3', '__proto__', 'c1')
  const absurd = fc
    .record({
      id: fewIds,
      sender: fc.constantFrom('', 'a', 'b', 'c', '__proto__'),
      seq: oddNumber,
      lamport: oddNumber,
      prev: fc.array(fewIds, { maxLength: 10 }),
      opens: fc.boolean(),
      thread: fc.oneof(
        { weight: 9, arbitrary: fc.constant<string>(THREAD) },
        { weight: 1, arbitrary: fc.constantFrom('', 'x') },
      ),
    })
    .map(header)

  it('nothing that fits the types makes a step or a query throw or breaks the tables', () => {
    fc.assert(
      fc.property(fc.array(absurd, { maxLength: 40, size: 'max' }), (inputs) => {
        const fold = new Fold({ heldPerSenderMax: 3, heldMax: 5, envelopesMax: 9, sendersMax: 2 })
        for (const input of inputs) {
          const step = fold.give(input)
          if (!step.result.ok) expect(rowsWritten(step)).toBe(0)
        }
        expect(settled(fold.maps)).toEqual(settled(recompute(fold.maps)))
        expect(fold.maps.held.size).toBeLessThanOrEqual(5)
        expect(fold.bytes).toBe(new Fold(fold.limits).giveAll(linearize(threadView(fold.maps))).bytes)
      }),
      { numRuns: 500 },
    )
  })

  it('envelopes that name one another in a circle wait and never count', () => {
    const fold = new Fold()
    fold.giveAll([env('a1', 1, []), env('b1', 2, ['c1']), env('c1', 2, ['b1'])])
    expect([...fold.maps.held.keys()].sort()).toEqual(['b1', 'c1'])
    expect(heads(threadView(fold.maps))).toEqual(['a1'])
  })
})
