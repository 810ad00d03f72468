import { byteText } from '../../codec/bytes.ts'
import type { Certificate } from '../../codec/certificate/certificate.ts'
import type { Subject } from '../../codec/certificate/leaf.ts'
import { assert } from '../../model/fault.ts'
import type { GroupId, LogIndex } from '../../model/raft.ts'
import {
  type AnswerBatch,
  EFFECT_BYTES_MAX,
  type Effect,
  type EffectBatch,
  type EntryItem,
  REJECTION_MESSAGE_BYTES_MAX,
  RESULT_BYTES_MAX,
  type Ticket,
  type Verdict,
} from '../../model/replicated.ts'
import type { AppliedAt, CertifiedItem, MachineStep, StateMachine } from '../../ports/state-machine.ts'
import type { SealMarks } from '../certificate/sealed-log.ts'
import { latestConfig, type VoterChain } from '../certificate/voter-chain.ts'
import { answerItem, closedItem, commandItem, effectItem } from './leaf-items.ts'
import type { Settled } from './outcomes.ts'
import { isExpired } from './outcomes.ts'
import type { CheckedBatch, ProofCheck } from './proof-check.ts'
import { EFFECTS_UNDERWAY_MAX, type Replica } from './replica.ts'

/** One change of a replica. */
export type ReplicaWrite =
  | { readonly kind: 'machine'; readonly writes: readonly unknown[] }
  | { readonly kind: 'settle'; readonly key: string; readonly settled: Settled }
  | { readonly kind: 'forget'; readonly below: number }
  | { readonly kind: 'send'; readonly effects: readonly Effect[] }
  | { readonly kind: 'receive'; readonly source: GroupId; readonly verdict: Verdict }
  | { readonly kind: 'drop-answers'; readonly source: GroupId; readonly upTo: number }
  | { readonly kind: 'answered'; readonly target: GroupId }
  /** What a proof showed of another group's voters. */
  | { readonly kind: 'learn'; readonly source: GroupId; readonly chain: VoterChain }
  /** The certificate of a size of our own; what it completes follows from the state. */
  | { readonly kind: 'record'; readonly certificate: Certificate }

/** What one step of an item is: an item of several effects takes several, each seeing the writes of the last. */
export interface ReplicaStep {
  readonly writes: readonly ReplicaWrite[]
  /** Commands alone: what its proposer learns; undefined: the ticket is too old, and nobody knows what came of it. */
  readonly settled?: { readonly key: string; readonly verdict: Verdict | undefined }
  /** There where the step is counted: what its leaf says of it. */
  readonly counted?: CountedStep
}

/** What the machine was given, and what it says of it. */
export interface CountedStep {
  readonly applied: boolean
  /** Bytes that the leaf names. */
  readonly item: () => Uint8Array
  readonly marks: SealMarks
  readonly subject: Subject | undefined
}

type Step = (replica: Replica, index: LogIndex) => ReplicaStep

/** Of one step: more are a defect of the machine, and a leaf has no room for them. */
const STEP_EFFECTS_MAX = 1_024

const FROM_LATER: Verdict = { kind: 'rejected', code: 'MALFORMED', message: 'the ticket is from later' }

/**
 * The steps that an item consists of, to be taken one after another as they come, each upon what the last wrote. Pure:
 * the same on every replica. Rule: consensus.md, "The raft host"; raft-host-catalogue A1, A3, F1.
 */
export function stepsOf(machine: StateMachine, item: EntryItem, proofs: ProofCheck): Iterable<Step> {
  switch (item.kind) {
    case 'command':
      return [(replica, index) => stepCommand(machine, replica, item.ticket, item.body, index)]
    case 'effects':
      return effectSteps(machine, item.batch, proofs)
    case 'answers':
      return answerSteps(machine, item.batch, proofs)
    case 'cert':
      return certSteps(machine, item.certificate, proofs)
    case 'forget':
      return [() => ({ writes: [{ kind: 'forget', below: item.below }] })]
    default:
      return item satisfies never
  }
}

/** A ticket's key as text, a character a byte: what maps are keyed by, short and flat. */
export function keyText(key: Uint8Array): string {
  return byteText(key)
}

/** The bytes of such a text. */
export function keyBytes(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length)
  for (let n = 0; n < text.length; n++) bytes[n] = text.charCodeAt(n)
  return bytes
}

function stepCommand(
  machine: StateMachine,
  replica: Replica,
  ticket: Ticket,
  body: Uint8Array,
  index: LogIndex,
): ReplicaStep {
  const key = keyText(ticket.key)
  const again = (verdict: Verdict | undefined): ReplicaStep => ({
    writes: [],
    settled: { key, verdict },
    counted: counted(undefined, false, () => commandItem(body)),
  })
  const before = replica.settled.get(key)
  if (before !== undefined) return again(before.verdict)
  if (isExpired(ticket, replica)) return again(undefined)
  // Remembering it by a later birth would outlast the memory: only what was born is remembered.
  if (ticket.born > replica.position) return again(FROM_LATER)
  const step = machine.step(replica.state, body, at(replica, index))
  const settled = { position: replica.position, index, verdict: step.verdict }
  return {
    writes: [...machineWrites(step), { kind: 'settle', key, settled }],
    settled: { key, verdict: step.verdict },
    counted: counted(step, step.verdict.kind === 'applied', () => commandItem(body)),
  }
}

/** Each effect once, by its number, in order: what was received before, and what leaves a gap, changes nothing. */
function* effectSteps(machine: StateMachine, batch: EffectBatch, proofs: ProofCheck): Iterable<Step> {
  const { source, generation } = batch
  let checked: CheckedBatch = UNPROVEN
  yield (replica) => {
    checked = proofs.effects(replica, batch)
    return { writes: learned(source, checked) }
  }
  if (!checked.isProven) return
  yield () => ({ writes: [{ kind: 'drop-answers', source, upTo: batch.answered }] })
  for (const [n, body] of batch.bodies.entries()) {
    yield (replica, index) => {
      const number = batch.first + n
      const inbox = replica.inboxes.get(source)
      const isNext = number === (inbox?.received ?? 0) + 1
      const hasRoom = (inbox?.answers.length ?? 0) < EFFECTS_UNDERWAY_MAX
      if (generation !== replica.generation || !isNext || !hasRoom) return { writes: [] }
      const proof = checked.proofOf(number)
      const step = machine.effect(replica.state, body, { ...at(replica, index), source, number, proof })
      const { verdict } = step
      return {
        writes: [...machineWrites(step), { kind: 'receive', source, verdict }],
        counted: counted(step, verdict.kind === 'applied', () => effectItem(source, number, body, proof)),
      }
    }
  }
}

function* answerSteps(machine: StateMachine, batch: AnswerBatch, proofs: ProofCheck): Iterable<Step> {
  const { source, generation } = batch
  let checked: CheckedBatch = UNPROVEN
  yield (replica) => {
    checked = proofs.answers(replica, batch)
    return { writes: learned(source, checked) }
  }
  if (!checked.isProven) return
  for (const [n, verdict] of batch.verdicts.entries()) {
    yield (replica, index) => {
      const number = batch.first + n
      const outbox = replica.outboxes.get(source)
      const isNext = outbox !== undefined && outbox.waiting.length > 0 && number === outbox.answered + 1
      if (generation !== replica.generation || !isNext) return { writes: [] }
      const answer = { source, number, verdict, proof: checked.proofOf(number) }
      const step = machine.answered(replica.state, answer, at(replica, index))
      return {
        writes: [{ kind: 'answered', target: source }, ...machineWrites(step)],
        counted: counted(step, true, () => answerItem(source, number, verdict, answer.proof)),
      }
    }
  }
}

/** The machine hears of each closing item that the certificate covers, if the certificate is one and is the first. */
function* certSteps(machine: StateMachine, bytes: Uint8Array, proofs: ProofCheck): Iterable<Step> {
  let closed: readonly CertifiedItem[] = []
  yield (replica) => {
    const checked = proofs.certificate(replica, bytes)
    if (checked === undefined) return { writes: [] }
    closed = checked.closed
    return { writes: [{ kind: 'record', certificate: checked.certificate }] }
  }
  for (const item of closed) {
    yield (replica, index) => {
      const step = machine.certified?.(replica.state, item, at(replica, index))
      const writes = step === undefined ? [] : machineWrites(step)
      return { writes, counted: counted(step, true, () => closedItem(item)) }
    }
  }
}

const UNPROVEN: CheckedBatch = {
  isProven: false,
  chain: undefined,
  knows: undefined,
  proofOf: () => undefined,
}

function learned(source: GroupId, { chain }: CheckedBatch): readonly ReplicaWrite[] {
  return chain === undefined ? [] : [{ kind: 'learn', source, chain }]
}

function counted(
  step: MachineStep<unknown> | undefined,
  applied: boolean,
  item: () => Uint8Array,
): CountedStep {
  const marks = { seal: step?.seal === true, closing: step?.closing === true }
  return { applied, item: () => step?.item ?? item(), marks, subject: step?.subject }
}

/** What a machine may hand out is bounded: beyond it a checkpoint could not be read back. */
function machineWrites(step: MachineStep<unknown>): readonly ReplicaWrite[] {
  const { verdict, effects } = step
  const isShort =
    verdict.kind === 'applied'
      ? verdict.result.length <= RESULT_BYTES_MAX
      : new TextEncoder().encode(verdict.message).length <= REJECTION_MESSAGE_BYTES_MAX
  assert(isShort, 'a verdict beyond its limit')
  assert(effects.length <= STEP_EFFECTS_MAX, 'more effects than a leaf can have')
  assert(
    effects.every(({ body }) => body.length <= EFFECT_BYTES_MAX),
    'an effect beyond its limit',
  )
  const machine: ReplicaWrite = { kind: 'machine', writes: step.writes }
  return step.effects.length === 0 ? [machine] : [machine, { kind: 'send', effects: step.effects }]
}

function at(replica: Replica, index: LogIndex): AppliedAt {
  const { position, generation, sealed } = replica
  if (sealed === undefined) return { index, position, generation }
  return { index, position, generation, voters: latestConfig(sealed.chain).voters }
}
