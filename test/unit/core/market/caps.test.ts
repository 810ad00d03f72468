import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DRAW_START, type Drawn, drawSeats } from '../../../../src/core/market/draw.ts'
import type { RosterMember } from '../../../../src/core/market/roster.ts'
import { defaultParameters } from '../../../../src/model/parse-parameters.ts'
import type { TaskClass } from '../../../../src/model/task.ts'
import { arbitraryRoster, memberOf, sha256 } from './arbitrary-roster.ts'

const parameters = defaultParameters('production')
const CAPS = [
  { cap: 'org', share: 0.3 },
  { cap: 'asn', share: 0.4 },
  { cap: 'region', share: 0.5 },
] as const

function draw(
  members: readonly RosterMember[],
  count: number,
  taskClass: TaskClass,
  seed = new Uint8Array(32),
): Drawn {
  return drawSeats({
    members,
    seed,
    from: DRAW_START,
    count,
    excluded: new Set(),
    taskClass,
    hasStake: () => true,
    parameters,
    sha256,
  })
}

/** The most seats that one org, asn or region has among those drawn; who is not attested is one class. */
function largest(members: readonly RosterMember[], drawn: Drawn, cap: 'org' | 'asn' | 'region'): number {
  const counts = new Map<unknown, number>()
  for (const did of drawn.seats) {
    const value = members.find((member) => member.did === did)?.[cap]
    counts.set(value, (counts.get(value) ?? 0) + 1)
  }
  return Math.max(0, ...counts.values())
}

const apart = (number: number): RosterMember =>
  memberOf(number, { org: `o${number}`, asn: number + 1, region: `r${number}` })

describe('caps of a committee', () => {
  it('hold for every cap that was not given up: 30% one org, 40% one ASN, 50% one region, one seat at least', () => {
    fc.assert(
      fc.property(
        arbitraryRoster(24),
        fc.uint8Array({ minLength: 32, maxLength: 32 }),
        fc.integer({ min: 1, max: 12 }),
        fc.constantFrom<TaskClass>('simple', 'complex', 'critical'),
        (members, seed, count, taskClass) => {
          const drawn = draw(members, count, taskClass, seed)
          for (const { cap, share } of CAPS) {
            if (drawn.relaxed.includes(cap)) continue
            expect(largest(members, drawn, cap)).toBeLessThanOrEqual(Math.max(1, Math.floor(count * share)))
          }
          if (taskClass !== 'simple') expect(drawn.relaxed).toEqual([])
        },
      ),
      { numRuns: 300 },
    )
  })

  it('leave seats empty for classes complex and critical rather than be broken', () => {
    const members = Array.from({ length: 10 }, (_, number) => memberOf(number, { org: 'one' }))
    for (const taskClass of ['complex', 'critical'] as const) {
      const drawn = draw(members, 5, taskClass)
      expect(drawn.seats.length).toBe(1)
      expect(drawn.isUsedUp).toBe(true)
      expect(drawn.skips.every(({ why }) => why === 'cap-org')).toBe(true)
    }
  })

  it('count who is not attested as one class', () => {
    const members = Array.from({ length: 10 }, (_, number) => memberOf(number))
    expect(draw(members, 5, 'critical').seats.length).toBe(1)
  })

  it('are given up for class simple in the order region, ASN, org, and only as far as needed', () => {
    const many = Array.from({ length: 10 }, (_, number) => number)
    const oneRegion = many.map((number) => ({ ...apart(number), region: 'one' }))
    const oneAsn = oneRegion.map((member) => ({ ...member, asn: 1 }))
    const oneOrg = oneAsn.map((member) => ({ ...member, org: 'one' }))
    expect(draw(many.map(apart), 5, 'simple').relaxed).toEqual([])
    expect(draw(oneRegion, 5, 'simple')).toMatchObject({ relaxed: ['region'], isUsedUp: false })
    expect(draw(oneAsn, 5, 'simple').relaxed).toEqual(['region', 'asn'])
    expect(draw(oneOrg, 5, 'simple').relaxed).toEqual(['region', 'asn', 'org'])
    for (const members of [oneRegion, oneAsn, oneOrg]) expect(draw(members, 5, 'simple').seats.length).toBe(5)
  })

  it('are not given up when that would seat nobody more', () => {
    const drawn = draw([apart(1), apart(2)], 5, 'simple')
    expect(drawn).toMatchObject({ relaxed: [], isUsedUp: true })
    expect(drawn.seats.length).toBe(2)
  })

  it('are of all seats of the role, so that a wave may seat whom they kept out before', () => {
    const members = Array.from({ length: 12 }, (_, number) => ({
      ...apart(number),
      org: number < 6 ? 'big' : `o${number}`,
    }))
    const first = draw(members, 3, 'critical')
    expect(largest(members, first, 'org')).toBe(1)
    const second = drawSeats({
      members,
      seed: new Uint8Array(32),
      from: first.state,
      count: 7,
      excluded: new Set(),
      taskClass: 'critical',
      hasStake: () => true,
      parameters,
      sha256,
    })
    const all: Drawn = { ...second, seats: second.state.taken }
    expect(all.seats.length).toBe(9)
    expect(largest(members, all, 'org')).toBe(3)
  })
})
