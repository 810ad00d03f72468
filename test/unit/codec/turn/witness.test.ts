import { crc32 } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import {
  decodeWitness,
  encodeWitness,
  judgeOrigin,
  type Witness,
} from '../../../../src/codec/turn/witness.ts'

const A: Witness = { store: new Uint8Array(16).fill(1), incarnation: 4, turn: 1_000 }

describe('a witness', () => {
  it('comes back as it was written, and no flipped bit or other length passes', () => {
    const bytes = encodeWitness(A, crc32)
    expect(decodeWitness(bytes, crc32)).toEqual(A)
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const bent = bytes.slice()
      bent[bit >> 3] = (bent[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      expect(decodeWitness(bent, crc32)).toBeUndefined()
    }
    expect(decodeWitness(bytes.subarray(1), crc32)).toBeUndefined()
    expect(decodeWitness(Uint8Array.of(...bytes, 0), crc32)).toBeUndefined()
  })
})

describe('the origin of a store (B5)', () => {
  it('is new when there is neither store nor witness, and goes on when they agree', () => {
    expect(judgeOrigin(undefined, 'none')).toEqual({ history: 'new', incarnation: 1, reason: '' })
    expect(judgeOrigin(A, A)).toEqual({ history: 'continued', incarnation: 5, reason: '' })
  })

  it('allows a store that is ahead of its witness: it is written first', () => {
    expect(judgeOrigin({ ...A, incarnation: 5, turn: 2_000 }, A)).toMatchObject({
      history: 'continued',
      incarnation: 6,
    })
  })

  it('is new when whoever made the store ended before its first witness was whole', () => {
    expect(judgeOrigin({ ...A, incarnation: 1, turn: 0 }, 'none').history).toBe('new')
    expect(judgeOrigin({ ...A, incarnation: 1, turn: 0 }, 'damaged').history).toBe('new')
  })

  it.each<[string, Witness | undefined, Witness | 'none' | 'damaged', RegExp]>([
    ['the store is gone', undefined, A, /gone; it had been opened 4 times/u],
    [
      'an older incarnation is in its place',
      { ...A, incarnation: 3, turn: 5_000 },
      A,
      /older one: incarnation 3, turn 5000/u,
    ],
    [
      'an older turn is in its place',
      { ...A, turn: 999 },
      A,
      /turn 999, where incarnation 4, turn 1000 was seen/u,
    ],
    ['another store is in its place', { ...A, store: new Uint8Array(16).fill(2) }, A, /Another store/u],
    ['the witness is missing', A, 'none', /missing/u],
    ['the witness of a store that was opened before is missing', { ...A, turn: 0 }, 'none', /missing/u],
    ['the witness is damaged', A, 'damaged', /damaged/u],
    ['the witness is damaged and the store gone', undefined, 'damaged', /damaged/u],
  ])('is lost when %s', (_, stored, witness, reason) => {
    const origin = judgeOrigin(stored, witness)
    expect(origin.history).toBe('lost')
    expect(origin.reason).toMatch(reason)
    expect(origin.incarnation).toBeGreaterThan(
      Math.max(stored?.incarnation ?? 0, typeof witness === 'string' ? 0 : 4),
    )
  })
})
