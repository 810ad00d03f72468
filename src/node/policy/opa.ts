import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

/** The one compiler that policies are built with: another may write other bytes. */
export const OPA_VERSION = '1.22.0'

const OPA_MODULE = 'github.com/open-policy-agent/opa'

type Environment = Readonly<Record<string, string | undefined>>

/** Outcome of one run of `opa`. */
export interface OpaRun {
  readonly ok: boolean
  readonly stdout: string
  readonly stderr: string
}

/** The pinned `opa` of this machine. */
export interface Opa {
  readonly path: string
  run(args: readonly string[], folder?: string): OpaRun
}

/** `opa` on PATH, if it is the pinned version, else the one that `installOpa` made. */
export function findOpa(env: Environment): Opa | undefined {
  const path = ['opa', installedPath(env)].find((one) => versionOf(one, env) === OPA_VERSION)
  return path === undefined ? undefined : { path, run: (args, folder) => run(path, args, env, folder) }
}

/** What to do when there is no `opa`: for people. */
export function howToGetOpa(env: Environment): string {
  return (
    `policies are compiled by OPA ${OPA_VERSION}: put that "opa" on the PATH, or, where Go is installed, run ` +
    `"GOBIN=${installFolder(env)} go install ${OPA_MODULE}@v${OPA_VERSION}"`
  )
}

/** Builds the pinned version with Go into the user's cache: about a minute. Undefined where that fails. */
export function installOpa(env: Environment): Opa | undefined {
  const folder = installFolder(env)
  mkdirSync(folder, { recursive: true })
  const made = spawnSync('go', ['install', `${OPA_MODULE}@v${OPA_VERSION}`], {
    env: { ...env, GOBIN: folder, CGO_ENABLED: '0', GOFLAGS: '' },
    stdio: 'ignore',
  })
  return made.status === 0 ? findOpa(env) : undefined
}

function installFolder(env: Environment): string {
  return join(env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'canswarm', `opa-${OPA_VERSION}`)
}

function installedPath(env: Environment): string {
  return join(installFolder(env), 'opa')
}

function versionOf(path: string, env: Environment): string | undefined {
  if (path !== 'opa' && !existsSync(path)) return undefined
  const { ok, stdout } = run(path, ['version'], env)
  return ok ? /^Version: (?<version>\S+)$/mu.exec(stdout)?.groups?.['version'] : undefined
}

const OUTPUT_BYTES_MAX = 67_108_864

function run(path: string, args: readonly string[], env: Environment, folder?: string): OpaRun {
  // Of all that is set, these two make the compiler hand its output to another program.
  const { EXPERIMENTAL_WASM_OPT: _, EXPERIMENTAL_WASM_OPT_ARGS: _args, ...rest } = env
  const { status, stdout, stderr } = spawnSync(path, args, {
    env: rest,
    encoding: 'utf8',
    maxBuffer: OUTPUT_BYTES_MAX,
    ...(folder !== undefined && { cwd: folder }),
  })
  return { ok: status === 0, stdout: stdout ?? '', stderr: stderr ?? '' }
}
