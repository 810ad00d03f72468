/**
 * npm run sim:coalition [-- --write]
 * The worst coalition: prints the two tables of docs/coalition.md, or writes them there. Ends with 1 where somebody gains under
 * parameters that the rules allow, or where search and rules disagree.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { defaultParameters } from '../src/model/parse-parameters.ts'
import {
  GRID,
  GRID_HEAD,
  gridRow,
  isBroken,
  judgeChange,
  SETTING_HEAD,
  settingRow,
  settingsOf,
} from '../src/sim/coalition/tables.ts'

const GRID_ATTEMPTS = 2
const GRID_ELIGIBLE = 20
const PAGE = fileURLToPath(new URL('../docs/coalition.md', import.meta.url))

const defaults = defaultParameters('production')

function settingTable(): string {
  const rows = settingsOf(defaults).map((setting) => shown(settingRow(setting)))
  return [SETTING_HEAD, ...rows].join('\n')
}

function gridTable(): string {
  const rows = GRID.map((change) => {
    const verdict = judgeChange(defaults, change, GRID_ATTEMPTS, GRID_ELIGIBLE)
    if (verdict.isRefused !== isBroken(verdict)) process.exitCode = 1
    return shown(gridRow(change, verdict))
  })
  return [GRID_HEAD, ...rows].join('\n')
}

function shown(row: string): string {
  console.log(row)
  return row
}

function replaced(page: string, name: string, table: string): string {
  const [begin, end] = [`<!-- ${name} -->\n`, `\n<!-- end of ${name} -->`]
  const from = page.indexOf(begin)
  const to = page.indexOf(end)
  if (from < 0 || to < from) throw new Error(`docs/coalition.md has no place for ${name}`)
  return page.slice(0, from) + begin + table + page.slice(to)
}

const settings = settingTable()
const grid = gridTable()
if (process.argv.includes('--write')) {
  const page = readFileSync(PAGE, 'utf8')
  writeFileSync(PAGE, replaced(replaced(page, 'settings', settings), 'grid', grid))
}
