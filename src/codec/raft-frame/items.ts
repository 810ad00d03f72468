import { assertGroupId, assertLogIndex, type GroupId, type LogIndex } from '../../model/raft.ts'
import { REJECTION, type RejectionCode } from '../../model/rejection.ts'
import {
  type AnswerBatch,
  EFFECT_BYTES_MAX,
  type EffectBatch,
  type EntryItem,
  type Outcome,
  REFUSED_WHY,
  REJECTION_MESSAGE_BYTES_MAX,
  RESULT_BYTES_MAX,
  TICKET_KEY_BYTES_MAX,
  type Ticket,
  type Verdict,
} from '../../model/replicated.ts'
import { BATCH_PROOF_BYTES_MAX } from '../certificate/batch-proof.ts'
import { CERTIFICATE_BYTES_MAX } from '../certificate/certificate.ts'
import type { WireReader } from './wire-reader.ts'
import type { WireWriter } from './wire-writer.ts'

/** One command, at most: an entry holds at least one. */
export const COMMAND_BYTES_MAX = 1_048_576

export function writeTicket(out: WireWriter, { born, key }: Ticket): void {
  out.number(born)
  out.bytes(key)
}

export function readTicket(from: WireReader): Ticket {
  const born = from.number()
  const key = from.bytes(TICKET_KEY_BYTES_MAX)
  if (key.length === 0) from.fail()
  return { born, key: key.slice() }
}

export function writeVerdict(out: WireWriter, verdict: Verdict): void {
  if (verdict.kind === 'applied') {
    out.u8(0)
    out.bytes(verdict.result)
  } else {
    out.u8(1)
    out.text(verdict.code)
    out.text(verdict.message)
  }
}

export function readVerdict(from: WireReader): Verdict {
  const kind = from.u8()
  if (kind === 0) return { kind: 'applied', result: from.bytes(RESULT_BYTES_MAX).slice() }
  if (kind !== 1) from.fail()
  const code = from.text(64)
  if (!isRejectionCode(code)) from.fail()
  return { kind: 'rejected', code: code as RejectionCode, message: from.text(REJECTION_MESSAGE_BYTES_MAX) }
}

function isRejectionCode(code: string): code is RejectionCode {
  return Object.hasOwn(REJECTION, code)
}

export function writeOutcome(out: WireWriter, outcome: Outcome): void {
  switch (outcome.kind) {
    case 'settled':
      out.u8(0)
      out.number(outcome.index)
      return writeVerdict(out, outcome.verdict)
    case 'refused':
      out.u8(1)
      out.u8(REFUSED_WHY.indexOf(outcome.why))
      return out.text(outcome.detail)
    case 'unknown':
      return out.u8(2)
    default:
      return outcome satisfies never
  }
}

export function readOutcome(from: WireReader): Outcome {
  const kind = from.u8()
  if (kind === 0) return { kind: 'settled', index: readIndex(from), verdict: readVerdict(from) }
  if (kind === 2) return { kind: 'unknown' }
  const why = REFUSED_WHY[from.u8()]
  if (kind !== 1 || why === undefined) from.fail()
  return { kind: 'refused', why: why ?? 'halted', detail: from.text(REJECTION_MESSAGE_BYTES_MAX) }
}

export function readIndex(from: WireReader): LogIndex {
  return assertLogIndex(from.number())
}

export function readGroup(from: WireReader): GroupId {
  return assertGroupId(from.u32())
}

export function writeEffects(out: WireWriter, batch: EffectBatch): void {
  out.u32(batch.source)
  out.u32(batch.target)
  out.number(batch.generation)
  out.number(batch.first)
  out.number(batch.answered)
  out.list(batch.bodies, (body) => out.bytes(body))
  out.bytes(batch.proof)
}

export function readEffects(from: WireReader): EffectBatch {
  return {
    source: readGroup(from),
    target: readGroup(from),
    generation: from.number(),
    first: from.number(),
    answered: from.number(),
    bodies: from.list(4, () => from.bytes(EFFECT_BYTES_MAX).slice()),
    proof: from.bytes(BATCH_PROOF_BYTES_MAX).slice(),
  }
}

export function writeAnswers(out: WireWriter, batch: AnswerBatch): void {
  out.u32(batch.source)
  out.u32(batch.target)
  out.number(batch.generation)
  out.number(batch.first)
  out.list(batch.verdicts, (verdict) => writeVerdict(out, verdict))
  out.bytes(batch.proof)
}

export function readAnswers(from: WireReader): AnswerBatch {
  return {
    source: readGroup(from),
    target: readGroup(from),
    generation: from.number(),
    first: from.number(),
    verdicts: from.list(5, () => readVerdict(from)),
    proof: from.bytes(BATCH_PROOF_BYTES_MAX).slice(),
  }
}

export function writeEntryItem(out: WireWriter, item: EntryItem): void {
  switch (item.kind) {
    case 'command':
      out.u8(0)
      writeTicket(out, item.ticket)
      return out.bytes(item.body)
    case 'effects':
      out.u8(1)
      return writeEffects(out, item.batch)
    case 'answers':
      out.u8(2)
      return writeAnswers(out, item.batch)
    case 'cert':
      out.u8(3)
      return out.bytes(item.certificate)
    case 'forget':
      out.u8(4)
      return out.number(item.below)
    default:
      return item satisfies never
  }
}

export function readEntryItem(from: WireReader): EntryItem {
  const kind = from.u8()
  if (kind === 0)
    return { kind: 'command', ticket: readTicket(from), body: from.bytes(COMMAND_BYTES_MAX).slice() }
  if (kind === 1) return { kind: 'effects', batch: readEffects(from) }
  if (kind === 2) return { kind: 'answers', batch: readAnswers(from) }
  if (kind === 4) return { kind: 'forget', below: from.number() }
  if (kind !== 3) from.fail()
  return { kind: 'cert', certificate: from.bytes(CERTIFICATE_BYTES_MAX).slice() }
}
