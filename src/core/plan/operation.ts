import { parseCid } from '../../codec/cid.ts'
import { encodeDagCbor } from '../../codec/dag-cbor/encode.ts'
import type { PlanOperation, PlanPatch } from '../../codec/payload/plan-patch.ts'
import { compareText } from '../../model/compare-text.ts'
import { assert } from '../../model/fault.ts'
import type { Did, EnvelopeId, Lamport, ThreadId } from '../../model/ids.ts'

/** What the envelope that carries a patch says of each of its operations. */
export interface Stamp {
  readonly thread: ThreadId
  readonly lamport: Lamport
  /** Sender of the envelope. */
  readonly actor: Did
  readonly envelope: EnvelopeId
}

/**
 * An operation of a plan with the envelope that carries it, which was verified: what has no valid envelope is no
 * operation. One envelope has an op_id once. Source: plan-and-storage.md, "Plan documents".
 */
export interface PlanOp extends Stamp {
  readonly op: PlanOperation
}

/** The operations of a patch (REVEAL_PLAN, UPDATE_PLAN, PROPOSE with its plan shown), in its own order. */
export function opsOf({ ops }: PlanPatch, stamp: Stamp): readonly PlanOp[] {
  return ops.map((op) => ({ ...stamp, op }))
}

/** Tells operations apart: two with one key are the same. */
export function opKey({ envelope, op }: PlanOp): string {
  return `${envelope} ${op.op_id}`
}

/**
 * The one order of a plan's operations: lamport, actor, op_id; last the envelope, for an actor who forked. Every merge
 * rule and every edge goes by it. Source: plan-and-storage.md, "Plan documents" (Merge rules).
 */
export function compareOps(a: PlanOp, b: PlanOp): number {
  return (
    a.lamport - b.lamport ||
    compareText(a.actor, b.actor) ||
    compareText(a.op.op_id, b.op.op_id) ||
    compareText(a.envelope, b.envelope)
  )
}

/** Bytes of an operation's leaf in the plan's tree: what it does, and who did it when, in which envelope. */
export function opLeaf({ thread, lamport, actor, envelope, op }: PlanOp): Uint8Array {
  const cid = parseCid(envelope)
  assert(cid.ok, 'the id of an envelope is a CID')
  return encodeDagCbor(['canswarm/plan-op/1', thread, lamport, actor, op, cid.value])
}
