// Plain JavaScript on purpose, as runtime.mjs is: it says which files are the program.
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

const SOURCE = ['src', 'cli', 'main.ts']
/** What a build is made of, besides the sources: this package, its dependencies, and what bundles them. */
const BESIDE = [
  'package.json',
  join('node_modules', '.package-lock.json'),
  join('scripts', 'build', 'bundle.ts'),
]

/** Where builds stand in a clone: a folder for each, named by its key. */
export function buildsIn(root) {
  return join(root, 'dist', 'program')
}

/** First file of a build. */
export function entryOf(root, key) {
  return join(buildsIn(root), key, 'canswarm.mjs')
}

/**
 * URL of the program: the one that `npm run build` bundled, whose thousand modules fewer to find make every start a second
 * shorter, if it is of these sources; else the sources themselves, which say the same.
 */
export function programOf(root) {
  const built = entryOf(root, sourceKey(root))
  return pathToFileURL(existsSync(built) ? built : join(root, ...SOURCE))
}

/** Changes with every edit: a hash over path, size and time of change of each file that a build is made of. */
export function sourceKey(root) {
  const hash = createHash('sha256')
  for (const path of [...BESIDE, ...sourcesBelow(root, 'src')]) {
    const { size = 0, mtimeMs = 0 } = statSync(join(root, path), { throwIfNoEntry: false }) ?? {}
    hash.update(`${path}\0${size}\0${mtimeMs}\n`)
  }
  return hash.digest('hex').slice(0, 16)
}

function sourcesBelow(root, folder) {
  return readdirSync(join(root, folder), { recursive: true })
    .filter((path) => path.endsWith('.ts'))
    .sort()
    .map((path) => join(folder, path))
}
