import { describe, expect, it } from 'vitest'
import { type NetworkClass, PARAMETERS } from '../../../src/model/parameters.ts'
import { defaultParameters, parseParameters } from '../../../src/model/parse-parameters.ts'

const CLASSES: readonly NetworkClass[] = ['production', 'development']
const ROWS = Object.entries(PARAMETERS)

describe('the numbers of a network (lifecycle.md, "Defaults"; consensus.md; economy.md)', () => {
  it.each(CLASSES)('%s: the defaults lie within their bounds and fit one another', (networkClass) => {
    for (const [name, row] of ROWS) {
      expect(row.min <= row[networkClass] && row[networkClass] <= row.max, name).toBe(true)
    }
    expect(parseParameters(networkClass, {})).toEqual({ ok: true, value: defaultParameters(networkClass) })
  })

  it('the defaults are those of the specification', () => {
    expect(defaultParameters('production')).toMatchObject({
      slotMs: 1_000,
      bidWindowMs: 30_000,
      leaseTtlMs: 60_000,
      attestWindowMs: 120_000,
      challengeWindowMs: 86_400_000,
      challengeWindowSmallMs: 600_000,
      attemptsMax: 5,
      verifierStakeMinMicro: 100_000_000n,
      workerBondCriticalMicro: 200_000_000n,
      kTarget: 5,
      planAlphaPpm: 300_000,
      slashWrongVerdictPpm: 500_000,
      orgCapPpm: 300_000,
      unbondingMs: 604_800_000,
    })
    expect(defaultParameters('development')).toMatchObject({
      slotMs: 50,
      bidWindowMs: 250,
      planRevealWindowMs: 1_000,
      claimWindowMs: 1_000,
      leaseTtlMinMs: 1_000,
      heartbeatIntervalMs: 500,
      attestWindowMs: 5_000,
      challengeWindowMs: 2_000,
      unbondingMs: 10_000,
      orgCapPpm: 1_000_000,
      relatedPartyRule: 0,
    })
  })

  it('a name ends in its unit, and an amount is one by its name', () => {
    for (const [name, row] of ROWS) {
      expect(name).toMatch(/^[a-z][a-zA-Z]+$/)
      expect(typeof row.min === 'bigint', name).toBe(name.endsWith('Micro'))
      expect(row.about).toMatch(/\w/)
    }
  })

  it.each(ROWS)('%s: takes its bounds, and nothing beyond or of another type', (name, row) => {
    const wire = (value: number | bigint): unknown => (typeof value === 'bigint' ? String(value) : value)
    const isField = (result: unknown): void => {
      expect(result).toMatchObject({ ok: false, error: { code: 'MALFORMED', field: name } })
    }
    const above = typeof row.max === 'bigint' ? row.max + 1n : row.max + 1
    isField(parseParameters('production', { [name]: wire(above) }))
    if (typeof row.min === 'number') isField(parseParameters('production', { [name]: row.min - 1 }))
    for (const wrong of [null, true, '', '-1', '01', 1.5, [], {}, 2 ** 53]) {
      isField(parseParameters('production', { [name]: wrong }))
    }
    isField(parseParameters('production', { [name]: typeof row.min === 'bigint' ? 1 : '1' }))
    const ends = [row.min, row.max].map((value) => parseParameters('production', { [name]: wire(value) }))
    // An end may not fit another parameter; then it is refused as such, which names a field that fits.
    for (const end of ends) if (!end.ok) expect(end.error.message).not.toContain('allowed')
  })

  it('refuses what does not fit, and a name that is none', () => {
    const refused = [
      [{ leaseTtlMs: 4_000 }, 'leaseTtlMs'],
      [{ leaseTtlMinMs: 120_000 }, 'leaseTtlMs'],
      [{ heartbeatIntervalMs: 61_000 }, 'heartbeatIntervalMs'],
      [{ needDeadlineMs: 8 * 86_400_000 }, 'needDeadlineMs'],
      [{ challengeWindowMs: 1_000 }, 'challengeWindowSmallMs'],
      [{ kTarget: 1 }, 'resultQuorumMin'],
      [{ slashToChallengerPpm: 800_001 }, 'slashToInsurancePpm'],
      [{ upheldToSeatsPpm: 500_001 }, 'upheldToSeatsPpm'],
      [{ bidFitWeightPpm: 150_001 }, 'bidFitWeightPpm'],
      [{ slot: 1 }, 'slot'],
      [{ constructor: 1 }, 'constructor'],
    ] as const
    for (const [overrides, field] of refused) {
      expect(parseParameters('production', overrides)).toMatchObject({ error: { code: 'MALFORMED', field } })
    }
    expect(
      parseParameters('production', { leaseTtlMinMs: 4_000, leaseTtlMs: 4_000, heartbeatIntervalMs: 1_000 })
        .ok,
    ).toBe(true)
  })
})
