/**
 * npm run test:raft [-- --list]: runs the tests of the raft host. With --list it prints a line `ID pass|fail title` for each
 * line of the catalogue that has a test, and `ID missing` for those that have none.
 *
 * npm run test:raft -- --kills 300: kills one of three processes under load so often, at random instants.
 * npm run test:raft -- --minutes 5: kills, stops and cuts off leaders of three processes under load for so long.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

/** Every line of the catalogue of what a correct host does. */
const CATALOGUE =
  'S1 S2 S3 S4 S5 S6 S7 S8 S9 A1 A2 A3 A4 A5 A6 B1 B2 B3 B4 B5 B6 B7 N1 N2 N3 N4 N5 N6 N7 M1 M2 M3 M4 M5 M6 M7 I1 I2 I3 T1 T2 T3 F1 F2 F3 F4 F5 V1 V2 V3 V4 V5 G1 G2 G3 G4 G5 W1 W2 W3 W4 W5'.split(
    ' ',
  )
const FILES = [
  'test/sim/raft',
  'test/e2e/raft',
  'test/unit/services/raft-host',
  'test/unit/services/turn-store',
  'test/conformance/turn-store.test.ts',
  'test/unit/adapters/etcd-raft',
  'test/unit/adapters/sqlite',
]
/** `S1 title`, or `title (S1)`, or `title (S1, S4)`. */
const IDS = /^[A-Z]\d\b|\([A-Z]\d(?:, [A-Z]\d)*\)/gu

interface Report {
  readonly testResults: readonly {
    readonly assertionResults: readonly { readonly title: string; readonly status: string }[]
  }[]
}

const { values } = parseArgs({
  options: { list: { type: 'boolean' }, kills: { type: 'string' }, minutes: { type: 'string' } },
})
const isList = values.list === true
const long = [
  ...(values.kills === undefined ? [] : ['test/e2e/raft/kills.test.ts']),
  ...(values.minutes === undefined ? [] : ['test/e2e/raft/chaos.test.ts']),
]
const folder = mkdtempSync(join(tmpdir(), 'test-raft-'))
const output = join(folder, 'report.json')
const files = long.length > 0 ? long : FILES
const args = ['node_modules/vitest/vitest.mjs', 'run', '--config', 'config/dev/vitest.ts', ...files]
const reporters = isList ? ['--reporter=json', `--outputFile=${output}`] : []
const { status } = spawnSync(process.execPath, [...args, ...reporters], {
  stdio: isList ? ['ignore', 'ignore', 'inherit'] : 'inherit',
  env: {
    ...process.env,
    ...(values.kills !== undefined && { CANSWARM_RAFT_KILLS: values.kills }),
    ...(values.minutes !== undefined && { CANSWARM_RAFT_MINUTES: values.minutes }),
  },
})
if (isList) {
  const report = JSON.parse(readFileSync(output, 'utf8')) as Report
  const found = new Map<string, { isPassed: boolean; readonly titles: string[] }>()
  for (const { title, status: how } of report.testResults.flatMap((file) => file.assertionResults)) {
    const ids = (title.match(IDS) ?? []).flatMap((text) => text.match(/[A-Z]\d/gu) ?? [])
    for (const id of new Set(ids)) {
      const line = found.get(id) ?? { isPassed: true, titles: [] }
      line.isPassed &&= how === 'passed'
      line.titles.push(title.replace(IDS, '').trim())
      found.set(id, line)
    }
  }
  for (const id of CATALOGUE) {
    const line = found.get(id)
    if (line === undefined) console.log(`${id} missing`)
    else {
      const more = line.titles.length > 1 ? ` (and ${line.titles.length - 1} more)` : ''
      console.log(`${id} ${line.isPassed ? 'pass' : 'fail'} ${line.titles[0]}${more}`)
    }
  }
}
rmSync(folder, { recursive: true, force: true })
process.exitCode = status ?? 1
