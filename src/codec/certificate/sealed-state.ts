import * as z from 'zod'
import type { Did } from '../../model/ids.ts'
import type { GroupId, RaftId } from '../../model/raft.ts'
import type { Rejection } from '../../model/rejection.ts'
import { ok, type Result } from '../../model/result.ts'
import { decodeDagCbor } from '../dag-cbor/decode.ts'
import { encodeDagCbor } from '../dag-cbor/encode.ts'
import { bytes, count, did, hash32, integer, list } from '../payload/fields.ts'
import { checkSchema } from '../schema-check.ts'
import { type Certificate, certificateOf, certificateToIpld, certificateTuple } from './certificate.ts'
import type { Frontier } from './frontier.ts'
import { type Output, outputOf, outputToIpld, outputTuple } from './leaf.ts'
import { groupId, type TreeHead, treeHeadOf, treeHeadToIpld, treeHeadTuple } from './tree-head.ts'
import { TREE_LEVELS_MAX } from './voter-chain.ts'
import { type VoterConfig, voterConfigOf, voterConfigToIpld, voterConfigTuple } from './voter-config.ts'

/** What a checkpoint keeps of a group's tree, voters and proofs: plain data, the same for the same state. */
export interface SealedState {
  readonly group: GroupId
  /** Whole trees before the first leaf of which a path is needed. */
  readonly frontier: Frontier
  /** Hashes of the leaves from there on, one after another. */
  readonly tail: Uint8Array
  readonly configs: readonly ConfigSince[]
  readonly links: readonly {
    readonly path: readonly Uint8Array[]
    readonly head: TreeHead | undefined
    readonly certificate: Certificate | undefined
  }[]
  readonly members: readonly (readonly [RaftId, Did])[]
  readonly heads: readonly TreeHead[]
  readonly leaves: readonly (readonly [number: number, bytes: Uint8Array])[]
  readonly outputs: readonly (readonly [leaf: number, output: Output])[]
  readonly closings: readonly number[]
  readonly sources: readonly (readonly [GroupId, readonly ConfigSince[]])[]
}

export interface ConfigSince {
  readonly config: VoterConfig
  readonly from: number
}

const VERSION = 1
const BYTES_MAX = 2 ** 30
const MANY = 2 ** 26

const raftId = integer(1, Number.MAX_SAFE_INTEGER) as unknown as z.ZodType<RaftId, RaftId>
const since = z.tuple([voterConfigTuple, count])
const path = list(hash32, TREE_LEVELS_MAX)

const schema = z.tuple([
  z.literal(VERSION),
  groupId,
  z.tuple([count, path]),
  bytes(0, BYTES_MAX),
  list(since, MANY, 1),
  list(z.tuple([path, treeHeadTuple.nullable(), certificateTuple.nullable()]), MANY),
  list(z.tuple([raftId, did]), MANY),
  list(treeHeadTuple, MANY),
  list(z.tuple([count, bytes(1, BYTES_MAX)]), MANY),
  list(z.tuple([count, outputTuple]), MANY),
  list(count, MANY),
  list(z.tuple([groupId, list(since, MANY, 1)]), MANY),
])

/** [1, group, [size, peaks], tail, configs, links, members, heads, leaves, outputs, closings, sources]. */
export function encodeSealedState(state: SealedState): Uint8Array {
  return encodeDagCbor([
    VERSION,
    state.group,
    [state.frontier.size, [...state.frontier.peaks]],
    state.tail,
    state.configs.map(sinceToIpld),
    state.links.map(({ path: hashes, head, certificate }) => [
      [...hashes],
      head === undefined ? null : treeHeadToIpld(head),
      certificate === undefined ? null : certificateToIpld(certificate),
    ]),
    state.members.map(([id, key]) => [id, key]),
    state.heads.map(treeHeadToIpld),
    state.leaves.map(([number, leaf]) => [number, leaf]),
    state.outputs.map(([leaf, output]) => [leaf, outputToIpld(output)]),
    [...state.closings],
    state.sources.map(([group, configs]) => [group, configs.map(sinceToIpld)]),
  ])
}

/** Rejects TOO_LARGE, NOT_CANONICAL, MALFORMED: the form, not whether the parts fit together. Bytes are views. */
export function decodeSealedState(from: Uint8Array): Result<SealedState, Rejection> {
  const decoded = decodeDagCbor(from, { bytesMax: BYTES_MAX, itemsMax: Number.MAX_SAFE_INTEGER })
  if (!decoded.ok) return decoded
  const formed = checkSchema(schema, decoded.value, 'sealed')
  if (!formed.ok) return formed
  const [, group, [size, peaks], tail, configs, links, members, heads, leaves, outputs, closings, sources] =
    formed.value
  return ok({
    group,
    frontier: { size, peaks },
    tail,
    configs: configs.map(sinceOf),
    links: links.map(([hashes, head, certificate]) => ({
      path: hashes,
      head: head === null ? undefined : treeHeadOf(head),
      certificate: certificate === null ? undefined : certificateOf(certificate),
    })),
    members,
    heads: heads.map(treeHeadOf),
    leaves,
    outputs: outputs.map(([leaf, output]) => [leaf, outputOf(output)]),
    closings,
    sources: sources.map(([source, known]) => [source, known.map(sinceOf)]),
  })
}

function sinceToIpld({ config, from }: ConfigSince): z.input<typeof since> {
  return [voterConfigToIpld(config), from]
}

function sinceOf([config, from]: z.input<typeof since>): ConfigSince {
  return { config: voterConfigOf(config), from }
}
