import type { SingleEnvelope } from '../../codec/envelope/verify-single.ts'
import type { PlanPatch } from '../../codec/payload/plan-patch.ts'
import type { ThreadId } from '../../model/ids.ts'
import type { Sha256 } from '../../ports/crypto.ts'
import { opsOf } from '../plan/operation.ts'
import { PlanView } from '../plan/plan-view.ts'
import { planRoot } from '../plan/versions.ts'

/** A plan as the envelopes of an export make it. */
export interface PlanSum {
  readonly thread: ThreadId
  readonly operations: number
  /** RFC 6962 root of the newest version. */
  readonly root: Uint8Array
}

/** The plans of the threads that an export speaks of, folded over the patches that its entries carry. */
export class ThreadPlans {
  readonly #plans = new Map<ThreadId, PlanView>()

  /** An envelope whose signature was checked. */
  carry(envelope: Pick<SingleEnvelope, 'id' | 'body'>): void {
    const patch = patchOf(envelope)
    if (patch === undefined) return
    const { thread, lamport, sender } = envelope.body
    const plan = this.#plans.get(thread) ?? new PlanView(thread)
    this.#plans.set(thread, plan)
    const stamp = { thread, lamport, actor: sender, envelope: envelope.id }
    for (const op of opsOf(patch, stamp)) plan.add(op)
  }

  /** Ascending by thread. */
  sums(sha256: Sha256): readonly PlanSum[] {
    return [...this.#plans]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([thread, plan]) => ({ thread, operations: plan.ops.length, root: planRoot(plan, sha256) }))
  }
}

function patchOf({ body }: Pick<SingleEnvelope, 'body'>): PlanPatch | undefined {
  if (body.kind === 'PROPOSE') {
    return 'patch' in body.payload.plan ? (body.payload.plan.patch as PlanPatch) : undefined
  }
  const hasPatch = body.kind === 'REVEAL_PLAN' || body.kind === 'UPDATE_PLAN'
  return hasPatch ? (body.payload.patch as PlanPatch) : undefined
}
