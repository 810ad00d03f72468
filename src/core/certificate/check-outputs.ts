import { equalBytes } from '../../codec/bytes.ts'
import { type BatchProof, decodeBatchProof, type ProvenLeaf } from '../../codec/certificate/batch-proof.ts'
import type { Output } from '../../codec/certificate/leaf.ts'
import type { VoterConfig } from '../../codec/certificate/voter-config.ts'
import type { GroupId } from '../../model/raft.ts'
import { type Rejection, reject } from '../../model/rejection.ts'
import { ok, type Result } from '../../model/result.ts'
import { outputKey, type SealedLog } from './sealed-log.ts'
import type { CertificateContext } from './verify-certificate.ts'
import { openOutputs } from './verify-leaf.ts'
import { extendChainAll, latestConfig, startChain, type VoterChain, verifyInChain } from './voter-chain.ts'

/** What all nodes of a network know of its certificates from genesis. */
export interface SealRules extends CertificateContext {
  /** The first voters of a group in a generation; undefined: none that anybody must believe. */
  readonly genesisOf: (group: GroupId, generation: number) => VoterConfig | undefined
}

/** What a proof was good for. */
export interface CheckedProof {
  readonly proof: BatchProof
  /** The other group's voters, as far as they are known now: right even where the outputs are not proved. */
  readonly chain: VoterChain
  /** Why the outputs are not proved; undefined: they are. */
  readonly refusal: Rejection | undefined
  /** By `outputKey`: the leaf that names the output. */
  readonly leaves: ReadonlyMap<string, ProvenLeaf>
}

/**
 * Whether another group certified that it made these outputs for this one. Pure, and of the replicated state and the
 * proof alone: the same on every replica. Rejects a proof that is malformed, of an unknown group or another generation,
 * or with a change of voters that does not follow; `refusal` says why the outputs are not proved by it.
 * Source: lifecycle.md, "Effects between hub and buckets"; consensus.md, "Certificates".
 */
export function checkOutputs(
  sealed: SealedLog,
  source: GroupId,
  generation: number,
  bytes: Uint8Array,
  expected: readonly Output[],
  rules: SealRules,
): Result<CheckedProof, Rejection> {
  const proof = decodeBatchProof(bytes)
  if (!proof.ok) return proof
  const chain = chainOf(sealed, source, generation, proof.value, rules)
  if (!chain.ok) return chain
  const named = namedBy(sealed.group, chain.value, proof.value, rules)
  const refusal = named.ok ? missingIn(named.value, expected) : named.error
  const leaves = new Map(named.ok ? [...named.value].map(([key, { leaf }]) => [key, leaf]) : [])
  return ok({ proof: proof.value, chain: chain.value, refusal, leaves })
}

interface NamedOutput {
  readonly output: Output
  readonly leaf: ProvenLeaf
}

function missingIn(
  named: ReadonlyMap<string, NamedOutput>,
  expected: readonly Output[],
): Rejection | undefined {
  const missing = expected.find((output) => !isAmong(named, output))
  if (missing === undefined) return undefined
  return { code: 'CONFLICT', message: `${outputKey(missing)} is in no proven leaf`, field: 'proof' }
}

/** The other group's voters, with what the proof adds to what is known. */
function chainOf(
  sealed: SealedLog,
  source: GroupId,
  generation: number,
  { links }: BatchProof,
  rules: SealRules,
): Result<VoterChain, Rejection> {
  const genesis = rules.genesisOf(source, generation)
  const known = sealed.sources.get(source) ?? (genesis && startChain(genesis))
  if (known === undefined) return reject('CONFLICT', `group ${source} is not of this network`, 'source')
  const { version, generation: of } = latestConfig(known)
  if (of !== generation) return reject('CONFLICT', `generation ${generation}`, 'generation')
  return extendChainAll(
    known,
    links.filter(({ config }) => config.version > version),
    rules,
  )
}

/** Outputs for the target in the leaves of a certified tree. */
function namedBy(
  target: GroupId,
  chain: VoterChain,
  { certificate, leaves }: BatchProof,
  rules: SealRules,
): Result<ReadonlyMap<string, NamedOutput>, Rejection> {
  const head = verifyInChain(chain, certificate, rules)
  if (!head.ok) return head
  const named = new Map<string, NamedOutput>()
  const opened = openOutputs(head.value, leaves, rules.sha256)
  if (!opened.ok) return opened
  for (const [at, leaf] of leaves.entries()) {
    for (const output of opened.value[at] ?? []) {
      if (output.group === target) named.set(outputKey(output), { output, leaf })
    }
  }
  return ok(named)
}

function isAmong(named: ReadonlyMap<string, NamedOutput>, expected: Output): boolean {
  const found = named.get(outputKey(expected))?.output
  if (found === undefined || found.number !== expected.number) return false
  if (found.kind === 'ack' || expected.kind === 'ack') return found.kind === expected.kind
  return equalBytes(found.hash, expected.hash)
}
