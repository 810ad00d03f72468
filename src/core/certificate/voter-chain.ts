import type { Certificate } from '../../codec/certificate/certificate.ts'
import { votersLeaf } from '../../codec/certificate/leaf.ts'
import type { TreeHead } from '../../codec/certificate/tree-head.ts'
import type { VoterLink } from '../../codec/certificate/voter-chain.ts'
import type { VoterConfig } from '../../codec/certificate/voter-config.ts'
import { leafHash } from '../../codec/merkle/hash.ts'
import { verifyInclusion } from '../../codec/merkle/inclusion.ts'
import { type Rejection, reject } from '../../model/rejection.ts'
import { err, ok, type Result } from '../../model/result.ts'
import { type CertificateContext, verifyCertificate } from './verify-certificate.ts'

/**
 * The configs of a group in one generation, each proved by the one before it; the first is trusted (genesis, a
 * recovery, a checkpoint that one trusts). Invariants:
 * 1. Versions are consecutive; a config is in force for sizes from `from` on, until the next one's.
 * 2. A change is the last leaf of a certified tree, so it is signed by the voters whom it changes; the next size is
 *    the first of the new ones.
 */
export interface VoterChain {
  readonly configs: readonly [ConfigTerm, ...ConfigTerm[]]
}

export interface ConfigTerm {
  readonly config: VoterConfig
  /** First size that it signs. */
  readonly from: number
}

/** A chain of the config that is trusted, which signs sizes from `from` on. */
export function startChain(config: VoterConfig, from = 1): VoterChain {
  return { configs: [{ config, from }] }
}

/**
 * The chain with one change more. Rejects CONFLICT for a config that does not follow the last one (group, generation,
 * version, a joint one that leaves others than it has), a head outside of the last one's term or that does not end
 * with the change; and as `verifyCertificate`.
 */
export function extendChain(
  chain: VoterChain,
  link: VoterLink,
  context: CertificateContext,
): Result<VoterChain, Rejection> {
  const last = lastTerm(chain)
  const { config, certificate, path } = link
  const misfit = misfitOf(last.config, config)
  if (misfit !== undefined) return reject('CONFLICT', misfit, 'config')
  const { head } = certificate
  if (head.size < last.from) return reject('CONFLICT', `size ${head.size} is before its term`, 'certificate')
  const leaf = leafHash(votersLeaf(config), context.sha256)
  const isLast = verifyInclusion(leaf, head.size - 1, head.size, path, head.root, context.sha256)
  if (!isLast) return reject('CONFLICT', 'the change is not the last leaf of the tree', 'path')
  const verified = verifyCertificate(certificate, last.config, context)
  if (!verified.ok) return verified
  return ok({ configs: [...chain.configs, { config, from: head.size + 1 }] })
}

/** The chain with all these links; rejects as `extendChain`, with the link's place. */
export function extendChainAll(
  chain: VoterChain,
  links: readonly VoterLink[],
  context: CertificateContext,
): Result<VoterChain, Rejection> {
  let extended = chain
  for (const [at, link] of links.entries()) {
    const next = extendChain(extended, link, context)
    if (!next.ok) return err({ ...next.error, field: `chain[${at}].${next.error.field ?? ''}` })
    extended = next.value
  }
  return ok(extended)
}

/**
 * Whether a certificate is by the voters of its size, as far as the chain is known. Rejects CONFLICT for a size that
 * another config signs or a config that is not in the chain; and as `verifyCertificate`.
 */
export function verifyInChain(
  chain: VoterChain,
  certificate: Certificate,
  context: CertificateContext,
): Result<TreeHead, Rejection> {
  const { size, config: version } = certificate.head
  const term = chain.configs.findLast(({ from }) => from <= size)
  if (term === undefined) return reject('CONFLICT', `size ${size} is before the chain`, 'head')
  if (term.config.version !== version) {
    return reject('CONFLICT', `config ${version} where ${term.config.version} signs size ${size}`, 'head')
  }
  return verifyCertificate(certificate, term.config, context)
}

/** The config that signs sizes from now on, as far as the chain is known. */
export function latestConfig(chain: VoterChain): VoterConfig {
  return lastTerm(chain).config
}

function lastTerm({ configs }: VoterChain): ConfigTerm {
  return configs.at(-1) ?? configs[0]
}

function misfitOf(last: VoterConfig, next: VoterConfig): string | undefined {
  if (next.group !== last.group) return `of group ${next.group}, not ${last.group}`
  if (next.generation !== last.generation) return `of generation ${next.generation}, not ${last.generation}`
  if (next.version !== last.version + 1) return `version ${next.version} after ${last.version}`
  if (last.outgoing.length > 0) {
    const isLeft = next.outgoing.length === 0 && isSame(next.voters, last.voters)
    return isLeft ? undefined : 'a joint config is left for its own voters'
  }
  const isFromLast = next.outgoing.length === 0 || isSame(next.outgoing, last.voters)
  return isFromLast ? undefined : 'a joint config leaves the voters before it'
}

function isSame(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((one, at) => one === b[at])
}
