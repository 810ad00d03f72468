import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Operation } from '../../src/sim/raft/history.ts'
import { Violation } from '../../src/sim/raft/violation.ts'

const SOURCES = join(import.meta.dirname, '../porcupine')
const INPUT_BYTES_MAX = 1 << 28

let program: { readonly path: string } | { readonly skipped: string } | undefined

/** Why histories cannot be checked by Porcupine here: no Go, or it cannot build scripts/porcupine. */
export function whyNoPorcupine(): string | undefined {
  const built = build()
  return 'skipped' in built ? built.skipped : undefined
}

/**
 * Asks Porcupine, another's checker of linearizability, about a history. Where it cannot be built, says so and goes on.
 * Throws Violation `porcupine`.
 */
export function judgeHistory(seed: number, history: readonly Operation[]): void {
  const built = build()
  if ('skipped' in built) {
    console.log(`seed ${seed} SKIPPED by Porcupine: ${built.skipped}`)
    return
  }
  const { status, stdout } = spawnSync(built.path, {
    input: linesOf(history),
    encoding: 'utf8',
    maxBuffer: INPUT_BYTES_MAX,
  })
  if (status === 0) return
  if (status === 2) console.log(`seed ${seed} not judged by Porcupine: ${stdout.trim()}`)
  else throw new Violation('porcupine', stdout.trim() || `ended with ${status}`)
}

/** JSON lines, one operation each; times are ranks, for all that counts is their order. */
function linesOf(history: readonly Operation[]): string {
  const times = history.flatMap(({ begun, ended }) => [begun, ended]).filter(Number.isFinite)
  const ranks = new Map(times.sort((a, b) => a - b).map((time, rank) => [time, rank]))
  const lines = history
    .filter(({ got }) => got?.kind !== 'nothing')
    .map(({ group, ask, begun, ended, got }) =>
      JSON.stringify({
        group,
        ask: ask.kind,
        cell: ask.kind === 'add' ? '' : ask.cell,
        value: ask.kind === 'put' ? ask.value : '',
        begun: ranks.get(begun),
        ended: ranks.get(ended) ?? null,
        took: got?.kind === 'took',
        count: got?.kind === 'took' ? (got.count ?? 0) : 0,
        seen: got?.kind === 'seen' ? (got.value ?? null) : null,
      }),
    )
  return `${lines.join('\n')}\n`
}

function build(): NonNullable<typeof program> {
  program ??= buildNow()
  return program
}

function buildNow(): NonNullable<typeof program> {
  const folder = mkdtempSync(join(tmpdir(), 'porcupine-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  const path = join(folder, 'porcupine')
  const env = { ...process.env, GOTOOLCHAIN: 'local', GOFLAGS: '-mod=readonly', GOWORK: 'off' }
  const run = spawnSync('go', ['build', '-o', path, '.'], { cwd: SOURCES, encoding: 'utf8', env })
  if (run.error !== undefined) return { skipped: 'there is no go' }
  return run.status === 0 ? { path } : { skipped: `it cannot be built: ${run.stderr.trim().slice(-200)}` }
}
