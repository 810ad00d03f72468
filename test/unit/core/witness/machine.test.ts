import { describe, expect, it } from 'vitest'
import { nodeCrypto } from '../../../../src/adapters/crypto/node-crypto.ts'
import { decodeItemLeaf, itemLeaf, type Output } from '../../../../src/codec/certificate/leaf.ts'
import { cidOf } from '../../../../src/codec/cid.ts'
import { encodeEffect, type ToHub } from '../../../../src/codec/entry/effect.ts'
import type { Shape, Step } from '../../../../src/core/records/view.ts'
import { isStepOf } from '../../../../src/core/witness/machine.ts'
import type { Did } from '../../../../src/model/ids.ts'
import type { GroupId } from '../../../../src/model/raft.ts'

const { sha256 } = nodeCrypto
const ITEM = new TextEncoder().encode('an item')
const GROUP = 0 as GroupId
const HASH = sha256(new Uint8Array([1]))

const unlock: ToHub = {
  v: 1,
  kind: 'unlock',
  need: cidOf(ITEM, sha256),
  account: 'did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK' as Did,
  role: 'worker',
  attempt: 0,
}
const step: Step<Shape, ToHub> = {
  writes: [],
  verdict: { kind: 'applied', result: new Uint8Array(0) },
  effects: [{ target: 'hub', body: unlock }],
}
const sent: Output = { kind: 'effect', group: GROUP, number: 4, hash: sha256(encodeEffect(unlock)) }
const answer: Output = { kind: 'answer', group: GROUP, number: 9, hash: HASH }
const ack: Output = { kind: 'ack', group: GROUP, number: 3 }

describe('the leaf of a step', () => {
  it.each([
    ['its effects alone', [sent]],
    ['what hosts say to each other around them', [answer, sent, ack]],
  ])('is certified with %s', (_, outputs) => {
    expect(isLeaf(outputs)).toBe(true)
  })

  it.each([
    ['without an effect that the step asks for', [answer, ack]],
    ['with an effect that no step asked for', [sent, { ...sent, number: 5 }]],
    ['with another body', [{ ...sent, hash: HASH }]],
    ['for another group', [{ ...sent, group: 7 as GroupId }]],
  ])('is refused %s', (_, outputs) => {
    expect(isLeaf(outputs)).toBe(false)
  })
})

function isLeaf(outputs: readonly Output[]): boolean {
  const leaf = itemLeaf({ item: sha256(ITEM), applied: true, outputs })
  const read = decodeItemLeaf(leaf)
  return read.ok && isStepOf(leaf, read.value, ITEM, step, sha256)
}
