import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { leafHash } from '../../../../src/codec/merkle/hash.ts'
import { merkleRoot } from '../../../../src/codec/merkle/root.ts'
import { diffPlans } from '../../../../src/core/plan/diff.ts'
import { opLeaf } from '../../../../src/core/plan/operation.ts'
import { foldPlan, planAt, planRoot, versionsOf } from '../../../../src/core/plan/versions.ts'
import type { Lamport } from '../../../../src/model/ids.ts'
import { arbitraryOps, opOf, sha256, shown, shuffled, THREAD } from './arbitrary-plan.ts'

describe('versions of a plan', () => {
  it('are the same in whatever order operations arrive', () => {
    fc.assert(
      fc.property(
        arbitraryOps.chain((ops) => fc.tuple(fc.constant(ops), shuffled(ops))),
        ([ops, arrived]) => {
          const plan = foldPlan(THREAD, ops)
          const other = foldPlan(THREAD, arrived)
          expect(versionsOf(other, sha256)).toEqual(versionsOf(plan, sha256))
          expect(planRoot(other, sha256)).toEqual(planRoot(plan, sha256))
        },
      ),
    )
  })

  it('are one a patch, each with the RFC 6962 root over its operations and all before', () => {
    fc.assert(
      fc.property(arbitraryOps, (ops) => {
        const plan = foldPlan(THREAD, ops)
        const versions = versionsOf(plan, sha256)
        expect(new Set(versions.map(({ versionId }) => versionId)).size).toBe(
          new Set(ops.map(({ envelope }) => envelope)).size,
        )
        const order = versions.map(({ versionId, lamport }) => {
          const actor = ops.find(({ envelope }) => envelope === versionId)?.actor ?? ''
          return `${lamport} ${actor} ${versionId}`
        })
        expect(order).toEqual(order.toSorted())
        const leaves: Uint8Array[] = []
        for (const { versionId, lamport, root } of versions) {
          const patch = plan.ops.filter(({ envelope }) => envelope === versionId)
          expect(patch.every((op) => op.lamport === lamport)).toBe(true)
          leaves.push(...patch.map((op) => leafHash(opLeaf(op), sha256)))
          expect(root).toEqual(merkleRoot(leaves, sha256))
        }
        expect(versions.map(({ lamport }) => lamport)).toEqual(
          versions.map(({ lamport }) => lamport).toSorted((a, b) => a - b),
        )
      }),
    )
  })

  it('have another root for any other operation', () => {
    const op = opOf({ op_type: 'ADD_TASK', task_id: 'a', payload: { label: 'x' } }, 1)
    const others = [
      op,
      { ...op, lamport: 2 as Lamport },
      { ...op, actor: opOf({ op_type: 'ADD_TASK', task_id: 'a', payload: { label: 'x' } }, 2).actor },
      opOf({ op_type: 'ADD_TASK', task_id: 'a', payload: { label: 'y' } }, 1),
      opOf({ op_type: 'ADD_TASK', task_id: 'b', payload: { label: 'x' } }, 1),
      opOf({ op_id: 'o2', op_type: 'ADD_TASK', task_id: 'a', payload: { label: 'x' } }, 1),
    ]
    const roots = others.map((one) => planRoot(foldPlan(THREAD, [one]), sha256).join())
    expect(new Set(roots).size).toBe(others.length)
    expect(planRoot(foldPlan(THREAD, []), sha256)).toEqual(sha256(new Uint8Array()))
  })

  it('can be looked at: at(lamport) is the plan of what had happened by then', () => {
    fc.assert(
      fc.property(arbitraryOps, fc.integer({ min: 0, max: 9 }), (ops, lamport) => {
        const then = planAt(foldPlan(THREAD, ops), lamport as Lamport)
        expect(shown(then)).toEqual(
          shown(
            foldPlan(
              THREAD,
              ops.filter((op) => op.lamport <= lamport),
            ),
          ),
        )
      }),
    )
  })
})

describe('the difference of two plans', () => {
  it('is nothing for the same plan, and turns round with them', () => {
    fc.assert(
      fc.property(arbitraryOps, arbitraryOps, (one, other) => {
        const [a, b] = [foldPlan(THREAD, one), foldPlan(THREAD, other)]
        const [there, back] = [diffPlans(a, b), diffPlans(b, a)]
        expect([there.added, there.removed, there.edgesAdded, there.edgesRemoved]).toEqual([
          back.removed,
          back.added,
          back.edgesRemoved,
          back.edgesAdded,
        ])
        expect(diffPlans(a, a)).toEqual({
          added: [],
          removed: [],
          states: [],
          changed: [],
          edgesAdded: [],
          edgesRemoved: [],
        })
      }),
    )
  })

  it('names tasks, states, descriptions and edges', () => {
    const base = [
      opOf({ op_type: 'ADD_TASK', task_id: 'a', payload: { label: 'x' } }, 1),
      opOf({ op_type: 'ADD_TASK', task_id: 'b', payload: { label: 'x' } }, 2),
    ]
    const more = [
      opOf({ op_type: 'ADD_TASK', task_id: 'c', payload: { label: 'x' } }, 3),
      opOf({ op_type: 'REQUIRES', task_id: 'a', payload: { requires: 'b' } }, 4),
      opOf({ op_type: 'LINK', task_id: 'a', payload: { to: 'c', relation: 'part' } }, 5),
      opOf({ op_type: 'STATE', task_id: 'a', payload: { state: 'DECIDED' } }, 6),
      opOf({ op_type: 'PRODUCES', task_id: 'b', payload: { produces: 'y' } }, 7),
    ]
    expect(diffPlans(foldPlan(THREAD, base), foldPlan(THREAD, [...base, ...more]))).toEqual({
      added: ['c'],
      removed: [],
      states: [{ task: 'a', from: 'DRAFT', to: 'DECIDED' }],
      changed: ['b'],
      edgesAdded: ['a LINK:part c', 'a REQUIRES b'],
      edgesRemoved: [],
    })
  })
})
