import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { PlanPatch } from '../../../../src/codec/payload/plan-patch.ts'
import { checkPatch } from '../../../../src/core/plan/check-patch.ts'
import { conflictsBetween } from '../../../../src/core/plan/conflicts.ts'
import { mergePatches } from '../../../../src/core/plan/merge.ts'
import { opsOf, type PlanOp } from '../../../../src/core/plan/operation.ts'
import { foldPlan } from '../../../../src/core/plan/versions.ts'
import type { Lamport } from '../../../../src/model/ids.ts'
import { arbitraryOps, opOf, shown, THREAD } from './arbitrary-plan.ts'

const add = (task: string, number: number, label = 'x'): PlanOp =>
  opOf({ op_type: 'ADD_TASK', task_id: task, payload: { label } }, number)
const requires = (task: string, other: string, number: number): PlanOp =>
  opOf({ op_type: 'REQUIRES', task_id: task, payload: { requires: other } }, number)
const state = (task: string, to: 'DECIDED' | 'CLAIMED', number: number): PlanOp =>
  opOf({ op_type: 'STATE', task_id: task, payload: { state: to } }, number)

const plan = foldPlan(THREAD, [add('a', 1), add('b', 2), requires('a', 'b', 3)])
const stamp = add('a', 9)

function check(ops: PlanPatch['ops'], base = 3): unknown {
  const checked = checkPatch(plan, { ops, base_lamport: base }, stamp, 8 as Lamport)
  return checked.ok ? 'ok' : [checked.error.code, checked.error.field]
}

describe('a patch, held against the plan', () => {
  it('may add tasks, and speak of those of the plan and of its own', () => {
    expect(
      check([
        { op_id: '1', op_type: 'ADD_TASK', task_id: 'c', payload: { label: 'x' } },
        { op_id: '2', op_type: 'REQUIRES', task_id: 'b', payload: { requires: 'c' } },
        { op_id: '3', op_type: 'ADD_TASK', task_id: 'a', payload: { label: 'x' } },
      ]),
    ).toBe('ok')
  })

  it('is refused for a base that the thread has not reached', () => {
    expect(check([], 9)).toEqual(['BAD_LAMPORT', 'base_lamport'])
  })

  it('is refused for a task that is another one already, or nowhere', () => {
    expect(check([{ op_id: '1', op_type: 'ADD_TASK', task_id: 'a', payload: { label: 'y' } }])).toEqual([
      'CONFLICT',
      'ops[0]',
    ])
    expect(check([{ op_id: '1', op_type: 'STATE', task_id: 'z', payload: { state: 'FINAL' } }])).toEqual([
      'CONFLICT',
      'ops[0]',
    ])
    expect(check([{ op_id: '1', op_type: 'REQUIRES', task_id: 'a', payload: { requires: 'z' } }])).toEqual([
      'CONFLICT',
      'ops[0]',
    ])
  })

  it('is refused for an edge that closes a cycle with the plan or within itself', () => {
    expect(check([{ op_id: '1', op_type: 'REQUIRES', task_id: 'b', payload: { requires: 'a' } }])).toEqual([
      'CONFLICT',
      'ops[0]',
    ])
    expect(
      check([
        { op_id: '0', op_type: 'ADD_TASK', task_id: 'c', payload: { label: 'x' } },
        { op_id: '2', op_type: 'REQUIRES', task_id: 'c', payload: { requires: 'a' } },
        { op_id: '1', op_type: 'REQUIRES', task_id: 'b', payload: { requires: 'c' } },
      ]),
    ).toEqual(['CONFLICT', 'ops[1]'])
  })

  it('that is accepted loses no edge when it is added', () => {
    fc.assert(
      fc.property(
        arbitraryOps,
        fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c', 'd'), fc.constantFrom('a', 'b', 'c', 'd')), {
          maxLength: 4,
        }),
        (ops, pairs) => {
          const base = foldPlan(THREAD, ops)
          const patch: PlanPatch = {
            ops: pairs.map(([task_id, other], at) => ({
              op_id: `${at}`,
              op_type: 'REQUIRES',
              task_id,
              payload: { requires: other },
            })),
            base_lamport: 0,
          }
          const late = { ...stamp, lamport: 99 as Lamport }
          fc.pre(checkPatch(base, patch, late, 99 as Lamport).ok)
          const before = base.cycles().length
          for (const op of opsOf(patch, late)) base.add(op)
          expect(base.cycles().length).toBe(before)
        },
      ),
    )
  })
})

describe('two concurrent patches', () => {
  it('conflict over descriptions, states and annotations, not over saying the same', () => {
    const note = (value: string, number: number): PlanOp =>
      opOf({ op_type: 'ANNOTATE', task_id: 'a', payload: { key: 'k', value } }, number)
    const [mine, theirs] = [
      [add('c', 11, 'x'), state('a', 'DECIDED', 12), note('1', 13)],
      [add('c', 14, 'y'), state('a', 'CLAIMED', 15), note('2', 16)],
    ]
    const found = conflictsBetween(plan, mine, theirs)
    expect(found.map(({ kind, stands, yields }) => [kind, stands.lamport, yields.lamport])).toEqual([
      ['task', 11, 14],
      ['state', 15, 12],
      ['annotation', 16, 13],
    ])
    expect(
      conflictsBetween(
        plan,
        mine,
        mine.map((op, at) => ({ ...op, lamport: (20 + at) as Lamport })),
      ),
    ).toEqual([])
  })

  it('conflict over edges that are no cycle alone and one together', () => {
    const base = foldPlan(THREAD, [add('a', 1), add('b', 2)])
    const found = conflictsBetween(base, [requires('a', 'b', 11)], [requires('b', 'a', 12)])
    expect(found.map(({ kind, stands, yields }) => [kind, stands.lamport, yields.lamport])).toEqual([
      ['cycle', 11, 12],
    ])
    expect(conflictsBetween(plan, [requires('b', 'a', 11)], [])).toEqual([])
  })

  it('merge to the same plan as all their operations, with nothing left that has no effect', () => {
    fc.assert(
      fc.property(arbitraryOps, fc.nat(), fc.nat(), (ops, x, y) => {
        const cuts = [x % (ops.length + 1), y % (ops.length + 1)].toSorted((a, b) => a - b)
        const [base, mine, theirs] = [ops.slice(0, cuts[0]), ops.slice(cuts[0], cuts[1]), ops.slice(cuts[1])]
        const { ops: merged, dropped } = mergePatches(foldPlan(THREAD, base), [mine, theirs])
        const all = foldPlan(THREAD, ops)
        const few = foldPlan(THREAD, [...base, ...merged])
        const said = (view: typeof all): unknown => ({ ...(shown(view) as object), cycles: [], ops: [] })
        expect(said(few)).toEqual(said(all))
        expect(merged.length + dropped.length).toBe(mine.length + theirs.length)
        expect(mergePatches(foldPlan(THREAD, base), [theirs, mine]).ops).toEqual(merged)
      }),
      { numRuns: 150 },
    )
  })
})
