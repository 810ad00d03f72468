import { decodeBatchProof, encodeBatchProof } from '../../src/codec/certificate/batch-proof.ts'
import type { TreeHead } from '../../src/codec/certificate/tree-head.ts'
import { provable, proveOutputs } from '../../src/core/certificate/prove-outputs.ts'
import { foundSealedLog, makeHead, type SealedLog } from '../../src/core/certificate/sealed-log.ts'
import { applyItem } from '../../src/core/replica/apply-item.ts'
import { emptyReplica, hashState } from '../../src/core/replica/checkpoint.ts'
import { proofCheck } from '../../src/core/replica/proof-check.ts'
import { effectBatch, type Replica } from '../../src/core/replica/replica.ts'
import type { GroupId, LogIndex, RaftId, Term } from '../../src/model/raft.ts'
import type { AnswerBatch, EffectBatch, EntryItem } from '../../src/model/replicated.ts'
import { type Board, boardMachine, encodeBoardCommand } from '../../src/sim/raft/machines.ts'
import { config, SignatureBook, sha256, VOTERS, voterSet } from './certificates.ts'

export const [A, B] = [1 as GroupId, 2 as GroupId]
const C = 3 as GroupId
const NUMBERS = [0, 1, 2, 3]
const MEMBERS = new Map(NUMBERS.map((n) => [(n + 1) as RaftId, VOTERS[n] as (typeof VOTERS)[number]]))
export const MEMBERSHIP = {
  voters: [...MEMBERS.keys()],
  learners: [],
  outgoing: [],
  learnersNext: [],
  autoLeave: false,
}

/** Two groups of four voters, one of whom may lie, without a host: what is applied, and what is certified of it. */
export class Pair {
  readonly book = new SignatureBook()
  readonly rules = {
    ...this.book.context(1),
    genesisOf: (group: GroupId, generation: number) =>
      group === C ? undefined : config(1, NUMBERS, [], { group, generation }),
  }
  readonly proofs = proofCheck(this.rules)
  readonly replicas = new Map([A, B].map((group) => [group, this.#found(group)]))
  #index = 1

  replica(group: GroupId): Replica {
    return this.replicas.get(group) as Replica
  }

  sealed(group: GroupId): SealedLog {
    return this.replica(group).sealed as SealedLog
  }

  board(group: GroupId): Board {
    return this.replica(group).state as Board
  }

  apply(group: GroupId, item: EntryItem): TreeHead | undefined {
    const context = { machine: boardMachine, proofs: this.proofs, sha256 }
    applyItem(context, this.replica(group), item, ++this.#index as LogIndex)
    return makeHead(this.sealed(group), () => hashState(boardMachine, this.replica(group), sha256))
  }

  tell(text: string, key = text): TreeHead {
    const body = encodeBoardCommand({ kind: 'tell', target: B, text })
    const ticket = { born: this.replica(A).position, key: new TextEncoder().encode(key) }
    const head = this.apply(A, { kind: 'command', ticket, body })
    if (head === undefined) throw new Error('a command with an effect makes a head')
    return head
  }

  certificate(head: TreeHead, signers: readonly number[] = [0, 1, 2]) {
    return this.book.certificate(head, voterSet(...signers))
  }

  /** All effects of A for B that a head covers, with their proof. */
  batch(head: TreeHead, signers?: readonly number[]): EffectBatch {
    const whole = effectBatch(this.replica(A), B, { first: 1, most: 256, bytesMax: 1e6 })
    if (whole === undefined) throw new Error('there are effects')
    const keys = whole.bodies.map((_, n) => `effect ${B} ${n + 1}`)
    const count = provable(this.sealed(A), head.size, keys)
    const certificate = this.certificate(head, signers)
    const proof = proveOutputs(this.sealed(A), certificate, keys.slice(0, count), 1 as never, 1 as never)
    return { ...whole, bodies: whole.bodies.slice(0, count), proof }
  }

  #found(group: GroupId): Replica {
    const genesis = config(1, NUMBERS, [], { group })
    const sealed = foundSealedLog(genesis, MEMBERS, sha256)
    return emptyReplica(boardMachine, group, 0, 1 as LogIndex, 1 as Term, MEMBERSHIP, sealed)
  }
}

function bent(batch: EffectBatch, change: (proof: ReturnType<typeof read>) => object): EffectBatch {
  return { ...batch, proof: encodeBatchProof({ ...read(batch), ...change(read(batch)) }) }
}

function read(batch: EffectBatch | AnswerBatch) {
  const proof = decodeBatchProof(batch.proof)
  if (!proof.ok) throw new Error(proof.error.message)
  return proof.value
}

/** What a liar may make of a batch, and what each is. */
export const FORGERIES: readonly [string, (pair: Pair, batch: EffectBatch, head: TreeHead) => EffectBatch][] =
  [
    ['has another body', (_, batch) => ({ ...batch, bodies: [new TextEncoder().encode('forged')] })],
    ['has one more body', (_, batch) => ({ ...batch, bodies: [...batch.bodies, ...batch.bodies] })],
    ['has another number', (_, batch) => ({ ...batch, first: 2 })],
    ['has no proof', (_, batch) => ({ ...batch, proof: new Uint8Array(0) })],
    ['says to come from another group', (_, batch) => ({ ...batch, source: B })],
    ['says to come from a group of no network', (_, batch) => ({ ...batch, source: C })],
    ['is of another generation', (_, batch) => ({ ...batch, generation: 1 })],
    ['acknowledges answers that nobody certified', (_, batch) => ({ ...batch, answered: 1 })],
    ['has too few signatures', (pair, _, head) => pair.batch(head, [0, 1])],
    ['is signed by a stranger', (pair, _, head) => pair.batch(head, [0, 1, 9])],
    [
      'has a certificate of another head',
      (pair, batch, head) =>
        bent(batch, () => ({ certificate: pair.certificate({ ...head, root: sha256(head.root) }) })),
    ],
    [
      'has a certificate of another generation',
      (pair, batch, head) =>
        bent(batch, () => ({ certificate: pair.certificate({ ...head, generation: 1 as never }) })),
    ],
    ['lacks the leaf', (_, batch) => bent(batch, () => ({ leaves: [] }))],
    [
      'has the leaf at another place',
      (_, batch) => bent(batch, ({ leaves }) => ({ leaves: leaves.map((leaf) => ({ ...leaf, index: 1 })) })),
    ],
  ]
