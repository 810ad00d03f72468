import type { Certificate } from '../../codec/certificate/certificate.ts'
import { EMPTY_FRONTIER } from '../../codec/certificate/frontier.ts'
import {
  hostLeaf,
  type ItemLeaf,
  itemLeaf,
  LEAF_OUTPUTS_MAX,
  type Output,
  outputsLeaf,
  plainLeaf,
  votersLeaf,
} from '../../codec/certificate/leaf.ts'
import type { TreeHead } from '../../codec/certificate/tree-head.ts'
import type { VoterLink } from '../../codec/certificate/voter-chain.ts'
import type { VoterConfig } from '../../codec/certificate/voter-config.ts'
import { leafHash } from '../../codec/merkle/hash.ts'
import type { ConfigVersion, TreeSize } from '../../model/certified.ts'
import { assert } from '../../model/fault.ts'
import type { Did } from '../../model/ids.ts'
import type { GroupId, RaftId } from '../../model/raft.ts'
import type { Sha256 } from '../../ports/crypto.ts'
import { LogTree } from './log-tree.ts'
import { startChain, type VoterChain } from './voter-chain.ts'

/**
 * The part of a replica that certificates are about: its tree, the sizes that may be signed, its voters from the first
 * on, and what is still to be proved to other groups. All of it follows from the applied log, so it is the same on
 * every replica and part of its checkpoint. Source: consensus.md, "Certificates" and "Membership".
 */
export interface SealedLog {
  readonly group: GroupId
  readonly tree: LogTree
  /** The group's own configs, each in force from a size on; the last ones may not be certified yet. */
  chain: VoterChain
  /** What changed the config, from the first change on: one for each config of the chain but the first. */
  readonly links: OwnLink[]
  /** Keys of all members. */
  readonly members: Map<RaftId, Did>
  /** Latest sizes that may be signed, rising. */
  readonly heads: TreeHead[]
  /** By number, rising: leaves that somebody has still to be shown. */
  readonly leaves: Map<number, KeptLeaf>
  /** Outputs that are still to be proved, by `outputKey`. */
  readonly outputs: Map<string, OpenOutput>
  /** Leaves that await the certificate that is recorded for them. */
  readonly closings: number[]
  /** Of the groups that were heard of: their configs, as far as they were proved to this group. */
  readonly sources: Map<GroupId, VoterChain>
  /** Something was applied since the last head that wants a certificate. */
  isDue: boolean
}

/** A change of voters: a link of the chain once the voters before it have certified it. */
export interface OwnLink {
  readonly config: VoterConfig
  readonly path: readonly Uint8Array[]
  /** Of the tree that ends with the change; undefined until its entry is applied to the end. */
  readonly head: TreeHead | undefined
  readonly certificate: Certificate | undefined
}

export interface KeptLeaf {
  readonly bytes: Uint8Array
  /** Outputs and closings for which it is kept. */
  open: number
}

export interface OpenOutput {
  readonly output: Output
  readonly leaf: number
}

/** Why an item wants a certificate beyond its outputs. */
export interface SealMarks {
  readonly seal: boolean
  readonly closing: boolean
  /** No machine has a say in it. */
  readonly isOfHost?: boolean
}

/** Latest heads that are kept: voters that lag a little can still sign what was asked for. */
const HEADS_KEPT = 16
/** Leaves after which an output that still waits is named again. */
const RELIST_AFTER = 8_192
/** The tree gives memory back in steps: each costs a copy of what stays. */
const FORGET_STEP = 1_024

/** A new group. The members' keys are those of the config. */
export function foundSealedLog(
  genesis: VoterConfig,
  members: ReadonlyMap<RaftId, Did>,
  sha256: Sha256,
): SealedLog {
  return {
    group: genesis.group,
    tree: new LogTree(EMPTY_FRONTIER, sha256),
    chain: startChain(genesis),
    links: [],
    members: new Map(members),
    heads: [],
    leaves: new Map(),
    outputs: new Map(),
    closings: [],
    sources: new Map(),
    isDue: false,
  }
}

/** By which an open output is known; there is one acknowledgement a group. */
export function outputKey(output: Output): string {
  return output.kind === 'ack' ? `ack ${output.group}` : `${output.kind} ${output.group} ${output.number}`
}

/** An item was applied: its leaf, and what of it is still to be proved. Gives the leaf's bytes, valid until the next call. */
export function appendItem(sealed: SealedLog, item: ItemLeaf, marks: SealMarks, sha256: Sha256): Uint8Array {
  const leaf = sealed.tree.size
  const open = item.outputs.length + (marks.closing ? 1 : 0)
  const isPlain = open === 0 && item.subject === undefined
  const isOfHost = marks.isOfHost === true
  const bytes = isPlain
    ? plainLeaf(item.item, item.applied, isOfHost)
    : isOfHost
      ? hostLeaf(item)
      : itemLeaf(item)
  sealed.tree.append(leafHash(bytes, sha256))
  if (open > 0) sealed.leaves.set(leaf, { bytes, open })
  for (const output of item.outputs) {
    const key = outputKey(output)
    if (output.kind === 'ack') release(sealed, key)
    assert(!sealed.outputs.has(key), 'an output is made once')
    sealed.outputs.set(key, { output, leaf })
  }
  if (marks.closing) sealed.closings.push(leaf)
  sealed.isDue ||= open > 0 || marks.seal
  forget(sealed)
  return bytes
}

/** Whether outputs have waited for so long that the tree would grow for their sake. */
export function isRelistDue(sealed: SealedLog, after: number = RELIST_AFTER): boolean {
  const [oldest] = sealed.outputs.values()
  return oldest !== undefined && sealed.tree.size - oldest.leaf > after
}

/**
 * Names outputs that have waited for long in a new leaf, as many as it has room for. What proves them then is that leaf,
 * and the older ones can be forgotten: so the tree of a group that nobody answers stays small. Gives the leaf's bytes.
 */
export function relist(sealed: SealedLog, sha256: Sha256): Uint8Array {
  const open = [...sealed.outputs].slice(0, LEAF_OUTPUTS_MAX)
  const bytes = outputsLeaf(open.map(([, { output }]) => output))
  const leaf = sealed.tree.size
  sealed.tree.append(leafHash(bytes, sha256))
  sealed.leaves.set(leaf, { bytes, open: open.length })
  for (const [key, { output }] of open) {
    release(sealed, key)
    sealed.outputs.set(key, { output, leaf })
  }
  sealed.isDue = true
  forget(sealed)
  return bytes
}

/** The voters changed: the change is a leaf, and the next size is the first that the new ones sign. Gives the leaf's bytes. */
export function appendVoters(
  sealed: SealedLog,
  voters: readonly Did[],
  outgoing: readonly Did[],
  sha256: Sha256,
): Uint8Array {
  const last = latest(sealed)
  const config = { ...last, version: (last.version + 1) as ConfigVersion, voters, outgoing }
  const { tree } = sealed
  const bytes = votersLeaf(config)
  tree.append(leafHash(bytes, sha256))
  const path = tree.path(tree.size - 1, tree.size).map((hash) => hash.slice())
  sealed.links.push({ config, path, head: undefined, certificate: undefined })
  sealed.chain = { configs: [...sealed.chain.configs, { config, from: tree.size + 1 }] }
  sealed.isDue = true
  forget(sealed)
  return bytes
}

/** Whether these voters are others than those in force. Both lists ascend. */
export function changesVoters(sealed: SealedLog, voters: readonly Did[], outgoing: readonly Did[]): boolean {
  const config = latest(sealed)
  return !isSame(config.voters, voters) || !isSame(config.outgoing, outgoing)
}

/** At the end of an entry: the size that may be signed, if something of it wants that. Asks for the state's hash then. */
export function makeHead(sealed: SealedLog, stateHash: () => Uint8Array): TreeHead | undefined {
  if (!sealed.isDue) return undefined
  const { tree, group, heads, links } = sealed
  const { version, generation } = configAt(sealed, tree.size)
  const size = tree.size as TreeSize
  const head = { group, generation, config: version, size, root: tree.root(), state: stateHash() }
  heads.push(head)
  if (heads.length > HEADS_KEPT) heads.shift()
  const link = links.at(-1)
  if (link !== undefined && link.head === undefined) links[links.length - 1] = { ...link, head }
  sealed.isDue = false
  return head
}

/** The head of a size, if it may still be signed. */
export function headAt(sealed: SealedLog, size: number): TreeHead | undefined {
  return (
    sealed.heads.find((head) => head.size === size) ??
    sealed.links.find(({ head }) => head?.size === size)?.head
  )
}

/** The config that signs a size. */
export function configAt(sealed: SealedLog, size: number): VoterConfig {
  const { configs } = sealed.chain
  const term = configs.findLast(({ from }) => from <= size)
  return (term ?? configs[0]).config
}

/** Changes of voters whose certificate is not recorded yet. */
export function openLinks(sealed: SealedLog): readonly OwnLink[] {
  return sealed.links.filter(({ certificate }) => certificate === undefined)
}

/** Certified changes, from the first on or after a version, up to the first that is not certified. */
export function certifiedLinks(sealed: SealedLog, after?: ConfigVersion): readonly VoterLink[] {
  const found: VoterLink[] = []
  for (const { config, path, certificate } of sealed.links) {
    if (certificate === undefined) break
    if (config.version > (after ?? 0)) found.push({ config, path, certificate })
  }
  return found
}

/** An output is over: nobody has to be shown it any more. */
export function release(sealed: SealedLog, key: string): void {
  const open = sealed.outputs.get(key)
  if (open === undefined) return
  sealed.outputs.delete(key)
  dropUse(sealed, open.leaf)
}

/** A certificate of a size of ours, as it was verified: changes of voters and closing leaves await it no more. */
export function recordCertificate(sealed: SealedLog, certificate: Certificate): void {
  const { size } = certificate.head
  for (const [at, link] of sealed.links.entries()) {
    if (link.head?.size === size) sealed.links[at] = { ...link, certificate }
  }
  for (const leaf of sealed.closings.filter((number) => number < size)) dropUse(sealed, leaf)
  sealed.closings.splice(0, sealed.closings.filter((number) => number < size).length)
}

function dropUse(sealed: SealedLog, number: number): void {
  const leaf = sealed.leaves.get(number)
  assert(leaf !== undefined, 'an open output has a leaf')
  leaf.open -= 1
  if (leaf.open === 0) sealed.leaves.delete(number)
}

/** The first leaf of which a path may still be asked for. */
export function firstNeeded(sealed: SealedLog): number {
  const [first] = sealed.leaves.keys()
  return first ?? sealed.tree.size
}

function forget(sealed: SealedLog): void {
  const first = firstNeeded(sealed)
  if (first - sealed.tree.first >= FORGET_STEP) sealed.tree.forget(first)
}

function latest({ chain: { configs } }: SealedLog): VoterConfig {
  return (configs.at(-1) ?? configs[0]).config
}

function isSame(a: readonly Did[], b: readonly Did[]): boolean {
  return a.length === b.length && a.every((did, at) => did === b[at])
}
