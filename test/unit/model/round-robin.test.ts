import { describe, expect, it } from 'vitest'
import { RoundRobin } from '../../../src/model/round-robin.ts'

describe('what waits in a circle', () => {
  it('is taken of one owner after another, of each in its order', () => {
    const waiting = new RoundRobin<string, number>(9, 99)
    for (const n of [1, 2, 3]) waiting.offer('a', n)
    waiting.offer('b', 10)
    waiting.offer('c', 20)
    waiting.offer('b', 11)
    expect(waiting.owners).toEqual(['a', 'b', 'c'])
    expect(Array.from({ length: 7 }, () => waiting.take())).toEqual([1, 10, 20, 2, 11, 3, undefined])
  })

  it('is so much of one owner, and so much of all', () => {
    const waiting = new RoundRobin<string, number>(2, 3)
    expect([1, 2, 3].map((n) => waiting.offer('a', n))).toEqual([true, true, false])
    expect([4, 5].map((n) => waiting.offer('b', n))).toEqual([true, false])
    expect(waiting.size).toBe(3)
    expect(waiting.take()).toBe(1)
    expect(waiting.offer('c', 6)).toBe(true)
  })

  it('of an owner who may not have it is passed over, and keeps its place', () => {
    const waiting = new RoundRobin<string, number>(2, 9)
    for (const owner of ['a', 'b']) for (const n of [1, 2]) waiting.offer(owner, n)
    expect(waiting.take((owner) => owner === 'b')).toBe(1)
    expect(waiting.take(() => false)).toBeUndefined()
    expect(waiting.owners).toEqual(['a', 'b'])
  })

  it('is gone with its owner', () => {
    const waiting = new RoundRobin<string, number>(2, 3)
    for (const n of [1, 2]) waiting.offer('a', n)
    waiting.offer('b', 3)
    expect(waiting.drop('a')).toEqual([1, 2])
    expect(waiting.drop('a')).toEqual([])
    expect(waiting.size).toBe(1)
    expect(waiting.take()).toBe(3)
  })
})
