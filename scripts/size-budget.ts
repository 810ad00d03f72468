/**
 * The size of a production install, Node itself left out: what `npm ci --omit=dev` puts on a user's disk.
 * Libraries that drag in whole platforms are banned by name.
 */
import { existsSync, lstatSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Gate, Problem } from './gates/gate.ts'
import { nameOf, productionClosure } from './gates/lock-file.ts'

/**
 * Measured 176 MB with 291 packages: 47.5 Automerge in six builds, 27.8 SQLite with binaries for eight platforms, the
 * rest libp2p and Helia; some room for small steps. Raise it in a commit of its own that says why.
 */
export const BYTES_MAX = 185_000_000
const PACKAGES_MAX = 300

const BANNED = /react-native|webrtc|node-datachannel|node-gyp|^electron|puppeteer|playwright/u

export const sizeBudget: Gate = {
  name: 'size-budget',
  about: `a production install holds at most ${BYTES_MAX / 1e6} MB and ${PACKAGES_MAX} packages, none of them banned`,
  run: (root) => Promise.resolve(judge(root)),
}

function judge(root: string): readonly Problem[] {
  const paths = [...productionClosure(root)].filter(([path, { link }]) => isInstalled(path, link))
  if (paths.length === 0) throw new Error('the lock file names no production dependency')
  const missing = paths.filter(([path, { optional }]) => optional !== true && !existsSync(join(root, path)))
  if (missing.length > 0) throw new Error(`not installed: ${missing.map(([path]) => path).join(', ')}`)
  const sizes = paths.map(([path]) => ({ path, bytes: bytesUnder(join(root, path)) }))
  const total = sizes.reduce((sum, { bytes }) => sum + bytes, 0)
  const banned = paths.filter(([path]) => BANNED.test(nameOf(path)))
  return [
    ...banned.map(([path]) => told(`${path} is banned from a production install`)),
    ...(total > BYTES_MAX ? [told(`${total} bytes, ${BYTES_MAX} allowed; largest: ${largest(sizes)}`)] : []),
    ...(paths.length > PACKAGES_MAX ? [told(`${paths.length} packages, ${PACKAGES_MAX} allowed`)] : []),
  ]
}

/** A stand-in of this repository is neither downloaded nor what it stands in for. */
function isInstalled(path: string, link = false): boolean {
  return !link && path.startsWith('node_modules/')
}

function largest(sizes: readonly { readonly path: string; readonly bytes: number }[]): string {
  return sizes
    .toSorted((a, b) => b.bytes - a.bytes)
    .slice(0, 5)
    .map(({ path, bytes }) => `${nameOf(path)} ${bytes}`)
    .join(', ')
}

/** Bytes of the files under a folder, nested node_modules left out: they are entries of their own. */
function bytesUnder(folder: string): number {
  if (!existsSync(folder)) return 0
  return readdirSync(folder, { withFileTypes: true })
    .filter(({ name }) => name !== 'node_modules')
    .reduce((sum, entry) => {
      const path = join(folder, entry.name)
      return sum + (entry.isDirectory() ? bytesUnder(path) : lstatSync(path).size)
    }, 0)
}

function told(message: string): Problem {
  return { file: 'package-lock.json', message }
}
