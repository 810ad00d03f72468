import { existsSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Linux has a file system in memory there: a sync of it costs nothing, where the test is not about syncs. */
const MEMORY = '/dev/shm'

/** A new directory, in memory if there is such a file system. The caller removes it. */
export function memoryDirectory(name: string): string {
  return mkdtempSync(join(existsSync(MEMORY) ? MEMORY : tmpdir(), `canswarm-${name}-`))
}
