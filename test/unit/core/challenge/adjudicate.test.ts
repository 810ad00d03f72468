import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { adjudicate, type ChallengeOutcome } from '../../../../src/core/challenge/adjudicate.ts'

const verdicts = fc.array(fc.constantFrom<ChallengeOutcome>('upheld', 'rejected', 'undecided'), {
  maxLength: 12,
})

describe('adjudication of a challenge (economy.md, "Challenges")', () => {
  it('K equal verdicts decide, on the one that completes them', () => {
    expect(adjudicate(['upheld', 'rejected', 'upheld'], 2, false)).toBe('upheld')
    expect(adjudicate(['upheld', 'rejected', 'rejected', 'upheld'], 2, false)).toBe('rejected')
    expect(adjudicate(['upheld', 'rejected', 'undecided'], 2, false)).toBeUndefined()
    expect(adjudicate([], 1, false)).toBeUndefined()
  })

  it('that no rule decides is an outcome once: a larger committee needs one of the other two', () => {
    expect(adjudicate(['undecided', 'undecided'], 2, false)).toBe('undecided')
    expect(adjudicate(['undecided', 'undecided', 'undecided'], 2, true)).toBeUndefined()
    expect(adjudicate(['undecided', 'undecided', 'undecided', 'undecided'], 2, true)).toBe('undecided')
    expect(adjudicate(['undecided', 'undecided', 'rejected', 'rejected'], 2, true)).toBe('rejected')
  })

  it('what is decided stays so, whoever answers later', () => {
    fc.assert(
      fc.property(
        verdicts,
        verdicts,
        fc.integer({ min: 1, max: 5 }),
        fc.boolean(),
        (early, late, k, isEscalated) => {
          const decided = adjudicate(early, k, isEscalated)
          if (decided !== undefined) expect(adjudicate([...early, ...late], k, isEscalated)).toBe(decided)
        },
      ),
    )
  })

  it('2K - 1 verdicts of two outcomes always decide', () => {
    const two = fc.constantFrom<ChallengeOutcome>('upheld', 'rejected')
    fc.assert(
      fc.property(
        fc
          .integer({ min: 1, max: 6 })
          .chain((k) => fc.tuple(fc.constant(k), fc.array(two, { minLength: 2 * k - 1 }))),
        ([k, said]) => {
          expect(adjudicate(said, k, false)).toBeDefined()
        },
      ),
    )
  })
})
