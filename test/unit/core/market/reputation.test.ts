import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type ReputationEvent,
  recencyAfterDay,
  reputationAfter,
  startingStanding,
} from '../../../../src/core/market/reputation.ts'
import { defaultParameters } from '../../../../src/model/parse-parameters.ts'
import { ppm } from './arbitrary-roster.ts'

const parameters = defaultParameters('production')
const events: readonly ReputationEvent[] = [
  'upheld-challenge',
  'confirmed-attestation',
  'failed-attestation',
  'idle-week',
  'work-final',
  'work-rejected',
  'work-late',
]

describe('reputation', () => {
  it('starts at 500,000', () => {
    expect(startingStanding(false, parameters).reputationPpm).toBe(500_000)
  })

  it('gains 100,000 for an upheld challenge and 2,000 for a confirmed verdict, loses 300,000 for a wrong one and 5% of itself in an idle week', () => {
    const after = events.map((event) => reputationAfter(500_000, event, parameters))
    expect(after).toEqual([600_000, 502_000, 200_000, 475_000, 502_000, 200_000, 475_000])
  })

  it('stays a whole number from 0 to 1,000,000 whatever happens', () => {
    fc.assert(
      fc.property(ppm, fc.array(fc.constantFrom(...events), { maxLength: 40 }), (start, happened) => {
        const end = happened.reduce((now, event) => reputationAfter(now, event, parameters), start)
        expect(Number.isInteger(end) && end >= 0 && end <= 1_000_000).toBe(true)
      }),
    )
  })

  it('ends at 0 for who stays idle', () => {
    let now = 19
    for (let week = 0; week < 20; week += 1) now = reputationAfter(now, 'idle-week', parameters)
    expect(now).toBe(0)
  })
})

describe('recency', () => {
  it('starts at 100,000, for verifiers of the genesis at 1,000,000', () => {
    expect(startingStanding(false, parameters).recencyPpm).toBe(100_000)
    expect(startingStanding(true, parameters).recencyPpm).toBe(1_000_000)
  })

  it('takes 9 days of work to be whole and falls as fast, never below where a newcomer starts', () => {
    let now = 100_000
    for (let day = 0; day < 9; day += 1) now = recencyAfterDay(now, true, parameters)
    expect([now, recencyAfterDay(now, true, parameters)]).toEqual([1_000_000, 1_000_000])
    expect(recencyAfterDay(now, false, parameters)).toBe(900_000)
    for (let day = 0; day < 30; day += 1) now = recencyAfterDay(now, false, parameters)
    expect(now).toBe(100_000)
  })
})
