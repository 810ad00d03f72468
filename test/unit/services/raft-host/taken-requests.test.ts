import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { RaftId } from '../../../../src/model/raft.ts'
import { TakenRequests } from '../../../../src/services/raft-host/taken-requests.ts'

const [ONE, TWO] = [1 as RaftId, 2 as RaftId]
/** The first number of an incarnation. */
const first = (incarnation: number) => (incarnation % 2 ** 20) * 2 ** 32 + 1

describe('requests of peers', () => {
  it('are taken once, in whatever order they come', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 1_000 }), { maxLength: 3_000 }), (numbers) => {
        const requests = new TakenRequests()
        const taken = numbers.filter((number) => requests.take(ONE, first(3) + number))
        expect(taken).toEqual([...new Set(numbers)])
      }),
    )
  })

  it('are never taken twice, however far behind the second comes', () => {
    const requests = new TakenRequests()
    const numbers = Array.from({ length: 10_000 }, (_, n) => first(3) + n)
    for (const number of numbers) expect(requests.take(ONE, number)).toBe(true)
    for (const number of numbers) expect(requests.take(ONE, number)).toBe(false)
  })

  it('go on when the peer starts again, also where its numbers wrap; those of before are let go', () => {
    const requests = new TakenRequests()
    for (const incarnation of [2 ** 20 - 2, 2 ** 20 - 1, 2 ** 20, 2 ** 20 + 1])
      expect(requests.take(ONE, first(incarnation))).toBe(true)
    expect(requests.take(ONE, first(2 ** 20) + 1)).toBe(false)
    expect(requests.take(ONE, first(2 ** 20 + 1) + 1)).toBe(true)
  })

  it('are few that are remembered, whatever numbers a peer makes up', () => {
    const requests = new TakenRequests()
    const last = Number.MAX_SAFE_INTEGER
    for (let n = 0; n < 5_000; n++) expect(requests.take(ONE, last - 5_000 + n)).toBe(true)
    expect(requests.take(ONE, last - 5_000)).toBe(false)
    expect(requests.take(ONE, 1)).toBe(true)
    expect(requests.take(ONE, last - 1)).toBe(false)
  })

  it('are each peer’s own', () => {
    const requests = new TakenRequests()
    expect(requests.take(ONE, 7)).toBe(true)
    expect(requests.take(TWO, 7)).toBe(true)
  })
})
