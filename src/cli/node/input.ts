import { type FileHandle, open } from 'node:fs/promises'
import { reject } from '../../model/rejection.ts'
import type { Context } from '../context.ts'
import { unwrap, usageError } from '../failure.ts'

/** Bytes of a file, or of standard input for `-`. Refuses more than `bytesMax` with TOO_LARGE. */
export async function readInput(context: Context, path: string, bytesMax: number): Promise<Uint8Array> {
  if (path === '-') return await context.readStdin(bytesMax)
  const handle = await openFile(path)
  try {
    const buffer = Buffer.alloc(Math.min((await handle.stat()).size, bytesMax) + 1)
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, 0)
    if (bytesRead > bytesMax) unwrap(reject('TOO_LARGE', `it is over ${bytesMax} bytes`), path)
    return buffer.subarray(0, bytesRead)
  } finally {
    await handle.close()
  }
}

async function openFile(path: string): Promise<FileHandle> {
  try {
    return await open(path)
  } catch (cause) {
    throw usageError(
      `cannot read ${path}: ${(cause as Error).message}`,
      'name a file that can be read, or - for standard input',
    )
  }
}
