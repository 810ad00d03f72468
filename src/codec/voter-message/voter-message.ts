/**
 * What nodes tell voters, and voters each other, by stream: envelopes that a group is to decide about, and statements that
 * entries carry. Canonical dag-cbor lists [kind, …]. Source: network.md (commands for a bucket); consensus.md, "Time and
 * chance"; lifecycle.md, "Entries of a need" (seen), "Availability"; economy.md, "Registry, … governance".
 */
import * as z from 'zod'
import type { Rejection } from '../../model/rejection.ts'
import { ok, type Result } from '../../model/result.ts'
import type { CID } from '../cid.ts'
import { decodeDagCbor } from '../dag-cbor/decode.ts'
import { encodeDagCbor } from '../dag-cbor/encode.ts'
import { envelopes, slotNumber } from '../entry/fields.ts'
import {
  type GovernanceBody,
  type GovernanceVote,
  governanceBody,
  governanceVotes,
} from '../entry/hub-command.ts'
import {
  type ClockReading,
  clockReadings,
  type HaveStatement,
  haveStatements,
  type SeenStatement,
  seenStatements,
} from '../entry/statements.ts'
import type { Ipld } from '../ipld.ts'
import { bytes, contentLink, hash32, idLink, list } from '../payload/fields.ts'
import { checkSchema } from '../schema-check.ts'

export type VoterMessage =
  /** A batch as its sender signed it (`encodeBatch`). */
  | { readonly kind: 'batch'; readonly batch: Uint8Array }
  /** The same, from one that has no connection to the voters at these places, counted from 0 on as groups sort them. */
  | { readonly kind: 'pass-on'; readonly batch: Uint8Array; readonly to: readonly number[] }
  /** A voter's clock for the next slot; with the next link of its chain where it is its turn. */
  | { readonly kind: 'reading'; readonly reading: ClockReading; readonly link?: Uint8Array }
  /** What has the voter seen of a need at this head? `known`: what the asker has. */
  | {
      readonly kind: 'ask-seen'
      readonly need: CID
      readonly head: Uint8Array
      readonly slot: number
      readonly known: readonly CID[]
    }
  /** The answer, with the envelopes that the asker has not got. */
  | {
      readonly kind: 'seen'
      readonly statement: SeenStatement
      readonly envelopes: readonly { readonly [key: string]: Ipld }[]
    }
  /** Will the voter keep this content until the need is over? It answers when it has it. */
  | { readonly kind: 'ask-have'; readonly need: CID; readonly cid: CID }
  | { readonly kind: 'have'; readonly statement: HaveStatement }
  /** One key's signature under an act of governance. */
  | { readonly kind: 'vote'; readonly body: GovernanceBody; readonly vote: GovernanceVote }

export const VOTER_MESSAGE_BYTES_MAX = 2_097_152
const ITEMS_MAX = 262_144
const BATCH_BYTES_MAX = 1_048_576
const KNOWN_MAX = 1_024
/** Voters that one message is to be passed on to. */
const PASSED_TO_MAX = 64

const CODE = { batch: 0, reading: 1, askSeen: 2, seen: 3, askHave: 4, have: 5, vote: 6, passOn: 7 } as const

const messageTuple = z.compile(
  z.union([
    z.tuple([z.literal(CODE.batch), bytes(1, BATCH_BYTES_MAX)]),
    z.tuple([
      z.literal(CODE.passOn),
      bytes(1, BATCH_BYTES_MAX),
      list(
        z
          .int()
          .min(0)
          .max(PASSED_TO_MAX - 1),
        PASSED_TO_MAX,
      ),
    ]),
    z.tuple([z.literal(CODE.reading), clockReadings.max(1), list(hash32, 1)]),
    z.tuple([z.literal(CODE.askSeen), idLink, hash32, slotNumber, list(idLink, KNOWN_MAX)]),
    z.tuple([z.literal(CODE.seen), seenStatements.length(1), envelopes]),
    z.tuple([z.literal(CODE.askHave), idLink, contentLink]),
    z.tuple([z.literal(CODE.have), haveStatements.length(1)]),
    z.tuple([z.literal(CODE.vote), governanceBody, governanceVotes.length(1)]),
  ]),
)

export function encodeVoterMessage(message: VoterMessage): Uint8Array {
  return encodeDagCbor(toIpld(message))
}

/** Rejects TOO_LARGE, NOT_CANONICAL, MALFORMED; what envelopes and statements say is not judged yet. */
export function decodeVoterMessage(encoded: Uint8Array): Result<VoterMessage, Rejection> {
  const limits = { bytesMax: VOTER_MESSAGE_BYTES_MAX, itemsMax: ITEMS_MAX }
  const decoded = decodeDagCbor(encoded, limits)
  if (!decoded.ok) return decoded
  const formed = checkSchema(messageTuple, decoded.value, 'message')
  return formed.ok ? ok(ofTuple(formed.value)) : formed
}

function toIpld(message: VoterMessage): Ipld {
  switch (message.kind) {
    case 'batch':
      return [CODE.batch, message.batch]
    case 'pass-on':
      return [CODE.passOn, message.batch, message.to]
    case 'reading':
      return [CODE.reading, [message.reading], message.link === undefined ? [] : [message.link]]
    case 'ask-seen':
      return [CODE.askSeen, message.need, message.head, message.slot, message.known]
    case 'seen':
      return [CODE.seen, [message.statement], message.envelopes]
    case 'ask-have':
      return [CODE.askHave, message.need, message.cid]
    case 'have':
      return [CODE.have, [message.statement]]
    case 'vote':
      return [CODE.vote, message.body, [message.vote]]
    default:
      return message satisfies never
  }
}

function ofTuple(tuple: z.output<typeof messageTuple>): VoterMessage {
  switch (tuple[0]) {
    case CODE.batch:
      return { kind: 'batch', batch: tuple[1] }
    case CODE.passOn:
      return { kind: 'pass-on', batch: tuple[1], to: tuple[2] }
    case CODE.reading: {
      const reading = tuple[1][0] as ClockReading
      const [link] = tuple[2]
      return link === undefined ? { kind: 'reading', reading } : { kind: 'reading', reading, link }
    }
    case CODE.askSeen:
      return { kind: 'ask-seen', need: tuple[1], head: tuple[2], slot: tuple[3], known: tuple[4] }
    case CODE.seen:
      return { kind: 'seen', statement: tuple[1][0] as SeenStatement, envelopes: tuple[2] }
    case CODE.askHave:
      return { kind: 'ask-have', need: tuple[1], cid: tuple[2] }
    case CODE.have:
      return { kind: 'have', statement: tuple[1][0] as HaveStatement }
    case CODE.vote:
      return { kind: 'vote', body: tuple[1], vote: tuple[2][0] as GovernanceVote }
    default:
      return tuple satisfies never
  }
}
