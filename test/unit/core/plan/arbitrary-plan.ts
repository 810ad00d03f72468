import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { type CID, cidOf, envelopeIdOf } from '../../../../src/codec/cid.ts'
import type { PlanOperation } from '../../../../src/codec/payload/plan-patch.ts'
import type { PlanOp } from '../../../../src/core/plan/operation.ts'
import type { PlanView } from '../../../../src/core/plan/plan-view.ts'
import type { Did, Lamport, ThreadId } from '../../../../src/model/ids.ts'
import type { Sha256 } from '../../../../src/ports/crypto.ts'

export const sha256: Sha256 = (bytes) => new Uint8Array(createHash('sha256').update(bytes).digest())

export const THREAD = 'threadthreadthreadthreadthreadth' as ThreadId

const TASKS = ['a', 'b', 'c', 'd', 'e', 'f'] as const

export function cidNumber(number: number): CID {
  return cidOf(Uint8Array.of(number >> 8, number & 255), sha256)
}

/** What needs of a generated plan are called. */
export const NEEDS: readonly CID[] = [1, 2, 3].map((number) => cidNumber(60_000 + number))

/** An operation of envelope `number`; its bytes are whatever the number is. */
export function opOf(
  op: Omit<PlanOperation, 'op_id'> & { readonly op_id?: string },
  number: number,
  lamport = number,
): PlanOp {
  return {
    thread: THREAD,
    lamport: lamport as Lamport,
    actor: `did:key:z6Mk${number % 3}` as Did,
    envelope: envelopeIdOf(cidNumber(number)),
    op: { op_id: 'o1', ...op } as PlanOperation,
  }
}

const task = fc.constantFrom(...TASKS)
const need = fc.constantFrom(...NEEDS)

const content: fc.Arbitrary<Omit<PlanOperation, 'op_id'>> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      op_type: fc.constant('ADD_TASK' as const),
      task_id: task,
      payload: fc.record(
        { label: fc.constantFrom('one', 'two'), task_type: fc.constant('t'), need_id: need },
        { requiredKeys: ['label'] },
      ),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      op_type: fc.constant('REQUIRES' as const),
      task_id: task,
      payload: fc.record({ requires: task }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      op_type: fc.constant('LINK' as const),
      task_id: task,
      payload: fc.record({ to: task, relation: fc.constantFrom('part', 'see') }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      op_type: fc.constant('STATE' as const),
      task_id: task,
      payload: fc.record({
        state: fc.constantFrom(
          'DRAFT' as const,
          'DECIDED' as const,
          'CLAIMED' as const,
          'VERIFIED' as const,
          'FINAL' as const,
          'EXPIRED' as const,
        ),
      }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      op_type: fc.constant('PRODUCES' as const),
      task_id: task,
      payload: fc.record({ produces: fc.constantFrom('x', 'y') }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      op_type: fc.constant('ANNOTATE' as const),
      task_id: task,
      payload: fc.record({ key: fc.constantFrom('k', 'l'), value: fc.constantFrom('1', '2') }),
    }),
  },
)

/** Envelopes of three actors with one to four operations each; clocks are often the same. */
export const arbitraryOps: fc.Arbitrary<readonly PlanOp[]> = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 8 }), fc.array(content, { minLength: 1, maxLength: 4 })), {
    maxLength: 16,
  })
  .map((patches) =>
    patches.flatMap(([lamport, ops], number) =>
      ops.map((op, at) => opOf({ ...op, op_id: `o${(at * 7) % 4}` }, number, lamport)),
    ),
  )

/** The same operations, in any order, some of them twice. */
export function shuffled(ops: readonly PlanOp[]): fc.Arbitrary<readonly PlanOp[]> {
  return fc
    .tuple(fc.shuffledSubarray([...ops], { minLength: ops.length }), fc.subarray([...ops]))
    .map(([all, again]) => [...all, ...again])
}

/** Everything that a plan shows, as plain data. */
export function shown(plan: PlanView): unknown {
  return {
    tasks: plan.tasks().map((id) => ({
      id,
      text: JSON.stringify(plan.text(id)),
      state: plan.state(id),
      produces: plan.produces(id),
      annotations: plan.annotations(id),
      children: plan.children(id),
      parents: plan.parents(id),
      descendants: plan.descendants(id),
      ancestors: plan.ancestors(id),
    })),
    states: (['DRAFT', 'DECIDED', 'CLAIMED', 'VERIFIED', 'FINAL', 'EXPIRED'] as const).map((state) =>
      plan.inState(state),
    ),
    ready: plan.ready(),
    order: plan.topologicalOrder(),
    edges: plan.edges().map(({ kind, from, to, relation }) => [kind, from, to, relation]),
    cycles: plan.cycles().map(({ edge, path }) => [edge.from, edge.to, path]),
    ops: plan.ops.map(({ envelope, op }) => [envelope, op.op_id]),
  }
}
