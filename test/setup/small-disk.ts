import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'

/**
 * Mounts a file system in memory of so many bytes, on Linux and as root; undefined, loudly, where that is not allowed.
 * The returned function takes it away.
 */
export function mountSmallDisk(directory: string, bytes: number): (() => void) | undefined {
  mkdirSync(directory, { recursive: true })
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'small', directory], { stdio: 'pipe' })
  } catch (error) {
    process.stderr.write(`SKIPPED: a full disk needs leave to mount one (${String(error)})\n`)
    return undefined
  }
  return () => execFileSync('umount', ['-l', directory])
}
