import { equalBytes } from '../../codec/bytes.ts'
import { type CheckedBatch, type ProofCheck, verdictBytes } from '../../core/replica/proof-check.ts'
import type { Replica } from '../../core/replica/replica.ts'
import { LruMap } from '../../model/lru-map.ts'
import type { AnswerBatch, EffectBatch } from '../../model/replicated.ts'

/** What is under way between a hundred pairs of groups. */
const BATCHES_MAX = 128
/** Larger batches are judged each time: what is remembered must not fill the memory. */
const BYTES_MAX = 131_072

/** What a verdict rests on: every byte of the batch, and what the replica's state knows of its source. */
interface Question {
  readonly sealed: Replica['sealed']
  readonly generation: number
  readonly source: unknown
  readonly parts: readonly Uint8Array[]
}

interface Judged extends Question {
  readonly checked: CheckedBatch
}

/**
 * The same judge, which is not asked again about what it found proved: a leader judges a batch before it makes an entry of
 * it, and again, as every replica does, when it applies the entry. A refusal is never remembered.
 */
export function rememberingProofs(check: ProofCheck, batchesMax = BATCHES_MAX): ProofCheck {
  const judged = new LruMap<string, Judged>(batchesMax)
  const remembered = <Batch extends EffectBatch | AnswerBatch>(
    kind: string,
    replica: Replica,
    batch: Batch,
    contents: readonly Uint8Array[],
    judge: (batch: Batch) => CheckedBatch,
  ): CheckedBatch => {
    const parts = [batch.proof, ...contents]
    if (replica.sealed === undefined || sizeOf(parts) > BYTES_MAX) return judge(batch)
    const name = nameOf(kind, replica, batch)
    const question = questionOf(replica, batch, parts)
    const known = judged.get(name)
    if (known !== undefined && isSame(known, question)) return known.checked
    // What is remembered rests on no bytes of others: theirs may be part of something large, or written over.
    const own = parts.map((part) => part.slice())
    const checked = judge({ ...batch, proof: own[0] as Uint8Array })
    if (checked.isProven) judged.set(name, { ...question, parts: own, checked })
    return checked
  }
  return {
    effects: (replica, batch) =>
      remembered('effects', replica, batch, batch.bodies, (own) => check.effects(replica, own)),
    answers(replica, batch) {
      const contents = batch.verdicts.map(verdictBytes)
      return remembered('answers', replica, batch, contents, (own) => check.answers(replica, own))
    },
    certificate: (replica, bytes) => check.certificate(replica, bytes),
  }
}

/** All of the batch that is no bytes. */
function nameOf(kind: string, { group }: Replica, batch: EffectBatch | AnswerBatch): string {
  const { source, target, generation, first } = batch
  const answered = 'answered' in batch ? batch.answered : 0
  return `${kind} ${group} ${source} ${target} ${generation} ${first} ${answered}`
}

function questionOf(
  { sealed, generation }: Replica,
  batch: EffectBatch | AnswerBatch,
  parts: readonly Uint8Array[],
): Question {
  return { sealed, generation, source: sealed?.sources.get(batch.source), parts }
}

function isSame(known: Question, { sealed, generation, source, parts }: Question): boolean {
  return (
    known.sealed === sealed &&
    known.generation === generation &&
    known.source === source &&
    known.parts.length === parts.length &&
    known.parts.every((part, at) => equalBytes(part, parts[at] as Uint8Array))
  )
}

function sizeOf(parts: readonly Uint8Array[]): number {
  return parts.reduce((sum, { length }) => sum + length, 0)
}
