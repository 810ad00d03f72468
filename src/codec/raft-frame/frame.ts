import { assertTerm, type GroupId, type LogIndex, type Term } from '../../model/raft.ts'
import { type Rejection, reject } from '../../model/rejection.ts'
import type { AnswerBatch, EffectBatch, Outcome, Ticket } from '../../model/replicated.ts'
import { ok, type Result } from '../../model/result.ts'
import { SHARES_BYTES_MAX } from '../certificate/share.ts'
import {
  COMMAND_BYTES_MAX,
  readAnswers,
  readEffects,
  readGroup,
  readIndex,
  readOutcome,
  readTicket,
  writeAnswers,
  writeEffects,
  writeOutcome,
  writeTicket,
} from './items.ts'
import { WireReader } from './wire-reader.ts'
import { WireWriter } from './wire-writer.ts'

/** A frame and everything in it. A raft message with one entry of 4 MiB fits. */
export const FRAME_BYTES_MAX = 8_388_608

/** Bytes of a snapshot that travel at once. */
export const CHUNK_BYTES = 131_072

export const MANIFEST_BYTES_MAX = 65_536

const FRAME_VERSION = 1
const DIGEST_BYTES = 32
const ITEM_BYTES_MIN = 1
const writer = new WireWriter()

/**
 * What nodes of a network say to each other about their groups; all that one has for another at the end of a
 * turn travels in one frame.
 */
export type FrameItem =
  /** One of the engine. */
  | { readonly kind: 'message'; readonly group: GroupId; readonly bytes: Uint8Array }
  /** The engine's message that a snapshot is to be had, and the manifest by which its chunks are known. */
  | {
      readonly kind: 'snapshot'
      readonly group: GroupId
      readonly manifest: Uint8Array
      readonly message: Uint8Array
    }
  | {
      readonly kind: 'chunk-wanted'
      readonly group: GroupId
      readonly index: LogIndex
      readonly digest: Uint8Array
      readonly chunk: number
    }
  /** Empty bytes: there is no such snapshot any more. */
  | {
      readonly kind: 'chunk'
      readonly group: GroupId
      readonly index: LogIndex
      readonly digest: Uint8Array
      readonly chunk: number
      readonly bytes: Uint8Array
    }
  /** The snapshot was not taken: the engine of the sender must hear of it. */
  | { readonly kind: 'snapshot-failed'; readonly group: GroupId; readonly index: LogIndex }
  /** `hops`: how often it was passed on; `ticks`: how long the proposer goes on waiting. */
  | {
      readonly kind: 'propose'
      readonly request: number
      readonly group: GroupId
      readonly hops: number
      readonly ticks: number
      readonly ticket: Ticket
      readonly body: Uint8Array
    }
  | { readonly kind: 'outcome'; readonly request: number; readonly outcome: Outcome }
  | { readonly kind: 'effects'; readonly hops: number; readonly batch: EffectBatch }
  | { readonly kind: 'answers'; readonly hops: number; readonly batch: AnswerBatch }
  /** The leader's: nothing is to be done, go to sleep if this is what you have too. */
  | { readonly kind: 'sleep'; readonly group: GroupId; readonly term: Term; readonly index: LogIndex }
  | {
      readonly kind: 'state-hash'
      readonly group: GroupId
      readonly index: LogIndex
      readonly hash: Uint8Array
    }
  /** The leader's: the head of this size is to be signed. */
  | { readonly kind: 'seal-wanted'; readonly group: GroupId; readonly size: number }
  /** A voter's, of all groups that it signed in a turn: `encodeShares`. */
  | { readonly kind: 'seal-shares'; readonly bytes: Uint8Array }
  /** A replica's, to one who has none: how many commands the group has applied. */
  | { readonly kind: 'position'; readonly group: GroupId; readonly position: number }
  /** A member's, to the leader: its memory is short, and of this group it would forget what is below. */
  | { readonly kind: 'forget-wanted'; readonly group: GroupId; readonly below: number }
  /** Nothing else was to be said for a while. */
  | { readonly kind: 'alive' }

const KINDS = [
  'message',
  'snapshot',
  'chunk-wanted',
  'chunk',
  'snapshot-failed',
  'propose',
  'outcome',
  'effects',
  'answers',
  'sleep',
  'state-hash',
  'alive',
  'seal-wanted',
  'seal-shares',
  'position',
  'forget-wanted',
] as const satisfies readonly FrameItem['kind'][]

/** One frame, without the length that streams put before it. */
export function encodeFrame(items: readonly FrameItem[]): Uint8Array {
  writer.u8(FRAME_VERSION)
  writer.list(items, writeItem)
  return writer.finish()
}

/** Rejects MALFORMED and TOO_LARGE. Bytes of messages and chunks are views of the frame. */
export function decodeFrame(frame: Uint8Array): Result<readonly FrameItem[], Rejection> {
  if (frame.length > FRAME_BYTES_MAX) return reject('TOO_LARGE', `a frame of ${frame.length} bytes`)
  const from = new WireReader(frame)
  const version = from.u8()
  const items = from.list(ITEM_BYTES_MIN, () => readItem(from))
  if (version !== FRAME_VERSION || !from.done) return reject('MALFORMED', 'not a raft frame of this version')
  return ok(items)
}

/** About what an item takes in a frame: to fill frames and count queues. */
export function itemBytes(item: FrameItem): number {
  switch (item.kind) {
    case 'message':
    case 'chunk':
    case 'seal-shares':
      return 64 + item.bytes.length
    case 'snapshot':
      return 64 + item.manifest.length + item.message.length
    case 'propose':
      return 128 + item.body.length
    case 'outcome':
      return (
        64 +
        (item.outcome.kind === 'settled' && item.outcome.verdict.kind === 'applied'
          ? item.outcome.verdict.result.length
          : 1024)
      )
    case 'effects':
      return item.batch.bodies.reduce((sum, body) => sum + body.length + 4, 64 + item.batch.proof.length)
    case 'answers':
      return 64 + item.batch.proof.length + item.batch.verdicts.length * 64
    case 'chunk-wanted':
    case 'snapshot-failed':
    case 'sleep':
    case 'state-hash':
    case 'alive':
    case 'seal-wanted':
    case 'position':
    case 'forget-wanted':
      return 64
    default:
      return item satisfies never
  }
}

function writeItem(item: FrameItem): void {
  writer.u8(KINDS.indexOf(item.kind))
  switch (item.kind) {
    case 'message':
      writer.u32(item.group)
      return writer.bytes(item.bytes)
    case 'snapshot':
      writer.u32(item.group)
      writer.bytes(item.manifest)
      return writer.bytes(item.message)
    case 'chunk-wanted':
    case 'chunk':
      writer.u32(item.group)
      writer.number(item.index)
      writer.raw(item.digest)
      writer.u32(item.chunk)
      return item.kind === 'chunk' ? writer.bytes(item.bytes) : undefined
    case 'snapshot-failed':
      writer.u32(item.group)
      return writer.number(item.index)
    case 'propose':
      writer.number(item.request)
      writer.u32(item.group)
      writer.u8(item.hops)
      writer.u32(item.ticks)
      writeTicket(writer, item.ticket)
      return writer.bytes(item.body)
    case 'outcome':
      writer.number(item.request)
      return writeOutcome(writer, item.outcome)
    case 'effects':
      writer.u8(item.hops)
      return writeEffects(writer, item.batch)
    case 'answers':
      writer.u8(item.hops)
      return writeAnswers(writer, item.batch)
    case 'sleep':
      writer.u32(item.group)
      writer.number(item.term)
      return writer.number(item.index)
    case 'state-hash':
      writer.u32(item.group)
      writer.number(item.index)
      return writer.raw(item.hash)
    case 'position':
      writer.u32(item.group)
      return writer.number(item.position)
    case 'forget-wanted':
      writer.u32(item.group)
      return writer.number(item.below)
    case 'alive':
      return undefined
    case 'seal-wanted':
      writer.u32(item.group)
      return writer.number(item.size)
    case 'seal-shares':
      return writer.bytes(item.bytes)
    default:
      return item satisfies never
  }
}

function readItem(from: WireReader): FrameItem {
  const kind = KINDS[from.u8()]
  switch (kind) {
    case 'message':
      return { kind, group: readGroup(from), bytes: from.bytes(FRAME_BYTES_MAX) }
    case 'snapshot':
      return {
        kind,
        group: readGroup(from),
        manifest: from.bytes(MANIFEST_BYTES_MAX),
        message: from.bytes(FRAME_BYTES_MAX),
      }
    case 'chunk-wanted':
      return { kind, ...readChunkName(from) }
    case 'chunk':
      return { kind, ...readChunkName(from), bytes: from.bytes(CHUNK_BYTES) }
    case 'snapshot-failed':
      return { kind, group: readGroup(from), index: readIndex(from) }
    case 'propose':
      return {
        kind,
        request: from.number(),
        group: readGroup(from),
        hops: from.u8(),
        ticks: from.u32(),
        ticket: readTicket(from),
        body: from.bytes(COMMAND_BYTES_MAX).slice(),
      }
    case 'outcome':
      return { kind, request: from.number(), outcome: readOutcome(from) }
    case 'effects':
      return { kind, hops: from.u8(), batch: readEffects(from) }
    case 'answers':
      return { kind, hops: from.u8(), batch: readAnswers(from) }
    case 'sleep':
      return { kind, group: readGroup(from), term: assertTerm(from.number()), index: readIndex(from) }
    case 'state-hash':
      return { kind, group: readGroup(from), index: readIndex(from), hash: from.raw(DIGEST_BYTES).slice() }
    case 'position':
      return { kind, group: readGroup(from), position: from.number() }
    case 'forget-wanted':
      return { kind, group: readGroup(from), below: from.number() }
    case 'alive':
      return { kind }
    case 'seal-wanted':
      return { kind, group: readGroup(from), size: from.number() }
    case 'seal-shares':
      return { kind, bytes: from.bytes(SHARES_BYTES_MAX).slice() }
    case undefined:
      from.fail()
      return { kind: 'alive' }
    default:
      return kind satisfies never
  }
}

function readChunkName(from: WireReader): {
  group: GroupId
  index: LogIndex
  digest: Uint8Array
  chunk: number
} {
  return {
    group: readGroup(from),
    index: readIndex(from),
    digest: from.raw(DIGEST_BYTES).slice(),
    chunk: from.u32(),
  }
}
