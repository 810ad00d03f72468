import { mkdir, open, readdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { FaultError } from '../../model/fault.ts'
import { isMissing } from './fault.ts'

const DIRECTORY_MODE = 0o700

/** Names in a directory; none when it is not there. */
export async function namesIn(directory: string): Promise<readonly string[]> {
  try {
    return await readdir(directory)
  } catch (error) {
    if (isMissing(error)) return []
    throw error
  }
}

/** Makes a directory that only its owner may read, unless it is there; the new name is durable. */
export async function makeDirectory(directory: string): Promise<void> {
  const made = await mkdir(directory, { recursive: true, mode: DIRECTORY_MODE })
  if (made !== undefined) await syncDirectory(dirname(directory))
}

/** Makes the names in a directory durable. */
export async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r')
  try {
    await durably(directory, () => handle.sync())
  } finally {
    await handle.close()
  }
}

/** A sync that failed for want of room has lost pages as every other: it is not to be tried again. */
export async function durably(path: string, sync: () => Promise<void>): Promise<void> {
  try {
    await sync()
  } catch (cause) {
    throw new FaultError('journal-io', `cannot sync ${path}`, { cause })
  }
}
