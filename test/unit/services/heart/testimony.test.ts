import { describe, expect, it } from 'vitest'
import { nodeCrypto } from '../../../../src/adapters/crypto/node-crypto.ts'
import { cidOf, envelopeIdOf } from '../../../../src/codec/cid.ts'
import type { SeenStatement } from '../../../../src/codec/entry/statements.ts'
import type { Did, Signature } from '../../../../src/model/ids.ts'
import { Testimony } from '../../../../src/services/heart/testimony.ts'

const need = cidOf(new Uint8Array([1]), nodeCrypto.sha256)
const name = envelopeIdOf(need)
const head = (byte: number): Uint8Array => new Uint8Array(32).fill(byte)

const ALL = () => true

function said(
  voter: string,
  of = head(1),
  seen: SeenStatement['body']['seen'] = [],
  slot = 5,
): SeenStatement {
  const body = { v: 1 as const, need, head: of, slot, seen }
  return { voter: voter as Did, body, s: new Uint8Array(64) as Signature }
}

/** Who speaks in each of what can be carried. */
function voices(testimony: Testimony, of = head(1), isHeld: (id: string) => boolean = ALL) {
  return testimony.seen(name, of, isHeld).map((statements) => statements.map(({ voter }) => voter))
}

function started(voters = 5) {
  const time = { ms: 0 }
  const testimony = new Testimony(voters, { monotonicMs: () => time.ms })
  return { testimony, time }
}

describe('what voters said', () => {
  it('counts once a majority has spoken of this head, each voter once', () => {
    const { testimony } = started()
    expect(testimony.beginSeen(name, head(1), 5)).toBe(true)
    for (const voter of ['a', 'b', 'b']) expect(testimony.hearSeen(said(voter))).toBe(true)
    expect(voices(testimony)).toEqual([])
    testimony.hearSeen(said('c'))
    expect(voices(testimony)).toEqual([['a', 'b', 'c']])
    expect(voices(testimony, head(2))).toEqual([])
  })

  it('counts without a voter that names what is not at hand, where the others are a majority', () => {
    const { testimony } = started()
    testimony.beginSeen(name, head(1), 5)
    testimony.hearSeen(said('liar', head(1), [[need, 4]]))
    for (const voter of ['a', 'b']) testimony.hearSeen(said(voter))
    const isHeld = (id: string) => id !== name
    expect(voices(testimony, head(1), isHeld)).toEqual([])
    testimony.hearSeen(said('c'))
    expect(voices(testimony, head(1), isHeld)).toEqual([['a', 'b', 'c']])
  })

  it('counts without voters who speak of an earlier slot than a majority: nobody holds time back', () => {
    const { testimony } = started()
    testimony.beginSeen(name, head(1), 5)
    for (const voter of ['a', 'b']) testimony.hearSeen(said(voter))
    testimony.hearSeen(said('liar', head(1), [], 1))
    expect(voices(testimony)).toEqual([['a', 'b', 'liar']])
    testimony.hearSeen(said('c'))
    expect(voices(testimony)).toEqual([
      ['a', 'b', 'liar', 'c'],
      ['a', 'b', 'c'],
    ])
  })

  it('that led to nothing waits for another voter, and is asked for anew in the next slot, not before', () => {
    const { testimony } = started()
    testimony.beginSeen(name, head(1), 5)
    for (const voter of ['a', 'b', 'c']) testimony.hearSeen(said(voter))
    testimony.spendSeen(name)
    testimony.hearSeen(said('a'))
    expect(voices(testimony)).toEqual([])
    expect(testimony.beginSeen(name, head(1), 5)).toBe(false)
    testimony.hearSeen(said('d'))
    expect(voices(testimony)).toEqual([['a', 'b', 'c', 'd']])
    testimony.spendSeen(name)
    expect(testimony.beginSeen(name, head(1), 6)).toBe(true)
    expect(voices(testimony)).toEqual([])
  })

  it('is not heard unasked, nor for another head', () => {
    const { testimony } = started()
    expect(testimony.hearSeen(said('a'))).toBe(false)
    testimony.beginSeen(name, head(1), 5)
    expect(testimony.hearSeen(said('a', head(2)))).toBe(false)
  })

  it('is not heard of a time that has not come', () => {
    const { testimony } = started()
    testimony.beginSeen(name, head(1), 4)
    expect(testimony.hearSeen(said('a'))).toBe(false)
    testimony.beginSeen(name, head(2), 5)
    expect(testimony.hearSeen(said('a', head(2), [[need, 6]]))).toBe(false)
    expect(testimony.hearSeen(said('a', head(2), [[need, 5]]))).toBe(true)
  })

  it('is asked for again after a while, and at once for another head', () => {
    const { testimony, time } = started()
    testimony.beginSeen(name, head(1), 5)
    expect(testimony.beginSeen(name, head(1), 6)).toBe(false)
    expect(testimony.beginSeen(name, head(2), 6)).toBe(true)
    time.ms = 1_000
    expect(testimony.beginSeen(name, head(2), 7)).toBe(true)
  })

  it('of content counts by a majority too, and goes with the need', () => {
    const { testimony } = started(3)
    const cid = cidOf(new Uint8Array([2]), nodeCrypto.sha256)
    const have = (voter: string) => ({
      voter: voter as Did,
      body: { v: 1 as const, need, cid },
      s: new Uint8Array(64) as Signature,
    })
    expect(testimony.hearHave(have('a'))).toBe(false)
    expect(testimony.beginHave(name, cid)).toBe(true)
    testimony.hearHave(have('a'))
    expect(testimony.have(name, cid)).toBeUndefined()
    testimony.hearHave(have('b'))
    expect(testimony.have(name, cid)).toHaveLength(2)
    testimony.forget(name)
    expect(testimony.have(name, cid)).toBeUndefined()
  })
})
