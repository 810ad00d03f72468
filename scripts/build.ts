/**
 * Bundles the program for a fast start: `npm run build`; `npm ci` does it too. Into dist/program/KEY, where KEY names these
 * sources: `bin/canswarm` runs a build of the sources that are there, or else the sources. With --if-possible, what hinders
 * the build is said and is no failure: without it everything runs, and starts a second later.
 */
import { existsSync, readdirSync, statSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildsIn, entryOf, sourceKey } from '../bin/program.mjs'

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)))
/** A node that runs may load parts of its own build later on. */
const KEPT = 3

try {
  process.stdout.write(`${await build(ROOT)}\n`)
} catch (error) {
  if (!process.argv.includes('--if-possible')) throw error
  process.stderr.write(`canswarm: not bundled, it will start from its sources: ${String(error)}\n`)
}

/** What was done, for a person. */
async function build(root: string): Promise<string> {
  const key = sourceKey(root)
  const entry = entryOf(root, key)
  if (existsSync(entry)) return `${entry} is of these sources`
  const builds = buildsIn(root)
  await mkdir(builds, { recursive: true })
  // As deep as the place where it will stand: it names the sources' files by their way from there.
  const half = await mkdtemp(join(builds, 'half-'))
  try {
    const { bundle } = await import('./build/bundle.ts')
    const bytes = await bundle(root, half)
    if (sourceKey(root) !== key) throw new Error('the sources changed while they were read: build again')
    await put(half, dirname(entry))
    await forgetOld(builds)
    return `${entry}: ${(bytes / 1e6).toFixed(1)} MB`
  } finally {
    await rm(half, { recursive: true, force: true })
  }
}

/** Another process may have built the same meanwhile. */
async function put(half: string, place: string): Promise<void> {
  try {
    await rename(half, place)
  } catch (error) {
    if (!existsSync(place)) throw error
  }
}

async function forgetOld(builds: string): Promise<void> {
  const old = readdirSync(builds)
    .map((name) => join(builds, name))
    .toSorted((a, b) => changedAt(b) - changedAt(a))
    .slice(KEPT)
  for (const path of old) await rm(path, { recursive: true, force: true })
}

/** Zero for what another process took away meanwhile. */
function changedAt(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0
}
