import { encodeThread } from '../../../../src/core/thread/encode.ts'
import { THREAD_LIMITS, type ThreadLimits } from '../../../../src/core/thread/limits.ts'
import { stepThread, type ThreadEffect, type ThreadStep } from '../../../../src/core/thread/step.ts'
import {
  applyWrites,
  counts,
  emptyThread,
  type SenderState,
  type SlotBodies,
  slotOf,
  type ThreadMaps,
  threadView,
} from '../../../../src/core/thread/view.ts'
import type { EnvelopeHeader } from '../../../../src/model/envelope-header.ts'
import type { Did, EnvelopeId, Lamport, Seq, ThreadId } from '../../../../src/model/ids.ts'

export const THREAD = 'thread' as ThreadId

/** A header in a few words: sender and seq, as in `b2`, its own ids, its lamport. */
export interface Sketch {
  readonly id: string
  readonly sender: string
  readonly seq: number
  readonly lamport: number
  readonly prev: readonly string[]
  readonly opens?: boolean
  readonly thread?: string
}

export function header({
  id,
  sender,
  seq,
  lamport,
  prev,
  opens = false,
  thread = THREAD,
}: Sketch): EnvelopeHeader {
  return {
    id: id as EnvelopeId,
    thread: thread as ThreadId,
    kind: opens ? 'NEED' : 'UPDATE_PLAN',
    sender: sender as Did,
    seq: seq as Seq,
    lamport: lamport as Lamport,
    prev: prev as readonly EnvelopeId[],
    opens,
  }
}

/** `env('b2', 5, ['b1', 'a1'])`: sender b, seq 2, lamport 5. A letter more tells bodies of one seq apart: `b2x`. */
export function env(id: string, lamport: number, prev: readonly string[]): EnvelopeHeader {
  const [, sender = '', seq = '0'] = /^([a-z]+)(\d+)/.exec(id) ?? []
  return header({ id, sender, seq: Number(seq), lamport, prev, opens: prev.length === 0 })
}

/** A thread under test: its maps, and every effect so far. */
export class Fold {
  readonly maps: ThreadMaps = emptyThread(THREAD)
  readonly effects: ThreadEffect[] = []
  readonly limits: ThreadLimits

  constructor(limits: Partial<ThreadLimits> = {}) {
    this.limits = { ...THREAD_LIMITS, ...limits }
  }

  give(next: EnvelopeHeader): ThreadStep {
    const step = stepThread(threadView(this.maps), next, this.limits)
    applyWrites(this.maps, step.writes)
    this.effects.push(...step.effects)
    return step
  }

  giveAll(headers: Iterable<EnvelopeHeader>): this {
    for (const next of headers) this.give(next)
    return this
  }

  /** What became of the envelope, in one word. */
  outcome(next: EnvelopeHeader): string {
    const { result } = this.give(next)
    return result.ok ? result.value.kind : result.error.code
  }

  get bytes(): string {
    return hex(encodeThread(threadView(this.maps)))
  }
}

export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

/** How many rows a step wrote, all tables together. */
export function rowsWritten({ writes }: Pick<ThreadStep, 'writes'>): number {
  return Object.values(writes).reduce((sum, table) => sum + table.size, 0)
}

/**
 * Every table that can be computed from `accepted` and `held`, computed in full and the plain way.
 * Comparing it with the maps checks what the fold keeps incrementally.
 */
export function recompute({ thread, accepted, held }: ThreadMaps): ThreadMaps {
  const full: ThreadMaps = { ...emptyThread(thread), accepted, held }
  const ids = [...accepted.keys()].sort()
  for (const { sender, seq } of accepted.values()) {
    const bodies = ids.filter((id) => accepted.get(id)?.sender === sender && accepted.get(id)?.seq === seq)
    full.slots.set(slotOf(sender, seq), bodies.slice(0, 2) as unknown as SlotBodies)
  }
  for (const { sender } of accepted.values()) full.senders.set(sender, senderState(full, sender))
  const counting = [...accepted.values()].filter(({ id }) => counts(full, id))
  for (const { prev } of counting) {
    for (const named of prev) full.namedBy.set(named, (full.namedBy.get(named) ?? 0) + 1)
  }
  for (const each of counting) if (!full.namedBy.has(each.id)) full.heads.set(each.id, each)
  const parents = new Set([...accepted.values()].flatMap(({ prev }) => prev))
  for (const each of accepted.values()) if (!parents.has(each.id)) full.tips.set(each.id, each)
  for (const { id, sender, prev } of held.values()) {
    full.heldOf.set(sender, (full.heldOf.get(sender) ?? 0) + 1)
    for (const named of prev) {
      if (!accepted.has(named)) full.waiting.set(named, [...(full.waiting.get(named) ?? []), id])
    }
  }
  return full
}

function senderState(maps: ThreadMaps, sender: Did): SenderState {
  const own = [...maps.accepted.values()].filter((each) => each.sender === sender)
  const seqMax = Math.max(...own.map(({ seq }) => seq)) as Seq
  const forked = own.filter(({ seq }) => (maps.slots.get(slotOf(sender, seq))?.length ?? 0) > 1)
  return {
    count: own.length,
    seqMax,
    last: maps.slots.get(slotOf(sender, seqMax))?.[0] as EnvelopeId,
    forkedAt: forked.length === 0 ? null : (Math.min(...forked.map(({ seq }) => seq)) as Seq),
  }
}

/** The maps with what depends on the order of arrival alone (order within a waiting list) taken out. */
export function settled(maps: ThreadMaps): ThreadMaps {
  const waiting = new Map([...maps.waiting].map(([id, waiters]) => [id, [...waiters].sort()] as const))
  return { ...maps, waiting }
}
