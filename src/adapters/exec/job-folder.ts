import { constants } from 'node:fs'
import { chmod, chown, lstat, mkdir, mkdtemp, open, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { INPUT_FILE } from '../../codec/job/check-job.ts'
import { OUTPUT_FILE } from '../../codec/job/task-document.ts'
import type { Job } from '../../ports/job.ts'

/** More entries than this are as bad as too many bytes. */
const ENTRIES_MAX = 2_048

/** The private directory of one job, on disk: inputs, and a place for the result. */
export interface JobFolder {
  readonly path: string
  readonly inputs: string
  readonly output: string
}

/**
 * Makes the directory in `parent`, mode 0700, with the inputs in it. `owner`: who may write into `output`, when that is
 * another user than ours.
 */
export async function makeJobFolder(
  parent: string,
  job: Pick<Job, 'input' | 'files'>,
  owner: number | undefined,
): Promise<JobFolder> {
  await mkdir(parent, { recursive: true, mode: 0o700 })
  const path = await mkdtemp(join(parent, 'job-'))
  const folder = { path, inputs: join(path, 'in'), output: join(path, 'out') }
  await mkdir(folder.inputs, { mode: 0o755 })
  // Nobody else comes past the directory above, and bubblewrap enters this one without any rights.
  await mkdir(folder.output, { mode: 0o755 })
  for (const { name, bytes } of [{ name: INPUT_FILE, bytes: job.input }, ...(job.files ?? [])]) {
    await writeFile(join(folder.inputs, name), bytes, { mode: 0o444, flag: 'wx' })
  }
  if (owner !== undefined) await chown(folder.output, owner, owner)
  return folder
}

/** Removes it with all that is in it, whatever modes the job has left there. */
export async function removeJobFolder({ path }: JobFolder): Promise<void> {
  try {
    await rm(path, { recursive: true })
  } catch {
    // Folders of our own user that the job has locked: opened, then removed.
    await unlock(path)
    await rm(path, { recursive: true, force: true })
  }
}

async function unlock(folder: string): Promise<void> {
  await chmod(folder, 0o700)
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) await unlock(join(folder, entry.name))
  }
}

/** Bytes that the job has written into its output folder; Infinity when there are too many files to count. */
export async function bytesWritten({ output }: JobFolder): Promise<number> {
  let [bytes, entries] = [0, 0]
  const folders = [output]
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for (const entry of await entriesOf(folder)) {
      if (++entries > ENTRIES_MAX) return Number.POSITIVE_INFINITY
      const path = join(folder, entry.name)
      if (entry.isDirectory()) folders.push(path)
      else bytes += await sizeOf(path)
    }
  }
  return bytes
}

async function entriesOf(folder: string) {
  try {
    return await readdir(folder, { withFileTypes: true })
  } catch {
    return [] // gone, or locked by the job
  }
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await lstat(path)).size
  } catch {
    return 0 // gone
  }
}

/**
 * The result, when the job left it as a file: bytes, `too-large`, or undefined where there is none. Nothing but a plain
 * file is read: a link could lead to what the job itself may not see.
 */
export async function readOutput(
  { output }: JobFolder,
  bytesMax: number,
): Promise<Uint8Array | 'too-large' | undefined> {
  const file = await openPlain(join(output, OUTPUT_FILE))
  if (file === undefined) return undefined
  try {
    const stat = await file.stat()
    if (!stat.isFile()) return undefined
    if (stat.size > bytesMax) return 'too-large'
    return new Uint8Array(await file.readFile())
  } finally {
    await file.close()
  }
}

async function openPlain(path: string) {
  try {
    return await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  } catch {
    return undefined // not there, a link, or locked: no result
  }
}
