import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as z from 'zod'
import type { Gate, Problem } from './gate.ts'
import { type LockEntry, readLock } from './lock-file.ts'

const EXACT = /^\d+\.\d+\.\d+(?:-[\w.]+)?$/u
/** Packages of this repository that stand in for one that is not wanted. */
const STUBS = 'config/stubs/'
const SECTIONS = ['dependencies', 'devDependencies', 'optionalDependencies'] as const

const versions = z.record(z.string(), z.string()).default({})
const manifestShape = z.object({
  dependencies: versions,
  devDependencies: versions,
  optionalDependencies: versions,
})

/** Exact versions, and a lock file that agrees with them, names no host and is whole for other platforms. */
export const pins: Gate = {
  name: 'pins',
  about: 'exact versions; a lock file that agrees, names no host and is whole for other platforms',
  run(root) {
    const manifest = manifestShape.parse(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')))
    const lock = readLock(root)
    const loose = SECTIONS.flatMap((section) =>
      Object.entries(manifest[section])
        .filter(([, version]) => !EXACT.test(version) && !version.startsWith(`file:${STUBS}`))
        .map(([name, version]) => ({ file: 'package.json', message: `${name} is not pinned: ${version}` })),
    )
    return Promise.resolve([...loose, ...strayOf(manifest, lock), ...judgeLock(lock)])
  },
}

function strayOf(
  manifest: z.infer<typeof manifestShape>,
  lock: ReadonlyMap<string, LockEntry>,
): readonly Problem[] {
  return SECTIONS.flatMap((section) => {
    const wanted = manifest[section]
    const locked = lock.get('')?.[section] ?? {}
    return Object.keys({ ...wanted, ...locked })
      .filter((name) => wanted[name] !== locked[name])
      .map((name) =>
        told(`${name} is ${locked[name] ?? 'not there'}, package.json says ${wanted[name] ?? 'nothing'}`),
      )
  })
}

function judgeLock(lock: ReadonlyMap<string, LockEntry>): readonly Problem[] {
  return [...lock].flatMap(([path, entry]) => {
    const isStub =
      path.startsWith(STUBS) || (entry.link === true && entry.resolved?.startsWith(STUBS) === true)
    if (path === '' || isStub) return []
    const problems: Problem[] = []
    if (entry.resolved !== undefined) problems.push(told(`${path} names where it came from ("resolved")`))
    if (entry.version === undefined) problems.push(told(`${path} has no version`))
    if (entry.integrity === undefined && entry.optional !== true)
      problems.push(told(`${path} has no integrity hash`))
    return problems.concat(missingOf(entry, lock))
  })
}

/** npm leaves out what its registry lacks, and `npm ci` then refuses the file: scripts/lock.ts enters it. */
function missingOf(entry: LockEntry, lock: ReadonlyMap<string, LockEntry>): readonly Problem[] {
  return Object.keys(entry.optionalDependencies ?? {})
    .filter((name) => ![...lock.keys()].some((path) => path.endsWith(`node_modules/${name}`)))
    .map((name) => told(`${name}, optional, is missing: npm run lock`))
}

function told(message: string): Problem {
  return { file: 'package-lock.json', message }
}
