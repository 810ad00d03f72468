import { decodeDagCbor } from '../../../codec/dag-cbor/decode.ts'
import type { SingleEnvelope } from '../../../codec/envelope/verify-single.ts'
import { isList } from '../../../codec/ipld.ts'
import { type Rejection, reject } from '../../../model/rejection.ts'
import { ok, type Result } from '../../../model/result.ts'
import type { SlotFacts } from '../../records/world.ts'
import type { Turn } from '../turn.ts'
import type { Offence } from './convict.ts'

/**
 * Two envelopes, as entries hold them, that one honest sender never makes: two bodies with one (thread, seq). Rejects MALFORMED for what does
 * not contradict, and as `openEnvelope`. Source: protocol.md, "Envelope".
 */
export function equivocationBy(turn: Turn, bytes: Uint8Array, now: SlotFacts): Result<Offence, Rejection> {
  const decoded = decodeDagCbor(bytes)
  if (!decoded.ok) return decoded
  if (!isList(decoded.value) || decoded.value.length !== 2)
    return reject('MALFORMED', 'expected two envelopes')
  const opened: SingleEnvelope[] = []
  for (const field of decoded.value) {
    const envelope = turn.world.openEnvelope(field, now.time)
    if (!envelope.ok) return envelope
    opened.push(envelope.value)
  }
  const [a, b] = opened as [SingleEnvelope, SingleEnvelope]
  const { sender, thread, seq } = a.body
  const isSamePlace = b.body.sender === sender && b.body.thread === thread && b.body.seq === seq
  return isSamePlace && a.id !== b.id
    ? ok({ account: sender, what: `equivocation ${sender} ${thread}/${seq}` })
    : reject('MALFORMED', 'the envelopes do not contradict one another')
}
