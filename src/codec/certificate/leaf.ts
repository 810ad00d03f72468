import * as z from 'zod'
import type { GroupId } from '../../model/raft.ts'
import type { Rejection } from '../../model/rejection.ts'
import { ok, type Result } from '../../model/result.ts'
import { decodeDagCbor } from '../dag-cbor/decode.ts'
import { encodeDagCbor } from '../dag-cbor/encode.ts'
import { decodeKept } from '../dag-cbor/kept-value.ts'
import { count, hash32, list, text } from '../payload/fields.ts'
import { checkSchema } from '../schema-check.ts'
import { groupId } from './tree-head.ts'
import { type VoterConfig, voterConfigToIpld } from './voter-config.ts'

/** What a leaf of a group's tree stands for. A command can be any bytes, so the kind is part of the leaf. */
const LEAF_KIND = { item: 0, voters: 1, outputs: 2, host: 3 } as const

/**
 * What an applied item did for another group. `effect`: effect `number` for that group, with the hash of its body.
 * `answer`: what became of effect `number` of that group, with the hash of the encoded verdict. `ack`: the answers of
 * that group up to `number` have been applied and need not be kept there.
 */
export type Output =
  | {
      readonly kind: 'effect' | 'answer'
      readonly group: GroupId
      readonly number: number
      readonly hash: Uint8Array
    }
  | { readonly kind: 'ack'; readonly group: GroupId; readonly number: number }

/**
 * What an item is part of, as the machine says: a thing's name (a need's id, `slot/<n>`) and the head of its chain of
 * hashes after the item. So one path proves a whole history. Source: lifecycle.md, "Where facts live".
 */
export interface Subject {
  /** 1 to 128 characters. */
  readonly name: string
  /** 32 bytes. */
  readonly head: Uint8Array
}

/** Leaf of one applied item. What it did is in it, so a certificate proves that without the state machine. */
export interface ItemLeaf {
  /** SHA-256 of the item as it stands in the entry: a command with its ticket, a batch with its proof. */
  readonly item: Uint8Array
  /** False: rejected, a repetition, expired or unproven; nothing was changed but the count. */
  readonly applied: boolean
  /** In order of their making. */
  readonly outputs: readonly Output[]
  readonly subject?: Subject
}

/** Outputs of one item, at most: more are a defect of the state machine. */
export const LEAF_OUTPUTS_MAX = 2_048

const LEAF_BYTES_MAX = 131_072
const OUTPUT_CODE = { effect: 0, answer: 1, ack: 2 } as const

export const outputTuple = z.union([
  z.tuple([z.literal([OUTPUT_CODE.effect, OUTPUT_CODE.answer]), groupId, count, hash32]),
  z.tuple([z.literal(OUTPUT_CODE.ack), groupId, count]),
])

const leafParts = [
  hash32,
  z.boolean(),
  list(outputTuple, LEAF_OUTPUTS_MAX),
  list(z.tuple([text(1, 128), hash32]), 1),
] as const

const leafTuple = z.tuple([z.literal(LEAF_KIND.item), ...leafParts])

/** Of what hosts say among themselves: answers, recorded certificates. */
const hostTuple = z.tuple([z.literal(LEAF_KIND.host), ...leafParts])

const compiledLeaf = z.compile(leafTuple)

const outputsTuple = z.tuple([z.literal(LEAF_KIND.outputs), list(outputTuple, LEAF_OUTPUTS_MAX, 1)])

const anyOutputs = z.compile(z.union([leafTuple, hostTuple, outputsTuple]))

const betweenHosts = z.compile(z.union([hostTuple, outputsTuple]))

/** Canonical dag-cbor of [0, item, applied, [[kind, group, number, hash?], …], [[name, head]] or []]. */
export function itemLeaf(leaf: ItemLeaf): Uint8Array {
  return leafOfKind(LEAF_KIND.item, leaf)
}

/**
 * The same with 3 in front: of an item in which no machine has a say. So nobody can leave an item of a machine out of a
 * log and call it one of these.
 */
export function hostLeaf(leaf: ItemLeaf): Uint8Array {
  return leafOfKind(LEAF_KIND.host, leaf)
}

function leafOfKind(kind: number, { item, applied, outputs, subject }: ItemLeaf): Uint8Array {
  const of = subject === undefined ? [] : [[subject.name, subject.head]]
  return encodeDagCbor([kind, item, applied, outputs.map(outputToIpld), of])
}

/** Of an item without outputs and subject, which most are: written once, and for each one the two parts that differ. */
const plain = itemLeaf({ item: new Uint8Array(32), applied: true, outputs: [] })
const PLAIN_KIND_AT = 1
const PLAIN_ITEM_AT = 4
const PLAIN_APPLIED_AT = PLAIN_ITEM_AT + 32
const [CBOR_FALSE, CBOR_TRUE] = [0xf4, 0xf5]

/** As `itemLeaf` or `hostLeaf` with neither outputs nor subject; valid until the next call. */
export function plainLeaf(item: Uint8Array, applied: boolean, isOfHost = false): Uint8Array {
  plain[PLAIN_KIND_AT] = isOfHost ? LEAF_KIND.host : LEAF_KIND.item
  plain.set(item, PLAIN_ITEM_AT)
  plain[PLAIN_APPLIED_AT] = applied ? CBOR_TRUE : CBOR_FALSE
  return plain
}

/** Rejects TOO_LARGE, NOT_CANONICAL, MALFORMED: also for a leaf of another kind. */
export function decodeItemLeaf(bytes: Uint8Array): Result<ItemLeaf, Rejection> {
  const decoded = decodeKept(bytes, { bytesMax: LEAF_BYTES_MAX })
  if (!decoded.ok) return decoded
  const formed = checkSchema(compiledLeaf, decoded.value, 'leaf')
  if (!formed.ok) return formed
  const [, item, applied, outputs, [of]] = formed.value
  const leaf = { item, applied, outputs: outputs.map(outputOf) }
  return ok(of === undefined ? leaf : { ...leaf, subject: { name: of[0], head: of[1] } })
}

/**
 * Leaf of outputs that have waited for long, as they stood in older leaves, so that those can be forgotten: canonical
 * dag-cbor of [2, [[kind, group, number, hash?], …]].
 */
export function outputsLeaf(outputs: readonly Output[]): Uint8Array {
  return encodeDagCbor([LEAF_KIND.outputs, outputs.map(outputToIpld)])
}

/** Outputs of a leaf of an item or of older ones. Rejects as `decodeItemLeaf`, also for a change of voters. */
export function decodeLeafOutputs(bytes: Uint8Array): Result<readonly Output[], Rejection> {
  const decoded = decodeDagCbor(bytes, { bytesMax: LEAF_BYTES_MAX })
  if (!decoded.ok) return decoded
  const formed = checkSchema(anyOutputs, decoded.value, 'leaf')
  if (!formed.ok) return formed
  return ok((formed.value[0] === LEAF_KIND.outputs ? formed.value[1] : formed.value[3]).map(outputOf))
}

/** True for a leaf in which no machine has a say: of an item between hosts, or of outputs that wait. */
export function isLeafBetweenHosts(bytes: Uint8Array): boolean {
  const decoded = decodeDagCbor(bytes, { bytesMax: LEAF_BYTES_MAX })
  return decoded.ok && checkSchema(betweenHosts, decoded.value, 'leaf').ok
}

/** Leaf of an applied change of voters: canonical dag-cbor of [1, config]. */
export function votersLeaf(config: VoterConfig): Uint8Array {
  return encodeDagCbor([LEAF_KIND.voters, voterConfigToIpld(config)])
}

export function outputToIpld(output: Output): z.input<typeof outputTuple> {
  if (output.kind === 'ack') return [OUTPUT_CODE.ack, output.group, output.number]
  return [OUTPUT_CODE[output.kind], output.group, output.number, output.hash]
}

export function outputOf(output: z.input<typeof outputTuple>): Output {
  const [code, group, number] = output
  if (code === OUTPUT_CODE.ack) return { kind: 'ack', group, number }
  return { kind: code === OUTPUT_CODE.effect ? 'effect' : 'answer', group, number, hash: output[3] }
}
