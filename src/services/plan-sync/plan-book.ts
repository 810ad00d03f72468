import { concatBytes } from '../../codec/bytes.ts'
import { encodeDagCbor } from '../../codec/dag-cbor/encode.ts'
import { DIGEST_PARTS, PART_DIGEST_BYTES, THREADS_PER_ANSWER } from '../../codec/plan-sync/request.ts'
import type { PlanOp } from '../../core/plan/operation.ts'
import type { PlanView } from '../../core/plan/plan-view.ts'
import { foldPlan } from '../../core/plan/versions.ts'
import { compareText } from '../../model/compare-text.ts'
import { assert } from '../../model/fault.ts'
import type { EnvelopeId, ThreadId } from '../../model/ids.ts'
import type { Sha256 } from '../../ports/crypto.ts'
import type { DocumentChange } from '../../ports/plan-documents.ts'

interface Page {
  readonly changes: Map<EnvelopeId, DocumentChange>
  readonly ops: PlanOp[]
  readonly part: number
  view: PlanView | undefined
  digest: Uint8Array | undefined
}

/**
 * Plans as their verified operations make them, and digests by which two nodes see where they differ. What is not in it has
 * no effect on any plan. A view is folded when it is first asked for, then goes on with each operation.
 */
export class PlanBook {
  readonly #sha256: Sha256
  readonly #pages = new Map<ThreadId, Page>()
  /** Ascending. */
  readonly #sorted: ThreadId[] = []
  readonly #parts: Set<ThreadId>[] = Array.from({ length: DIGEST_PARTS }, () => new Set())
  readonly #partDigests: (Uint8Array | undefined)[] = []

  constructor(sha256: Sha256) {
    this.#sha256 = sha256
  }

  /** Takes in all operations of one verified envelope; false when it is known. Asserts that they are of one. */
  add(ops: readonly PlanOp[]): boolean {
    const [first] = ops
    if (first === undefined) return false
    const { thread, envelope, actor, lamport } = first
    assert(
      ops.every((op) => op.envelope === envelope && op.thread === thread),
      'operations of one envelope',
    )
    const page = this.#pages.get(thread) ?? this.#newPage(thread)
    if (page.changes.has(envelope)) return false
    page.changes.set(envelope, { envelope, actor, lamport, ops: ops.map(({ op }) => documentOp(op)) })
    page.ops.push(...ops)
    for (const op of ops) page.view?.add(op)
    page.digest = undefined
    this.#partDigests[page.part] = undefined
    return true
  }

  /** The plan of a thread; of an unknown one an empty plan. */
  plan(thread: ThreadId): PlanView {
    const page = this.#pages.get(thread)
    if (page === undefined) return foldPlan(thread, [])
    page.view ??= foldPlan(thread, page.ops)
    return page.view
  }

  has(thread: ThreadId, envelope: string): boolean {
    return this.#pages.get(thread)?.changes.has(envelope as EnvelopeId) === true
  }

  changes(thread: ThreadId): readonly DocumentChange[] {
    return [...(this.#pages.get(thread)?.changes.values() ?? [])]
  }

  /** The thread is pruned: its plan is no longer spoken of. */
  drop(thread: ThreadId): void {
    const page = this.#pages.get(thread)
    if (page === undefined) return
    this.#pages.delete(thread)
    this.#sorted.splice(placeOf(thread, this.#sorted), 1)
    this.#parts[page.part]?.delete(thread)
    this.#partDigests[page.part] = undefined
  }

  /** Equal for two that have the same operations in every thread. */
  root(): Uint8Array {
    return this.#sha256(this.parts())
  }

  /** The first bytes of every part's digest. */
  parts(): Uint8Array {
    return concatBytes(...this.#parts.map((_, part) => this.#partDigest(part)))
  }

  /**
   * Threads of these parts with their digests, ascending, after one of them; at most as many as one answer has. Nothing is
   * sorted for it: strangers ask too.
   */
  threadsIn(parts: readonly number[], after = ''): readonly (readonly [ThreadId, Uint8Array])[] {
    const wanted = new Set(parts)
    const found: [ThreadId, Uint8Array][] = []
    for (let at = placeOf(after, this.#sorted); at < this.#sorted.length; at++) {
      if (found.length === THREADS_PER_ANSWER) break
      const thread = this.#sorted[at] as ThreadId
      if (thread !== after && wanted.has(this.#pages.get(thread)?.part ?? -1))
        found.push([thread, this.#digest(thread)])
    }
    return found
  }

  #newPage(thread: ThreadId): Page {
    const part = this.#sha256(new TextEncoder().encode(thread))[0] ?? 0
    const page: Page = { changes: new Map(), ops: [], part, view: undefined, digest: undefined }
    this.#pages.set(thread, page)
    this.#sorted.splice(placeOf(thread, this.#sorted), 0, thread)
    this.#parts[part]?.add(thread)
    return page
  }

  #partDigest(part: number): Uint8Array {
    const known = this.#partDigests[part]
    if (known !== undefined) return known
    const threads = [...(this.#parts[part] ?? [])].sort(compareText)
    const all = encodeDagCbor(threads.map((thread) => [thread, this.#digest(thread)]))
    const digest = this.#sha256(all).slice(0, PART_DIGEST_BYTES)
    this.#partDigests[part] = digest
    return digest
  }

  #digest(thread: ThreadId): Uint8Array {
    const page = this.#pages.get(thread)
    assert(page !== undefined, 'a digest is of a thread that is there')
    page.digest ??= this.#sha256(encodeDagCbor([...page.changes.keys()].sort(compareText)))
    return page.digest
  }
}

/** Where a text stands, or would. */
function placeOf(text: string, sorted: readonly string[]): number {
  let [low, high] = [0, sorted.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (compareText(sorted[middle] as string, text) < 0) low = middle + 1
    else high = middle
  }
  return low
}

function documentOp(op: PlanOp['op']): DocumentChange['ops'][number] {
  return { opId: op.op_id, opType: op.op_type, taskId: op.task_id, payload: encodeDagCbor(op.payload) }
}
