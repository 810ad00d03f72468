import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { checkParameterBounds } from '../../../../src/core/market/bounds.ts'
import { defaultParameters } from '../../../../src/model/parse-parameters.ts'
import { worstCoalition } from '../../../../src/sim/coalition/search.ts'
import {
  GRID,
  GRID_HEAD,
  gridRow,
  isBroken,
  judgeChange,
  SETTING_HEAD,
  settingRow,
  settingsOf,
} from '../../../../src/sim/coalition/tables.ts'

const page = readFileSync(new URL('../../../../docs/coalition.md', import.meta.url), 'utf8')
const defaults = defaultParameters('production')
const settings = settingsOf(defaults)

/** The lines of a table of the page, its head included. */
function tableOf(name: string): readonly string[] {
  const [, after = ''] = page.split(`<!-- ${name} -->\n`)
  const [table = ''] = after.split(`\n<!-- end of ${name} -->`)
  return table.split('\n')
}

describe('the worst coalition', () => {
  it('gains nothing under the default parameters: the page says what the search finds', () => {
    const rows = tableOf('settings')
    expect(rows.length).toBe(settings.length + 2)
    expect(`${rows[0]}\n${rows[1]}`).toBe(SETTING_HEAD)
    for (const row of rows.slice(2)) expect(row).toMatch(/\| 0 \| 0 \| none of \d+ plays gains \|$/u)
    // Some of them, to be quick; all by `npm run sim:coalition`.
    for (const [at, setting] of settings.entries()) {
      const isAsked = setting.isBootstrap && setting.bounty >= 100_000_000n
      if (isAsked) expect(rows[at + 2]).toBe(settingRow(setting))
    }
  })

  it('gains or loses less than was at stake just where the rules refuse the parameters', () => {
    for (const change of GRID) {
      // Smaller quorums than on the page, so that it takes seconds.
      const verdict = judgeChange(defaults, change, 1, 7)
      expect({ change, isBroken: isBroken(verdict) }).toEqual({ change, isBroken: verdict.isRefused })
    }
    const refused = GRID.filter((change) => !checkParameterBounds({ ...defaults, ...change }).ok)
    expect(refused.length).toBe(4)
  })

  it('is found where a slash comes back whole: who challenges himself then loses nothing and gains a part of the bounty', () => {
    const parameters = {
      ...defaults,
      attemptsMax: 1,
      slashToChallengerPpm: 1_000_000,
      slashToInsurancePpm: 0,
    }
    const setting = settingsOf(parameters).find(
      ({ taskClass, requester, isBootstrap }) =>
        taskClass === 'critical' && requester === 'others' && !isBootstrap,
    )
    const found = worstCoalition(setting as (typeof settings)[number])
    expect(found.gain > 0n).toBe(true)
    expect(found.play.attempts[0]).toMatchObject({ work: 'wrong', end: 'final', challenger: 'coalition' })
  })

  it('has its second table on the page too, which says of each line the same as the rules', () => {
    const rows = tableOf('grid')
    expect(`${rows[0]}\n${rows[1]}`).toBe(GRID_HEAD)
    expect(rows.length).toBe(GRID.length + 2)
    for (const row of rows.slice(2)) {
      expect(row.includes('| refused |')).toBe(!row.endsWith('| allowed | 0 | 0 |'))
    }
    const cheap = gridRow({}, { isRefused: false, gain: 0n, shortfall: 0n })
    expect(rows[2]).toBe(cheap)
  })
})
