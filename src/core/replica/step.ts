import { assert } from '../../model/fault.ts'
import type { GroupId, LogIndex } from '../../model/raft.ts'
import {
  type AnswerBatch,
  EFFECT_BYTES_MAX,
  type Effect,
  type EffectBatch,
  type EntryItem,
  REJECTION_MESSAGE_BYTES_MAX,
  REMEMBERED_POSITIONS,
  RESULT_BYTES_MAX,
  type Ticket,
  type Verdict,
} from '../../model/replicated.ts'
import type { AppliedAt, MachineStep, StateMachine } from '../../ports/state-machine.ts'
import { EFFECTS_UNDERWAY_MAX, type Replica, type Settled } from './replica.ts'

/** One change of a replica. */
export type ReplicaWrite =
  | { readonly kind: 'machine'; readonly writes: readonly unknown[] }
  | { readonly kind: 'settle'; readonly key: string; readonly settled: Settled }
  | { readonly kind: 'send'; readonly effects: readonly Effect[] }
  | { readonly kind: 'receive'; readonly source: GroupId; readonly verdict: Verdict }
  | { readonly kind: 'drop-answers'; readonly source: GroupId; readonly upTo: number }
  | { readonly kind: 'answered'; readonly target: GroupId }

/** What one step of an item is: an item of several effects takes several, each seeing the writes of the last. */
export interface ReplicaStep {
  readonly writes: readonly ReplicaWrite[]
  /** Commands alone: what its proposer learns. */
  readonly settled?: { readonly key: string; readonly verdict: Verdict; readonly again: boolean }
}

const EXPIRED: Verdict = { kind: 'rejected', code: 'WINDOW_CLOSED', message: 'the ticket is too old' }
const FROM_LATER: Verdict = { kind: 'rejected', code: 'MALFORMED', message: 'the ticket is from later' }

/**
 * The steps that an item consists of, to be taken one after another, each upon what the last wrote. Pure: the
 * same on every replica. Rule: consensus.md, "The raft host"; raft-host-catalogue A1, A3, F1.
 */
export function stepsOf(
  machine: StateMachine,
  item: EntryItem,
): readonly ((replica: Replica, index: LogIndex) => ReplicaStep)[] {
  switch (item.kind) {
    case 'command':
      return [(replica, index) => stepCommand(machine, replica, item.ticket, item.body, index)]
    case 'effects':
      return effectSteps(machine, item.batch)
    case 'answers':
      return answerSteps(machine, item.batch)
    default:
      return item satisfies never
  }
}

/** Hex of a ticket's key: what maps are keyed by. */
export function keyText(key: Uint8Array): string {
  let text = ''
  for (const byte of key) text += byte < 16 ? `0${byte.toString(16)}` : byte.toString(16)
  return text
}

/** Whether a ticket can no longer be applied at a position. */
export function isExpired(ticket: Ticket, position: number): boolean {
  return ticket.born + REMEMBERED_POSITIONS <= position
}

function stepCommand(
  machine: StateMachine,
  replica: Replica,
  ticket: Ticket,
  body: Uint8Array,
  index: LogIndex,
): ReplicaStep {
  const key = keyText(ticket.key)
  const before = replica.settled.get(key)
  if (before !== undefined) return { writes: [], settled: { key, verdict: before.verdict, again: true } }
  if (isExpired(ticket, replica.position)) {
    return { writes: [], settled: { key, verdict: EXPIRED, again: true } }
  }
  // Remembering it by a later birth would outlast the memory: only what was born is remembered.
  if (ticket.born > replica.position)
    return { writes: [], settled: { key, verdict: FROM_LATER, again: true } }
  const step = machine.step(replica.state, body, at(replica, index))
  const settled = { position: replica.position, index, verdict: step.verdict }
  return {
    writes: [...machineWrites(step), { kind: 'settle', key, settled }],
    settled: { key, verdict: step.verdict, again: false },
  }
}

/** Each effect once, by its number, in order: what was received before, and what leaves a gap, changes nothing. */
function effectSteps(
  machine: StateMachine,
  batch: EffectBatch,
): readonly ((replica: Replica, index: LogIndex) => ReplicaStep)[] {
  const drop = (): ReplicaStep => ({
    writes: [{ kind: 'drop-answers', source: batch.source, upTo: batch.answered }],
  })
  const take = (body: Uint8Array, number: number) => (replica: Replica, index: LogIndex) => {
    const inbox = replica.inboxes.get(batch.source)
    const isNext = number === (inbox?.received ?? 0) + 1
    const hasRoom = (inbox?.answers.length ?? 0) < EFFECTS_UNDERWAY_MAX
    if (batch.generation !== replica.generation || !isNext || !hasRoom) return { writes: [] }
    const step = machine.effect(replica.state, body, { ...at(replica, index), source: batch.source })
    const received: ReplicaWrite = { kind: 'receive', source: batch.source, verdict: step.verdict }
    return { writes: [...machineWrites(step), received] }
  }
  return [drop, ...batch.bodies.map((body, n) => take(body, batch.first + n))]
}

function answerSteps(
  machine: StateMachine,
  batch: AnswerBatch,
): readonly ((replica: Replica, index: LogIndex) => ReplicaStep)[] {
  return batch.verdicts.map((verdict, n) => (replica: Replica, index: LogIndex) => {
    const number = batch.first + n
    const outbox = replica.outboxes.get(batch.source)
    const isNext = outbox !== undefined && outbox.waiting.length > 0 && number === outbox.answered + 1
    if (batch.generation !== replica.generation || !isNext) return { writes: [] }
    const answer = { source: batch.source, number, verdict }
    const step = machine.answered(replica.state, answer, at(replica, index))
    return { writes: [{ kind: 'answered', target: batch.source }, ...machineWrites(step)] }
  })
}

/** What a machine may hand out is bounded: beyond it a checkpoint could not be read back. */
function machineWrites(step: MachineStep<unknown>): readonly ReplicaWrite[] {
  const { verdict, effects } = step
  const isShort =
    verdict.kind === 'applied'
      ? verdict.result.length <= RESULT_BYTES_MAX
      : new TextEncoder().encode(verdict.message).length <= REJECTION_MESSAGE_BYTES_MAX
  assert(isShort, 'a verdict beyond its limit')
  assert(
    effects.every(({ body }) => body.length <= EFFECT_BYTES_MAX),
    'an effect beyond its limit',
  )
  const machine: ReplicaWrite = { kind: 'machine', writes: step.writes }
  return step.effects.length === 0 ? [machine] : [machine, { kind: 'send', effects: step.effects }]
}

function at(replica: Replica, index: LogIndex): AppliedAt {
  return { index, position: replica.position, generation: replica.generation }
}
