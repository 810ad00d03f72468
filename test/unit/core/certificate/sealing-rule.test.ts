import { describe, expect, it } from 'vitest'
import { wantsCertificate } from '../../../../src/core/certificate/sealing-rule.ts'

const NEED = { name: 'bafyreigneed' }

function applied(name?: string) {
  return { verdict: { kind: 'applied' as const }, ...(name === undefined ? {} : { subject: { name } }) }
}

function refused(name: string) {
  return { verdict: { kind: 'rejected' as const }, subject: { name } }
}

/** Numbers of the first twelve slots that are certified for their own sake. */
function sealedSlots(slotMs: number | undefined): readonly number[] {
  const slots = Array.from({ length: 12 }, (_, at) => at + 1)
  return slots.filter((n) => wantsCertificate(true, applied(`slot/${n}`), slotMs))
}

describe('certified without having effects', () => {
  it('is every applied entry of a need, whatever the time of a slot (1)', () => {
    for (const slotMs of [20, 50, 1_000, undefined])
      expect(wantsCertificate(false, applied(NEED.name), slotMs)).toBe(true)
  })

  it('is one slot in 200 ms (2)', () => {
    expect(sealedSlots(50)).toEqual([4, 8, 12])
    expect(sealedSlots(20)).toEqual([10])
    // Rather too near than too far apart.
    expect(sealedSlots(150)).toEqual([2, 4, 6, 8, 10, 12])
  })

  it('is every slot where they are rarer than that, or their time is not known (2)', () => {
    const all = Array.from({ length: 12 }, (_, at) => at + 1)
    for (const slotMs of [200, 201, 1_000, 60_000, undefined]) expect(sealedSlots(slotMs)).toEqual(all)
  })

  it('is nothing that was refused, and nothing about no need and no slot (3)', () => {
    expect(wantsCertificate(false, refused(NEED.name), undefined)).toBe(false)
    expect(wantsCertificate(true, refused('slot/4'), 50)).toBe(false)
    expect(wantsCertificate(false, applied(), undefined)).toBe(false)
    expect(wantsCertificate(true, applied(), 50)).toBe(false)
    expect(wantsCertificate(true, applied(NEED.name), 50)).toBe(false)
    expect(wantsCertificate(true, applied('other4'), 50)).toBe(false)
  })
})
