import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { NEED_STATES } from '../../../../src/core/bucket/transitions.ts'
import { isFinished, isOpenForWork, planStateOf } from '../../../../src/core/plan/need-state.ts'
import { compareOps, type PlanOp } from '../../../../src/core/plan/operation.ts'
import { PlanView } from '../../../../src/core/plan/plan-view.ts'
import { foldPlan } from '../../../../src/core/plan/versions.ts'
import type { ThreadId } from '../../../../src/model/ids.ts'
import { arbitraryOps, cidNumber, NEEDS, opOf, shown, shuffled, THREAD } from './arbitrary-plan.ts'

const add = (task: string, number: number, label = 'one'): PlanOp =>
  opOf({ op_type: 'ADD_TASK', task_id: task, payload: { label } }, number)
const requires = (task: string, other: string, number: number, lamport = number): PlanOp =>
  opOf({ op_type: 'REQUIRES', task_id: task, payload: { requires: other } }, number, lamport)
const state = (
  task: string,
  to: 'DRAFT' | 'DECIDED' | 'CLAIMED' | 'VERIFIED' | 'FINAL',
  number: number,
  lamport = number,
): PlanOp => opOf({ op_type: 'STATE', task_id: task, payload: { state: to } }, number, lamport)
const fold = (...ops: readonly PlanOp[]): PlanView => foldPlan(THREAD, ops)

/** The rules again, the plain way: everything sorted, one after another. */
function plainly(ops: readonly PlanOp[]): unknown {
  const sorted = [...new Map(ops.map((op) => [`${op.envelope} ${op.op.op_id}`, op])).values()].sort(
    compareOps,
  )
  const tasks = new Set<string>()
  const states = new Map<string, string>()
  const edges: (readonly [string, string, string])[] = []
  const reaches = (from: string, goal: string): boolean =>
    from === goal || edges.some(([, start, end]) => start === from && reaches(end, goal))
  for (const { op } of sorted) {
    if (op.op_type === 'ADD_TASK') tasks.add(op.task_id)
    if (op.op_type === 'STATE') states.set(op.task_id, op.payload.state)
    if (op.op_type === 'REQUIRES' && !reaches(op.payload.requires, op.task_id))
      edges.push(['REQUIRES', op.task_id, op.payload.requires])
    if (op.op_type === 'LINK' && !reaches(op.payload.to, op.task_id))
      edges.push(['LINK', op.task_id, op.payload.to])
  }
  const of = (task: string): string => states.get(task) ?? 'DRAFT'
  const isDone = (task: string): boolean =>
    tasks.has(task) && (of(task) === 'VERIFIED' || of(task) === 'FINAL')
  const isReady = (task: string): boolean =>
    (of(task) === 'DRAFT' || of(task) === 'DECIDED') &&
    edges.every(([kind, from, to]) => kind !== 'REQUIRES' || from !== task || isDone(to))
  const ids = [...tasks].sort()
  return { ids, states: ids.map(of), edges, ready: ids.filter(isReady) }
}

function summary(plan: PlanView): unknown {
  return {
    ids: plan.tasks(),
    states: plan.tasks().map((task) => plan.state(task)),
    edges: plan.edges().map(({ kind, from, to }) => [kind, from, to]),
    ready: plan.ready(),
  }
}

describe('the view of a plan', () => {
  it('is the same in whatever order operations arrive, and however often', () => {
    fc.assert(
      fc.property(
        arbitraryOps.chain((ops) => fc.tuple(fc.constant(ops), shuffled(ops))),
        ([ops, arrived]) => {
          expect(shown(fold(...arrived))).toEqual(shown(fold(...ops)))
        },
      ),
      { numRuns: 200 },
    )
  })

  it('is after every operation what the rules make of all of them at once', () => {
    fc.assert(
      fc.property(arbitraryOps.chain(shuffled), (ops) => {
        const plan = new PlanView(THREAD)
        for (const [at, op] of ops.entries()) {
          plan.add(op)
          expect(summary(plan)).toEqual(plainly(ops.slice(0, at + 1)))
          // Asked for each time, so that what is kept of an earlier answer would show.
          expect(plan.topologicalOrder()).toEqual(fold(...ops.slice(0, at + 1)).topologicalOrder())
        }
      }),
      { numRuns: 150 },
    )
  })

  it('follows what buckets say of needs, before or after the operations arrive', () => {
    const told = fc.array(fc.tuple(fc.constantFrom(...NEEDS), fc.constantFrom(...NEED_STATES)), {
      maxLength: 6,
    })
    fc.assert(
      fc.property(arbitraryOps, told, fc.nat(), (ops, states, pick) => {
        const after = fold(...ops)
        const between = new PlanView(THREAD)
        const cut = pick % (ops.length + 1)
        for (const op of ops.slice(0, cut)) between.add(op)
        for (const [need, one] of states) {
          after.setNeed(need.toString(), one)
          between.setNeed(need.toString(), one)
        }
        for (const op of ops.slice(cut)) between.add(op)
        expect(shown(between)).toEqual(shown(after))
        const last = new Map(states.map(([need, one]) => [need.toString(), one]))
        for (const task of after.tasks()) {
          const known = last.get(after.text(task)?.need_id?.toString() ?? '')
          if (known === undefined) continue
          expect(after.state(task)).toBe(planStateOf(known))
          if (after.ready().includes(task)) expect(isOpenForWork(known)).toBe(true)
        }
      }),
    )
  })

  it('is of one thread', () => {
    expect(() => new PlanView('other' as ThreadId).add(add('a', 1))).toThrow('one thread')
  })

  it('lists no task that nobody added, though others speak of it', () => {
    const plan = fold(add('a', 1), requires('a', 'b', 2), state('b', 'FINAL', 3))
    expect([plan.tasks(), plan.children('a'), plan.ready()]).toEqual([['a'], [], []])
    plan.add(add('b', 4))
    expect([plan.tasks(), plan.children('a'), plan.ready()]).toEqual([['a', 'b'], ['b'], ['a']])
  })
})

describe('merge rules', () => {
  it('describe a task by the first ADD_TASK, its state by the last STATE, a key by the last ANNOTATE', () => {
    const annotate = (value: string, number: number): PlanOp =>
      opOf({ op_type: 'ANNOTATE', task_id: 'a', payload: { key: 'k', value } }, number)
    const plan = fold(
      annotate('late', 6),
      state('a', 'CLAIMED', 5),
      add('a', 3, 'second'),
      add('a', 2, 'first'),
      state('a', 'DECIDED', 4),
      annotate('early', 4),
    )
    expect(plan.text('a')?.label).toBe('first')
    expect(plan.state('a')).toBe('CLAIMED')
    expect(plan.annotations('a')).toEqual([['k', 'late']])
  })

  it('order what has one clock reading by actor', () => {
    const [low, high] = [state('a', 'DECIDED', 3, 7), state('a', 'CLAIMED', 4, 7)]
    expect(low.actor < high.actor).toBe(true)
    expect(fold(add('a', 1), high, low).state('a')).toBe('CLAIMED')
  })

  it('leave out the edge that closes a cycle, by the order of operations and not of arrival', () => {
    const ops = [add('a', 1), add('b', 2), requires('b', 'a', 5), requires('a', 'b', 4)]
    for (const arrived of [ops, ops.toReversed()]) {
      const plan = fold(...arrived)
      expect(plan.children('a')).toEqual(['b'])
      expect(plan.cycles().map(({ edge, path }) => [edge.from, edge.to, path])).toEqual([
        ['b', 'a', ['a', 'b']],
      ])
    }
  })

  it('let an edge back in when an earlier one pushes out what kept it out', () => {
    const plan = fold(add('a', 1), add('b', 2), add('c', 3), requires('b', 'c', 6), requires('c', 'b', 7))
    expect(plan.cycles().map(({ edge }) => edge.from)).toEqual(['c'])
    plan.add(requires('c', 'b', 5))
    expect(plan.cycles().map(({ edge }) => edge.from)).toEqual(['b'])
    expect(plan.edges().map(({ from, to }) => `${from}${to}`)).toEqual(['cb', 'cb'])
  })

  it('count REQUIRES and LINK in one graph; a task that names itself is a cycle', () => {
    const link = opOf({ op_type: 'LINK', task_id: 'b', payload: { to: 'a', relation: 'part' } }, 6)
    const plan = fold(add('a', 1), add('b', 2), requires('a', 'b', 5), link, requires('a', 'a', 7))
    expect(plan.edges().length).toBe(1)
    expect(plan.cycles().length).toBe(2)
  })

  it('say whether an edge would close a cycle', () => {
    const plan = fold(add('a', 1), add('b', 2), requires('a', 'b', 3))
    expect([plan.closesCycle('b', 'a'), plan.closesCycle('a', 'b'), plan.closesCycle('a', 'a')]).toEqual([
      true,
      false,
      true,
    ])
  })
})

describe('lists', () => {
  it('put every task after what it requires or links to, the smallest first', () => {
    const plan = fold(
      ...['a', 'b', 'c', 'd'].map((task, at) => add(task, at)),
      requires('a', 'd', 10),
      requires('d', 'c', 11),
    )
    expect(plan.topologicalOrder()).toEqual(['b', 'c', 'd', 'a'])
    expect(plan.descendants('a')).toEqual(['c', 'd'])
    expect(plan.ancestors('c')).toEqual(['a', 'd'])
  })

  it('keep that order in every plan', () => {
    fc.assert(
      fc.property(arbitraryOps, (ops) => {
        const plan = fold(...ops)
        const order = plan.topologicalOrder()
        expect([...order].sort()).toEqual(plan.tasks())
        for (const task of order) {
          for (const child of plan.descendants(task))
            expect(order.indexOf(child)).toBeLessThan(order.indexOf(task))
        }
      }),
    )
  })

  it('call a task ready when it is open and nothing that it requires is unfinished', () => {
    const need = cidNumber(9)
    const asked = opOf({ op_type: 'ADD_TASK', task_id: 'a', payload: { label: 'x', need_id: need } }, 1)
    const plan = fold(asked, add('b', 2), requires('a', 'b', 3))
    expect(plan.ready()).toEqual(['b'])
    plan.add(state('b', 'VERIFIED', 4))
    expect(plan.ready()).toEqual(['a'])
    const readyIn = NEED_STATES.filter((one) => {
      plan.setNeed(need.toString(), one)
      return plan.ready().includes('a')
    })
    expect(readyIn).toEqual(['OPEN', 'DECIDED'])
  })
})

describe('states of needs', () => {
  it('are shown in plans as the table says', () => {
    expect(NEED_STATES.map((one) => `${one} ${planStateOf(one)}`)).toEqual([
      'OPEN DRAFT',
      'RANKED DRAFT',
      'DECIDED DECIDED',
      'CLAIMED CLAIMED',
      'COMMITTED CLAIMED',
      'FINAL VERIFIED',
      'SETTLED FINAL',
      'CANCELLED CANCELLED',
      'EXPIRED EXPIRED',
      'SPLIT SPLIT',
    ])
    expect((['DRAFT', 'CLAIMED', 'VERIFIED', 'FINAL', 'EXPIRED'] as const).filter(isFinished)).toEqual([
      'VERIFIED',
      'FINAL',
    ])
  })
})
