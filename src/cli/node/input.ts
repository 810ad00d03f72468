import { createReadStream } from 'node:fs'
import type { Context } from '../context.ts'
import { usageError } from '../failure.ts'
import { readAll } from '../terminal.ts'

/** Bytes of a file or pipe, or of standard input for `-`. Refuses more than `bytesMax` with TOO_LARGE. */
export async function readInput(context: Context, path: string, bytesMax: number): Promise<Uint8Array> {
  if (path === '-') return await context.readStdin(bytesMax)
  try {
    return await readAll(createReadStream(path), bytesMax)
  } catch (cause) {
    if (!(cause instanceof Error) || !('syscall' in cause)) throw cause
    throw usageError(
      `cannot read ${path}: ${cause.message}`,
      'name a file that can be read, or - for standard input',
    )
  }
}
