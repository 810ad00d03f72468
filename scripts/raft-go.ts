import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

export const ENGINE = join(import.meta.dirname, '../src/adapters/etcd-raft')
export const SHIM = join(ENGINE, 'shim')

/** The Go that shim/go.mod names, as `go version` spells it. */
export function wantedGo(): string {
  const found = /^toolchain (?<toolchain>go\d+\.\d+\.\d+)$/mu.exec(readFileSync(join(SHIM, 'go.mod'), 'utf8'))
  const toolchain = found?.groups?.['toolchain']
  if (toolchain === undefined) throw new Error('shim/go.mod names no toolchain')
  return toolchain
}

/** Why nothing can be built here; undefined when the very Go of go.mod is there. */
export function whyNoGo(): string | undefined {
  const wanted = wantedGo()
  const found = spawnSync('go', ['env', 'GOVERSION'], { encoding: 'utf8', env: goEnv() })
  if (found.error !== undefined) return `${wanted} is needed, and there is no go`
  const version = found.stdout.trim()
  return version === wanted ? undefined : `${wanted} is needed, and this is ${version}`
}

/** What a build depends on besides the sources, all of it pinned; the rest of the environment is kept. */
export function goEnv(more: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  return {
    ...process.env,
    GOTOOLCHAIN: 'local',
    GOFLAGS: '-mod=readonly',
    GOWORK: 'off',
    GOWASM: '',
    GOEXPERIMENT: '',
    CGO_ENABLED: '0',
    ...more,
  }
}

export const WASM = { GOOS: 'wasip1', GOARCH: 'wasm' } as const

/** Runs go and returns what it printed. Throws with what it said when it fails. */
export function go(folder: string, args: readonly string[], env = goEnv()): string {
  const run = spawnSync('go', args, { cwd: folder, encoding: 'utf8', env, maxBuffer: 64 * 1024 * 1024 })
  if (run.status !== 0) throw new Error(`go ${args.join(' ')}: ${run.stderr}${run.stdout}`)
  return run.stdout
}
