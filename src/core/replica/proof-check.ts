import {
  type Certificate,
  decodeCertificate,
  encodeCertificate,
} from '../../codec/certificate/certificate.ts'
import type { Output } from '../../codec/certificate/leaf.ts'
import { equalTreeHeads, type TreeHead } from '../../codec/certificate/tree-head.ts'
import { writeVerdict } from '../../codec/raft-frame/items.ts'
import { WireWriter } from '../../codec/raft-frame/wire-writer.ts'
import type { ConfigVersion } from '../../model/certified.ts'
import { assert } from '../../model/fault.ts'
import type { AnswerBatch, EffectBatch, Verdict } from '../../model/replicated.ts'
import type { Sha256 } from '../../ports/crypto.ts'
import type { CertifiedItem } from '../../ports/state-machine.ts'
import { checkOutputs, type SealRules } from '../certificate/check-outputs.ts'
import { configAt, headAt, type SealedLog } from '../certificate/sealed-log.ts'
import { verifyCertificate } from '../certificate/verify-certificate.ts'
import { latestConfig, type VoterChain } from '../certificate/voter-chain.ts'
import type { Replica } from './replica.ts'

/** What the proof of a batch is worth to a replica. */
export interface CheckedBatch {
  readonly isProven: boolean
  /** The source's voters, when the proof says more of them than was known. */
  readonly chain: VoterChain | undefined
  /** The newest config of this group that the source knows; undefined without a proof. */
  readonly knows: ConfigVersion | undefined
  /** What proves one effect or answer of the batch, by its number. */
  readonly proofOf: (number: number) => CertifiedItem | undefined
}

/** A certificate of a size of the replica's own that something awaits. */
export interface CheckedCertificate {
  readonly certificate: Certificate
  readonly closed: readonly CertifiedItem[]
}

/**
 * Judges what items claim, by the replicated state, the rules of the network and the bytes alone: the same on every
 * replica. A group without certificates believes its batches and records none.
 */
export interface ProofCheck {
  effects(replica: Replica, batch: EffectBatch): CheckedBatch
  answers(replica: Replica, batch: AnswerBatch): CheckedBatch
  /** Undefined: no certificate of this group, or nothing awaits it. */
  certificate(replica: Replica, bytes: Uint8Array): CheckedCertificate | undefined
}

const NO_PROOF = { chain: undefined, knows: undefined, proofOf: () => undefined }
const BELIEVED: CheckedBatch = { ...NO_PROOF, isProven: true }
const REFUSED: CheckedBatch = { ...NO_PROOF, isProven: false }

/** Told of certificates that others show: `isGood` when its signatures were judged, or else nothing is known of them. */
export type HearCertificate = (certificate: Certificate, isGood: boolean) => void

/** A group that has certificates asserts that there are rules. `hear` changes no verdict. */
export function proofCheck(
  rules: SealRules | undefined,
  hear: HearCertificate = () => undefined,
): ProofCheck {
  const check = (
    { sealed, generation }: Replica,
    kind: 'effect' | 'answer',
    batch: EffectBatch | AnswerBatch,
    expected: (sha256: Sha256) => readonly Output[],
  ): CheckedBatch => {
    if (sealed === undefined) return BELIEVED
    assert(rules !== undefined, 'a group with certificates has rules')
    if (batch.generation !== generation) return REFUSED
    const checked = checkOutputs(sealed, batch.source, generation, batch.proof, expected(rules.sha256), rules)
    if (!checked.ok) return REFUSED
    const { chain, refusal, proof, leaves } = checked.value
    for (const link of proof.links) hear(link.certificate, false)
    hear(proof.certificate, refusal === undefined)
    const certificate = encodeCertificate(proof.certificate)
    const before = sealed.sources.get(batch.source) ?? { configs: [chain.configs[0]] }
    const isNews = latestConfig(chain).version > latestConfig(before).version
    const proofOf = (number: number): CertifiedItem | undefined => {
      const proven = leaves.get(`${kind} ${batch.target} ${number}`)
      return proven && { leaf: proven.leaf, position: proven.index, path: proven.path, certificate }
    }
    return { isProven: refusal === undefined, chain: isNews ? chain : undefined, knows: proof.knows, proofOf }
  }
  return {
    effects: (replica, batch) => check(replica, 'effect', batch, (sha256) => effectOutputs(batch, sha256)),
    answers: (replica, batch) => check(replica, 'answer', batch, (sha256) => answerOutputs(batch, sha256)),
    certificate({ sealed }, bytes) {
      if (sealed === undefined) return undefined
      assert(rules !== undefined, 'a group with certificates has rules')
      const checked = checkCertificate(sealed, bytes, rules)
      if (checked !== undefined) hear(checked.certificate, true)
      return checked
    },
  }
}

/** SHA-256 of an encoded verdict: what a leaf says of an answer. */
export function hashVerdict(verdict: Verdict, sha256: Sha256): Uint8Array {
  return sha256(verdictBytes(verdict))
}

/** A verdict as it is encoded in answers. */
export function verdictBytes(verdict: Verdict): Uint8Array {
  const out = new WireWriter()
  writeVerdict(out, verdict)
  return out.finish()
}

/** Whether a certificate of this size, if it is one of ours, completes anything. */
export function isAwaited(sealed: SealedLog, head: TreeHead): boolean {
  return (
    sealed.closings.some((leaf) => leaf < head.size) ||
    sealed.links.some((link) => link.certificate === undefined && link.head?.size === head.size)
  )
}

function effectOutputs({ target, first, bodies, answered }: EffectBatch, sha256: Sha256): readonly Output[] {
  const effects = bodies.map(
    (body, n): Output => ({ kind: 'effect', group: target, number: first + n, hash: sha256(body) }),
  )
  return answered === 0 ? effects : [...effects, { kind: 'ack', group: target, number: answered }]
}

function answerOutputs({ target, first, verdicts }: AnswerBatch, sha256: Sha256): readonly Output[] {
  return verdicts.map((verdict, n): Output => {
    return { kind: 'answer', group: target, number: first + n, hash: hashVerdict(verdict, sha256) }
  })
}

function checkCertificate(
  sealed: SealedLog,
  bytes: Uint8Array,
  rules: SealRules,
): CheckedCertificate | undefined {
  const decoded = decodeCertificate(bytes)
  if (!decoded.ok) return undefined
  const certificate = decoded.value
  const { size } = certificate.head
  const head = headAt(sealed, size)
  const isOurs = head !== undefined && equalTreeHeads(head, certificate.head)
  if (!isOurs || !isAwaited(sealed, head)) return undefined
  if (!verifyCertificate(certificate, configAt(sealed, size), rules).ok) return undefined
  const closed = sealed.closings
    .filter((leaf) => leaf < size)
    .map((leaf): CertifiedItem => {
      const kept = sealed.leaves.get(leaf)
      assert(kept !== undefined, 'a closing leaf is kept')
      return { leaf: kept.bytes, position: leaf, path: sealed.tree.path(leaf, size), certificate: bytes }
    })
  return { certificate, closed }
}
