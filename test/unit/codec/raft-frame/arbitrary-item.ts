import fc from 'fast-check'
import { CHUNK_BYTES, type FrameItem } from '../../../../src/codec/raft-frame/frame.ts'
import { COMMAND_BYTES_MAX } from '../../../../src/codec/raft-frame/items.ts'
import type { GroupId, LogIndex, Term } from '../../../../src/model/raft.ts'
import { REJECTION, type RejectionCode } from '../../../../src/model/rejection.ts'
import {
  type AnswerBatch,
  type EffectBatch,
  type EntryItem,
  type Outcome,
  REFUSED_WHY,
  TICKET_KEY_BYTES_MAX,
  type Ticket,
  type Verdict,
} from '../../../../src/model/replicated.ts'

const number = fc.oneof(fc.maxSafeNat(), fc.constantFrom(0, 1, 2 ** 32 - 1, 2 ** 32, Number.MAX_SAFE_INTEGER))
const u32 = fc.oneof(fc.nat(), fc.constantFrom(0, 2 ** 32 - 1))
const u8 = fc.integer({ min: 0, max: 255 })
const bytes = (maxLength: number): fc.Arbitrary<Uint8Array> =>
  fc.uint8Array({ maxLength: Math.min(maxLength, 300) })
const digest = fc.uint8Array({ minLength: 32, maxLength: 32 })
const text = fc.string({ unit: 'binary', maxLength: 60 }).filter((one) => one.isWellFormed())
const group = u32.map((id) => id as GroupId)
const index = number.map((at) => at as LogIndex)
const term = number.map((at) => at as Term)

const ticket: fc.Arbitrary<Ticket> = fc.record({
  born: number,
  key: fc.uint8Array({ minLength: 1, maxLength: TICKET_KEY_BYTES_MAX }),
})

const verdict: fc.Arbitrary<Verdict> = fc.oneof(
  fc.record({ kind: fc.constant('applied' as const), result: bytes(300) }),
  fc.record({
    kind: fc.constant('rejected' as const),
    code: fc.constantFrom(...(Object.keys(REJECTION) as RejectionCode[])),
    message: text,
  }),
)

const outcome: fc.Arbitrary<Outcome> = fc.oneof(
  fc.record({ kind: fc.constant('settled' as const), index, verdict }),
  fc.record({ kind: fc.constant('refused' as const), why: fc.constantFrom(...REFUSED_WHY), detail: text }),
  fc.constant({ kind: 'unknown' as const }),
)

const effects: fc.Arbitrary<EffectBatch> = fc.record({
  source: group,
  target: group,
  generation: number,
  first: number,
  bodies: fc.array(bytes(300), { maxLength: 5 }),
  answered: number,
  proof: bytes(300),
})

const answers: fc.Arbitrary<AnswerBatch> = fc.record({
  source: group,
  target: group,
  generation: number,
  first: number,
  verdicts: fc.array(verdict, { maxLength: 5 }),
  proof: bytes(300),
})

/** Any item of an entry. */
export const anyEntryItem: fc.Arbitrary<EntryItem> = fc.oneof(
  fc.record({ kind: fc.constant('command' as const), ticket, body: bytes(COMMAND_BYTES_MAX) }),
  fc.record({ kind: fc.constant('effects' as const), batch: effects }),
  fc.record({ kind: fc.constant('answers' as const), batch: answers }),
  fc.record({
    kind: fc.constant('cert' as const),
    certificate: fc.uint8Array({ minLength: 16, maxLength: 300 }),
  }),
  fc.record({ kind: fc.constant('forget' as const), below: number }),
)

const chunkName = { group, index, digest, chunk: u32 }

/** Any item of a frame that says something of a group, of every size class. */
export const anyFrameItem: fc.Arbitrary<FrameItem> = fc.oneof(
  fc.record({ kind: fc.constant('message' as const), group, bytes: bytes(300) }),
  fc.record({ kind: fc.constant('snapshot' as const), group, manifest: bytes(300), message: bytes(300) }),
  fc.record({ kind: fc.constant('chunk-wanted' as const), ...chunkName }),
  fc.record({ kind: fc.constant('chunk' as const), ...chunkName, bytes: bytes(CHUNK_BYTES) }),
  fc.record({ kind: fc.constant('snapshot-failed' as const), group, index }),
  fc.record({
    kind: fc.constant('propose' as const),
    request: number,
    group,
    hops: u8,
    ticks: u32,
    ticket,
    body: bytes(300),
  }),
  fc.record({ kind: fc.constant('outcome' as const), request: number, outcome }),
  fc.record({ kind: fc.constant('effects' as const), hops: u8, batch: effects }),
  fc.record({ kind: fc.constant('answers' as const), hops: u8, batch: answers }),
  fc.record({ kind: fc.constant('sleep' as const), group, term, index }),
  fc.record({ kind: fc.constant('state-hash' as const), group, index, hash: digest }),
  fc.record({ kind: fc.constant('seal-wanted' as const), group, size: number }),
  fc.record({ kind: fc.constant('seal-shares' as const), bytes: bytes(300) }),
  fc.record({ kind: fc.constant('position' as const), group, position: number }),
  fc.record({ kind: fc.constant('forget-wanted' as const), group, below: number }),
  fc.constant({ kind: 'alive' as const }),
)
