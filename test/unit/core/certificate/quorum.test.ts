import { describe, expect, it } from 'vitest'
import { certificateQuorum, isQuorum } from '../../../../src/core/certificate/quorum.ts'
import { config, voterSet } from '../../../setup/certificates.ts'

describe('the quorum of a certificate', () => {
  it.each([
    [1, 0, 1],
    [2, 0, 2],
    [3, 0, 2],
    [4, 0, 3],
    [4, 1, 3],
    [5, 0, 3],
    [5, 1, 4],
    [6, 1, 4],
    [7, 1, 5],
    [7, 2, 5],
    [9, 2, 6],
  ])('of %i voters of whom %i may lie is %i', (voters, liars, quorum) => {
    expect(certificateQuorum(voters, liars)).toBe(quorum)
  })

  it('is a majority when nobody lies', () => {
    for (let n = 1; n < 40; n++) expect(certificateQuorum(n, 0)).toBe(Math.floor(n / 2) + 1)
  })

  it('shares more than the liars with every other, and can be reached by the honest alone where 3f < n', () => {
    for (let n = 1; n <= 40; n++) {
      for (let f = 0; f <= Math.floor((n - 1) / 3); f++) {
        const quorum = certificateQuorum(n, f)
        expect(2 * quorum - n).toBeGreaterThan(f)
        expect(quorum).toBeLessThanOrEqual(n - f)
      }
    }
  })

  it('is never reached where too many may lie', () => {
    expect(isQuorum(config(1, [0]), 1, new Set(voterSet(0)))).toBe(false)
  })

  it('counts voters once, and nobody else', () => {
    const five = config(1, [0, 1, 2, 3, 4])
    expect(isQuorum(five, 1, new Set(voterSet(0, 1, 2, 4)))).toBe(true)
    expect(isQuorum(five, 1, new Set(voterSet(0, 1, 2, 7, 8, 9)))).toBe(false)
  })

  it('is needed of both sets while a change is joint', () => {
    const joint = config(2, [3, 4, 5], [0, 1, 2])
    expect(isQuorum(joint, 0, new Set(voterSet(3, 4, 0, 1)))).toBe(true)
    expect(isQuorum(joint, 0, new Set(voterSet(3, 4, 5)))).toBe(false)
    expect(isQuorum(joint, 0, new Set(voterSet(0, 1, 2, 3)))).toBe(false)
  })

  it('counts a voter of both sets in both', () => {
    expect(isQuorum(config(2, [1, 2, 3], [0, 1, 2]), 0, new Set(voterSet(1, 2)))).toBe(true)
  })
})
