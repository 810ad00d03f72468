import type { Certificate } from '../../codec/certificate/certificate.ts'
import { provable, proveOutputs } from '../../core/certificate/prove-outputs.ts'
import type { SealedLog } from '../../core/certificate/sealed-log.ts'
import { latestConfig } from '../../core/certificate/voter-chain.ts'
import type { ProofCheck } from '../../core/replica/proof-check.ts'
import type { ConfigVersion } from '../../model/certified.ts'
import type { GroupId } from '../../model/raft.ts'
import type { AnswerBatch, EffectBatch } from '../../model/replicated.ts'
import type { HostedGroup } from './hosted-group.ts'
import type { Mutant } from './seam.ts'

/** How much of a batch can be proved now, and the batch with its proof. */
export interface Proven<Batch> {
  readonly count: number
  readonly prove: (batch: Batch) => Batch
}

const FIRST_VERSION = 1 as ConfigVersion

/** Effects for a group, from number `first` on. Without certificates: as many as are asked for, with no proof. */
export function provenEffects(
  group: HostedGroup,
  target: GroupId,
  first: number,
  most: number,
): Proven<EffectBatch> {
  const sealed = group.replica?.sealed
  if (sealed === undefined) return { count: most, prove: (batch) => batch }
  const certificate = usable(group, sealed)
  if (certificate === undefined) return { count: 0, prove: (batch) => batch }
  const { size } = certificate.head
  const keys = keysOf('effect', target, first, most)
  return {
    count: provable(sealed, size, keys),
    prove: (batch) => {
      const ack = sealed.outputs.get(`ack ${target}`)
      const isKnown = ack !== undefined && ack.leaf < size
      const shown = keysOf('effect', target, batch.first, batch.bodies.length)
      const proof = proofOf(group, sealed, certificate, target, isKnown ? [...shown, `ack ${target}`] : shown)
      return { ...batch, answered: isKnown ? ack.output.number : 0, proof }
    },
  }
}

/** Answers to effects of a group, from number `first` on. */
export function provenAnswers(
  group: HostedGroup,
  source: GroupId,
  first: number,
  most: number,
): Proven<AnswerBatch> {
  const sealed = group.replica?.sealed
  if (sealed === undefined) return { count: most, prove: (batch) => batch }
  const certificate = usable(group, sealed)
  if (certificate === undefined) return { count: 0, prove: (batch) => batch }
  return {
    count: provable(sealed, certificate.head.size, keysOf('answer', source, first, most)),
    prove: (batch) => {
      const keys = keysOf('answer', source, batch.first, batch.verdicts.length)
      return { ...batch, proof: proofOf(group, sealed, certificate, source, keys) }
    },
  }
}

/** Tests alone: what is not proved is believed. */
export function brokenProofs(mutant: Mutant | undefined, check: ProofCheck): ProofCheck {
  if (mutant !== 'proof-unchecked') return check
  return {
    ...check,
    effects: (replica, batch) => ({ ...check.effects(replica, batch), isProven: true }),
    answers: (replica, batch) => ({ ...check.answers(replica, batch), isProven: true }),
  }
}

/** A certificate proves something to others once the chain leads to its config. */
function usable({ seals }: HostedGroup, sealed: SealedLog): Certificate | undefined {
  const { certificate } = seals
  if (certificate === undefined || certificate.head.size > sealed.tree.size) return undefined
  const isLinked = sealed.links.every(
    ({ config, certificate: link }) => config.version > certificate.head.config || link !== undefined,
  )
  return isLinked ? certificate : undefined
}

function proofOf(
  { seals }: HostedGroup,
  sealed: SealedLog,
  certificate: Certificate,
  other: GroupId,
  keys: readonly string[],
): Uint8Array {
  const theirs = sealed.sources.get(other)
  const knows = theirs === undefined ? FIRST_VERSION : latestConfig(theirs).version
  return proveOutputs(sealed, certificate, keys, seals.known.get(other) ?? FIRST_VERSION, knows)
}

function keysOf(kind: 'effect' | 'answer', group: GroupId, first: number, count: number): readonly string[] {
  return Array.from({ length: count }, (_, n) => `${kind} ${group} ${first + n}`)
}
