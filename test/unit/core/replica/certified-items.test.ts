import { describe, expect, it } from 'vitest'
import { encodeCertificate } from '../../../../src/codec/certificate/certificate.ts'
import { itemLeaf, plainLeaf } from '../../../../src/codec/certificate/leaf.ts'
import { encodeItem } from '../../../../src/codec/entry/item.ts'
import { decodeReplica, encodeReplica } from '../../../../src/core/replica/checkpoint.ts'
import { commandItem } from '../../../../src/core/replica/leaf-items.ts'
import type { LogIndex, Term } from '../../../../src/model/raft.ts'
import type { EntryItem } from '../../../../src/model/replicated.ts'
import { boardMachine, encodeBoardCommand } from '../../../../src/sim/raft/machines.ts'
import { sha256 } from '../../../setup/certificates.ts'
import { A, B, FORGERIES, MEMBERSHIP, Pair } from '../../../setup/effect-pair.ts'

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

  it.each(FORGERIES)('changes nothing, not even the count, when it %s', (_, forge) => {
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
