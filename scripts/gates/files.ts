import { type Dirent, readdirSync } from 'node:fs'
import { join } from 'node:path'

const SKIPPED = new Set(['node_modules', '.git', 'dist', 'coverage'])
const PLANTED = 'test/tidy/planted'

/**
 * Every file under `folder` of the tree at `root`, as paths from the root with `/`, sorted. Left out are
 * what is never committed (node_modules, dist, coverage) and the planted violations.
 * A folder that is not there has no files.
 */
export function filesUnder(root: string, folder = ''): readonly string[] {
  if (folder === PLANTED) return []
  return entriesOf(join(root, folder))
    .filter((entry) => !SKIPPED.has(entry.name) && !entry.name.endsWith('.log'))
    .flatMap((entry) => {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`
      if (entry.isDirectory()) return filesUnder(root, path)
      return entry.isFile() ? [path] : []
    })
    .toSorted()
}

function entriesOf(folder: string): readonly Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
    throw error
  }
}
