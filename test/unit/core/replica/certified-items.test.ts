import { describe, expect, it } from 'vitest'
import { decodeBatchProof, encodeBatchProof } from '../../../../src/codec/certificate/batch-proof.ts'
import { encodeCertificate } from '../../../../src/codec/certificate/certificate.ts'
import { itemLeaf, plainLeaf } from '../../../../src/codec/certificate/leaf.ts'
import type { TreeHead } from '../../../../src/codec/certificate/tree-head.ts'
import { encodeItem } from '../../../../src/codec/entry/item.ts'
import { provable, proveOutputs } from '../../../../src/core/certificate/prove-outputs.ts'
import { foundSealedLog, makeHead, type SealedLog } from '../../../../src/core/certificate/sealed-log.ts'
import { applyItem } from '../../../../src/core/replica/apply-item.ts'
import {
  decodeReplica,
  emptyReplica,
  encodeReplica,
  hashState,
} from '../../../../src/core/replica/checkpoint.ts'
import { commandItem } from '../../../../src/core/replica/leaf-items.ts'
import { proofCheck } from '../../../../src/core/replica/proof-check.ts'
import { effectBatch, type Replica } from '../../../../src/core/replica/replica.ts'
import type { GroupId, LogIndex, RaftId, Term } from '../../../../src/model/raft.ts'
import type { AnswerBatch, EffectBatch, EntryItem } from '../../../../src/model/replicated.ts'
import { type Board, boardMachine, encodeBoardCommand } from '../../../../src/sim/raft/machines.ts'
import { config, SignatureBook, sha256, VOTERS, voterSet } from '../../../setup/certificates.ts'

const [A, B, C] = [1 as GroupId, 2 as GroupId, 3 as GroupId]
const NUMBERS = [0, 1, 2, 3]
const MEMBERS = new Map(NUMBERS.map((n) => [(n + 1) as RaftId, VOTERS[n] as (typeof VOTERS)[number]]))
const MEMBERSHIP = {
  voters: [...MEMBERS.keys()],
  learners: [],
  outgoing: [],
  learnersNext: [],
  autoLeave: false,
}

/** Two groups of four voters, one of whom may lie, without a host: what is applied, and what is certified of it. */
class Pair {
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

describe('a batch of effects', () => {
  it('is applied when the certified leaves of its source name each of them, and answered in a leaf', () => {
    const pair = new Pair()
    pair.tell('one')
    const head = pair.tell('two')
    const answer = pair.apply(B, { kind: 'effects', batch: pair.batch(head) })
    expect(pair.board(B).arrived).toEqual(['1:one', '1:two'])
    expect(answer?.size).toBe(2)
    expect([...pair.sealed(B).outputs.keys()]).toEqual(['answer 1 1', 'answer 1 2'])
  })

  const forgeries: readonly [string, (pair: Pair, batch: EffectBatch, head: TreeHead) => EffectBatch][] = [
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
  it.each(forgeries)('changes nothing, not even the count, when it %s', (_, forge) => {
    const pair = new Pair()
    const head = pair.tell('one')
    pair.tell('two')
    const batch = pair.batch(head)
    const before = encodeReplica(boardMachine, pair.replica(B)).toHex()
    expect(pair.apply(B, { kind: 'effects', batch: forge(pair, batch, head) })).toBeUndefined()
    expect(encodeReplica(boardMachine, pair.replica(B)).toHex()).toBe(before)
    pair.apply(B, { kind: 'effects', batch })
    expect(pair.board(B).arrived).toEqual(['1:one'])
  })

  it('proves nothing to another group than its target', () => {
    const pair = new Pair()
    const batch = pair.batch(pair.tell('one'))
    expect(pair.proofs.effects(pair.replica(B), batch).isProven).toBe(true)
    expect(pair.proofs.effects(pair.replica(A), { ...batch, target: A }).isProven).toBe(false)
  })

  it('is proved no further than the certificate reaches', () => {
    const pair = new Pair()
    const head = pair.tell('one')
    pair.tell('two')
    expect(pair.batch(head).bodies).toHaveLength(1)
  })
})

describe('the tree of a replica', () => {
  it('goes on from a checkpoint as if it had never stopped', () => {
    const pair = new Pair()
    for (const text of ['one', 'two', 'three']) pair.tell(text)
    const bytes = encodeReplica(boardMachine, pair.replica(A))
    const place = { applied: pair.replica(A).applied, term: 1 as Term, membership: MEMBERSHIP }
    const again = decodeReplica(boardMachine, A, bytes, place, sha256)
    if (!again.ok) throw new Error(again.error.message)
    expect(encodeReplica(boardMachine, again.value).toHex()).toBe(bytes.toHex())
    const before = pair.replica(A)
    const first = pair.tell('four')
    pair.replicas.set(A, again.value)
    const second = pair.tell('four')
    expect(second).toEqual(first)
    expect(pair.batch(second).bodies).toHaveLength(4)
    expect(pair.replica(A)).not.toBe(before)
  })

  it('is refused from a checkpoint whose parts do not fit', () => {
    const pair = new Pair()
    pair.tell('one')
    const bytes = encodeReplica(boardMachine, pair.replica(A))
    const place = { applied: 1 as LogIndex, term: 1 as Term, membership: MEMBERSHIP }
    let refused = 0
    for (let at = 0; at < bytes.length; at++) {
      const bad = bytes.slice()
      bad[at] = (bad[at] ?? 0) ^ 1
      const read1 = decodeReplica(boardMachine, A, bad, place, sha256)
      if (read1.ok) continue
      expect(read1.error.code).toMatch(/MALFORMED|NOT_CANONICAL|TOO_LARGE/u)
      refused++
    }
    expect(refused).toBeGreaterThan(0)
  })

  it('counts a repetition as a leaf that changed nothing', () => {
    const pair = new Pair()
    const head = pair.tell('one')
    expect(pair.apply(A, command('one', pair.replica(A).position))).toBeUndefined()
    expect(pair.sealed(A).tree.size).toBe(head.size + 1)
    expect(pair.replica(A).position).toBe(head.size + 1)
  })
})

describe('outputs that nobody answers', () => {
  it('are named again, so that the tree forgets what is old, and are proved by the new leaf', () => {
    const pair = new Pair()
    for (const text of ['one', 'two', 'three']) pair.tell(text)
    for (let n = 0; n < 10_000; n++) {
      const body = encodeBoardCommand({ kind: 'add', amount: 1 })
      const ticket = { born: pair.replica(A).position, key: new TextEncoder().encode(`${n}`) }
      pair.apply(A, { kind: 'command', ticket, body })
    }
    const sealed = pair.sealed(A)
    expect(sealed.tree.size).toBe(pair.replica(A).position)
    expect(sealed.tree.size).toBe(10_004)
    expect(sealed.leaves.size).toBe(1)
    expect(sealed.tree.first).toBeGreaterThan(8_000)
    const bytes = encodeReplica(boardMachine, pair.replica(A))
    const place = { applied: pair.replica(A).applied, term: 1 as Term, membership: MEMBERSHIP }
    const again = decodeReplica(boardMachine, A, bytes, place, sha256)
    if (!again.ok) throw new Error(again.error.message)
    pair.replicas.set(A, again.value)
    const head = pair.tell('four')
    expect(pair.batch(head).bodies).toHaveLength(4)
    pair.apply(B, { kind: 'effects', batch: pair.batch(head) })
    expect(pair.board(B).arrived).toEqual(['1:one', '1:two', '1:three', '1:four'])
  })
})

describe('what a leaf names', () => {
  it.each([0, 1, 23, 24, 255, 256, 65_535, 65_536, 70_000])(
    'is the item as the encoder writes it, of %i bytes',
    (length) => {
      const body = Uint8Array.from({ length }, (_, at) => at)
      expect(commandItem(body)).toEqual(encodeItem({ kind: 'command', command: body }))
    },
  )

  it('is in a leaf whose short form is the long one', () => {
    for (const applied of [true, false]) {
      const item = sha256(Uint8Array.of(applied ? 1 : 0))
      expect(plainLeaf(item, applied).slice()).toEqual(itemLeaf({ item, applied, outputs: [] }))
    }
  })
})

describe('a certificate as an entry', () => {
  it('changes nothing when nobody awaits it, or it is none', () => {
    const pair = new Pair()
    const head = pair.tell('one')
    const before = encodeReplica(boardMachine, pair.replica(A)).toHex()
    const certificate = encodeCertificate(pair.certificate(head))
    pair.apply(A, { kind: 'cert', certificate })
    pair.apply(A, { kind: 'cert', certificate: new Uint8Array(7) })
    expect(encodeReplica(boardMachine, pair.replica(A)).toHex()).toBe(before)
  })
})

function command(text: string, born: number): EntryItem {
  const body = encodeBoardCommand({ kind: 'tell', target: B, text })
  return { kind: 'command', ticket: { born, key: new TextEncoder().encode(text) }, body }
}
