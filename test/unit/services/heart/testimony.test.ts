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

function said(voter: string, of = head(1), seen: SeenStatement['body']['seen'] = []): SeenStatement {
  const body = { v: 1 as const, need, head: of, slot: 5, seen }
  return { voter: voter as Did, body, s: new Uint8Array(64) as Signature }
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
    expect(testimony.seen(name, head(1), ALL)).toBeUndefined()
    testimony.hearSeen(said('c'))
    expect(testimony.seen(name, head(1), ALL)?.map(({ voter }) => voter)).toEqual(['a', 'b', 'c'])
    expect(testimony.seen(name, head(2), ALL)).toBeUndefined()
  })

  it('counts without a voter that names what is not at hand, where the others are a majority', () => {
    const { testimony } = started()
    testimony.beginSeen(name, head(1), 5)
    testimony.hearSeen(said('liar', head(1), [[need, 4]]))
    for (const voter of ['a', 'b']) testimony.hearSeen(said(voter))
    const isHeld = (id: string) => id !== name
    expect(testimony.seen(name, head(1), isHeld)).toBeUndefined()
    testimony.hearSeen(said('c'))
    expect(testimony.seen(name, head(1), isHeld)?.map(({ voter }) => voter)).toEqual(['a', 'b', 'c'])
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
