import { leafHash, nodeHash } from '../../codec/merkle/hash.ts'
import { compareText } from '../../model/compare-text.ts'
import { assert } from '../../model/fault.ts'
import type { EnvelopeId, Lamport, ThreadId } from '../../model/ids.ts'
import type { Sha256 } from '../../ports/crypto.ts'
import { opLeaf, type PlanOp } from './operation.ts'
import { PlanView } from './plan-view.ts'

/** A plan after one of its patches, in the order (lamport, actor, envelope) of the patches, whenever they arrived. */
export interface Version {
  /** Id of the envelope that carries the patch. */
  readonly versionId: EnvelopeId
  readonly lamport: Lamport
  /**
   * RFC 6962 root over the operations of this patch and of all before it: one leaf each, by patch and then by op_id.
   */
  readonly root: Uint8Array
}

/** All versions, oldest first. Whoever has the same operations gets the same. Source: plan-and-storage.md (Versions). */
export function versionsOf(plan: PlanView, sha256: Sha256): readonly Version[] {
  const tree = new GrowingTree(sha256)
  const versions: Version[] = []
  for (const patch of patchesOf(plan.ops)) {
    for (const op of patch) tree.push(leafHash(opLeaf(op), sha256))
    const { envelope, lamport } = patch[0] as PlanOp
    versions.push({ versionId: envelope, lamport, root: tree.root() })
  }
  return versions
}

/** Root of the newest version; of a plan without operations sha256 of nothing. */
export function planRoot(plan: PlanView, sha256: Sha256): Uint8Array {
  return versionsOf(plan, sha256).at(-1)?.root ?? sha256(new Uint8Array())
}

/** The plan as its operations up to that clock reading make it, without what buckets say. */
export function planAt(plan: PlanView, lamport: Lamport): PlanView {
  return foldPlan(
    plan.thread,
    plan.ops.filter((op) => op.lamport <= lamport),
  )
}

/** The same fold from the beginning: what any number of `add` comes to. */
export function foldPlan(thread: ThreadId, ops: Iterable<PlanOp>): PlanView {
  const plan = new PlanView(thread)
  for (const op of ops) plan.add(op)
  return plan
}

function patchesOf(ops: readonly PlanOp[]): readonly (readonly PlanOp[])[] {
  const patches = new Map<string, PlanOp[]>()
  for (const op of ops) {
    const patch = patches.get(op.envelope)
    if (patch === undefined) patches.set(op.envelope, [op])
    else patch.push(op)
  }
  return [...patches.values()].sort(([a], [b]) => comparePatches(a as PlanOp, b as PlanOp))
}

function comparePatches(a: PlanOp, b: PlanOp): number {
  return a.lamport - b.lamport || compareText(a.actor, b.actor) || compareText(a.envelope, b.envelope)
}

/** An RFC 6962 tree that only grows: the roots of its whole subtrees, largest first. */
class GrowingTree {
  readonly #peaks: { readonly size: number; readonly hash: Uint8Array }[] = []
  readonly #sha256: Sha256

  constructor(sha256: Sha256) {
    this.#sha256 = sha256
  }

  push(leaf: Uint8Array): void {
    let peak = { size: 1, hash: leaf }
    while (this.#peaks.at(-1)?.size === peak.size) {
      const { hash } = this.#peaks.pop() as { readonly hash: Uint8Array }
      peak = { size: 2 * peak.size, hash: nodeHash(hash, peak.hash, this.#sha256) }
    }
    this.#peaks.push(peak)
  }

  /** Asserts at least one leaf. */
  root(): Uint8Array {
    const right = this.#peaks.at(-1)
    assert(right !== undefined, 'a patch has an operation')
    return this.#peaks
      .slice(0, -1)
      .reduceRight((hash, left) => nodeHash(left.hash, hash, this.#sha256), right.hash)
  }
}
