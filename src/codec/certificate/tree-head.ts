import * as z from 'zod'
import type { ConfigVersion, Generation, TreeSize } from '../../model/certified.ts'
import type { GroupId } from '../../model/raft.ts'
import { equalBytes } from '../bytes.ts'
import { encodeDagCbor } from '../dag-cbor/encode.ts'
import type { Ipld } from '../ipld.ts'
import { count, hash32, integer } from '../payload/fields.ts'

/**
 * What a group's tree of applied commands, and the state after them, were at one size. Source: consensus.md,
 * "Certificates"; the word is RFC 6962's.
 */
export interface TreeHead {
  readonly group: GroupId
  readonly generation: Generation
  /** In force when the last command of the tree was applied: it follows from the size alone. */
  readonly config: ConfigVersion
  /** At least 1. */
  readonly size: TreeSize
  /** RFC 6962 root over the leaves: 32 bytes. */
  readonly root: Uint8Array
  /** Hash of the state after these commands: 32 bytes. */
  readonly state: Uint8Array
}

const TREE_HEAD_VERSION = 1

export const groupId = integer(0, 2 ** 32 - 1) as unknown as z.ZodType<GroupId, GroupId>
export const generation = count as unknown as z.ZodType<Generation, Generation>
export const configVersion = integer(1, Number.MAX_SAFE_INTEGER) as unknown as z.ZodType<
  ConfigVersion,
  ConfigVersion
>
const treeSize = integer(1, Number.MAX_SAFE_INTEGER) as unknown as z.ZodType<TreeSize, TreeSize>

/** [version, group, generation, config, size, root, state]. */
export const treeHeadTuple = z.tuple([
  z.literal(TREE_HEAD_VERSION),
  groupId,
  generation,
  configVersion,
  treeSize,
  hash32,
  hash32,
])

export type TreeHeadTuple = z.input<typeof treeHeadTuple>

export function treeHeadToIpld(head: TreeHead): TreeHeadTuple & Ipld {
  const { group, generation: of, config, size, root, state } = head
  return [TREE_HEAD_VERSION, group, of, config, size, root, state]
}

export function treeHeadOf([, group, of, config, size, root, state]: TreeHeadTuple): TreeHead {
  return { group, generation: of, config, size, root, state }
}

/** Canonical bytes: a leaf of the tree that a voter signs. */
export function encodeTreeHead(head: TreeHead): Uint8Array {
  return encodeDagCbor(treeHeadToIpld(head))
}

export function equalTreeHeads(a: TreeHead, b: TreeHead): boolean {
  return (
    isSameSize(a, b) && a.config === b.config && equalBytes(a.root, b.root) && equalBytes(a.state, b.state)
  )
}

/** Same group, generation and size: of such, an honest voter signs one root. */
export function isSameSize(a: TreeHead, b: TreeHead): boolean {
  return a.group === b.group && a.generation === b.generation && a.size === b.size
}
