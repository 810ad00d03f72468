import {
  type ConfigSince,
  decodeSealedState,
  encodeSealedState,
} from '../../codec/certificate/sealed-state.ts'
import { HASH_BYTES } from '../../codec/merkle/hash.ts'
import { assert } from '../../model/fault.ts'
import { type Rejection, reject } from '../../model/rejection.ts'
import { ok, type Result } from '../../model/result.ts'
import type { Sha256 } from '../../ports/crypto.ts'
import { LogTree } from './log-tree.ts'
import { firstNeeded, type KeptLeaf, type OpenOutput, outputKey, type SealedLog } from './sealed-log.ts'
import type { VoterChain } from './voter-chain.ts'

/** The same bytes for the same log. Asserts the end of an entry. */
export function encodeSealedLog(sealed: SealedLog): Uint8Array {
  assert(!sealed.isDue, 'a checkpoint is made at the end of an entry')
  const first = firstNeeded(sealed)
  return encodeSealedState({
    group: sealed.group,
    frontier: sealed.tree.frontier(first),
    tail: sealed.tree.leaves(first),
    configs: sealed.chain.configs,
    links: sealed.links,
    members: [...sealed.members],
    heads: sealed.heads,
    leaves: [...sealed.leaves].map(([number, { bytes }]) => [number, bytes]),
    outputs: [...sealed.outputs.values()].map(({ leaf, output }) => [leaf, output]),
    closings: sealed.closings,
    sources: [...sealed.sources].map(([group, { configs }]) => [group, configs]),
  })
}

/** Rejects MALFORMED and TOO_LARGE. */
export function decodeSealedLog(bytes: Uint8Array, sha256: Sha256): Result<SealedLog, Rejection> {
  const decoded = decodeSealedState(bytes)
  if (!decoded.ok) return decoded
  const { group, frontier, tail, configs, links, members, heads, closings, ...kept } = decoded.value
  const chain = chainOf(configs)
  const fits = tail.length % HASH_BYTES === 0 && links.length === chain.configs.length - 1
  if (!fits || !hasPeaks(frontier)) return reject('MALFORMED', 'parts that do not fit together', 'sealed')
  const leaves = new Map<number, KeptLeaf>(
    kept.leaves.map(([number, leaf]) => [number, { bytes: leaf, open: 0 }]),
  )
  const outputs = new Map<string, OpenOutput>(
    kept.outputs.map(([leaf, output]) => [outputKey(output), { leaf, output }]),
  )
  for (const number of [...[...outputs.values()].map(({ leaf }) => leaf), ...closings]) {
    const leaf = leaves.get(number)
    if (leaf === undefined) return reject('MALFORMED', `leaf ${number} is not there`, 'sealed')
    leaf.open += 1
  }
  return ok({
    group,
    tree: treeOf(frontier, tail, sha256),
    chain,
    links: links.map((link, at) => ({ ...link, config: (chain.configs[at + 1] ?? chain.configs[0]).config })),
    members: new Map(members),
    heads: [...heads],
    leaves,
    outputs,
    closings: [...closings],
    sources: new Map(kept.sources.map(([source, known]) => [source, chainOf(known)])),
    isDue: false,
  })
}

function treeOf(frontier: SealedFrontier, tail: Uint8Array, sha256: Sha256): LogTree {
  const tree = new LogTree(frontier, sha256)
  for (let at = 0; at < tail.length; at += HASH_BYTES) tree.append(tail.subarray(at, at + HASH_BYTES))
  return tree
}

type SealedFrontier = ReturnType<LogTree['frontier']>

function hasPeaks({ size, peaks }: SealedFrontier): boolean {
  let bits = 0
  for (let rest = size; rest > 0; rest = Math.floor(rest / 2)) bits += rest % 2
  return bits === peaks.length
}

/** The form says that there is at least one. */
function chainOf(configs: readonly ConfigSince[]): VoterChain {
  const [first, ...others] = configs
  assert(first !== undefined, 'a chain begins with a config')
  return { configs: [first, ...others] }
}
