import { execFileSync } from 'node:child_process'
import { join } from 'node:path'

/** What a preloaded library does to a process's disk; see failing-disk.c. */
export interface DiskFailure {
  /** How the paths of the files meant end. */
  readonly file: string
  readonly failSync?: number
  readonly tearWrite?: number
}

/** Compiles the library; undefined, loudly, where there is no C compiler, or the loader takes no such library. */
export function compileFailingDisk(directory: string): string | undefined {
  const library = join(directory, 'failing-disk.so')
  try {
    const source = join(import.meta.dirname, 'failing-disk.c')
    execFileSync('cc', ['-shared', '-fPIC', '-O1', '-o', library, source, '-ldl'], { stdio: 'pipe' })
    return library
  } catch (error) {
    process.stderr.write(`SKIPPED: failing syncs and torn writes need a C compiler (${String(error)})\n`)
    return undefined
  }
}

/** Environment for a process whose disk fails. */
export function failingEnvironment(library: string, failure: DiskFailure): NodeJS.ProcessEnv {
  return {
    ...process.env,
    LD_PRELOAD: library,
    DISK_FILE: failure.file,
    ...(failure.failSync !== undefined && { FAIL_SYNC: String(failure.failSync) }),
    ...(failure.tearWrite !== undefined && { TEAR_WRITE: String(failure.tearWrite) }),
  }
}
