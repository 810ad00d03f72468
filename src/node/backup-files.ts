import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs'
import { cp } from 'node:fs/promises'
import { dirname, join, relative, resolve, sep } from 'node:path'
import * as z from 'zod'
import { guarded, guardedLater } from '../adapters/log-files/fault.ts'
import { isStoreGone } from '../adapters/sqlite/sqlite-disk.ts'
import { FaultError } from '../model/fault.ts'
import { writeWhole } from './daemon/write-whole.ts'
import { homePaths } from './home.ts'

/** Names every file of a backup with its size: what is not whole, or is none, is not restored. */
const LIST = 'backup.json'

const listSchema = z.strictObject({
  v: z.literal(1),
  files: z.array(z.strictObject({ path: z.string(), bytes: z.int().min(0) })),
})

export interface BackupSize {
  readonly files: number
  readonly bytes: number
}

/**
 * Makes a directory out of what `copy` writes into one beside it: it appears whole, with the list of its files, or not at all.
 * Faults `home-exists` where it holds something, `store-full`, `store-io`.
 */
export async function writeBackup(
  directory: string,
  copy: (building: string) => Promise<void>,
): Promise<BackupSize> {
  return await guardedLater(`write a backup to ${directory}`, async () => {
    if (existsSync(directory) && readdirSync(directory).length > 0)
      throw new FaultError('home-exists', `${directory} is there already, and not empty`)
    return await appearing(directory, async (building) => {
      await copy(building)
      const files = filesBelow(building).map((path) => ({ path, bytes: statSync(join(building, path)).size }))
      writeWhole(join(building, LIST), `${JSON.stringify({ v: 1, files })}\n`)
      return { files: files.length, bytes: files.reduce((sum, { bytes }) => sum + bytes, 0) }
    })
  })
}

/** What is wrong with a backup, for people; undefined where it is whole. Faults `store-io`. */
export function backupFlaw(directory: string): string | undefined {
  const path = join(directory, LIST)
  if (!existsSync(path)) return `it has no ${LIST}, which "canswarm backup" writes`
  const list = listSchema.safeParse(guarded(`read ${path}`, () => jsonOf(readFileSync(path, 'utf8'))))
  if (!list.success) return `its ${LIST} cannot be read`
  const wrong = list.data.files.filter(({ path: name, bytes }) => sizeOf(directory, name) !== bytes)
  const [first] = wrong
  if (first === undefined) return undefined
  return `it is not whole: ${first.path} is missing, or not as long as it was${wrong.length > 1 ? `, and so are ${wrong.length - 1} more` : ''}`
}

/** Makes a home out of a backup, without some of it: it appears whole, or not at all. Faults `store-full`, `store-io`. */
export async function restoreFiles(
  directory: string,
  home: string,
  without: readonly string[],
): Promise<void> {
  const from = resolve(directory)
  const left = new Set([LIST, ...without].map((name) => join(from, name)))
  const filter = (source: string): boolean => !left.has(source)
  await guardedLater(`restore ${home}`, () =>
    appearing(home, (building) => cp(from, building, { recursive: true, preserveTimestamps: true, filter })),
  )
}

/** A directory that is not there, or empty, is made whole or not at all: beside it, under a name that nobody else has. */
async function appearing<Made>(directory: string, make: (building: string) => Promise<Made>): Promise<Made> {
  makeFolders(dirname(directory))
  const building = mkdtempSync(`${directory}.half-`)
  try {
    const made = await make(building)
    // In place of an empty one; what somebody put there meanwhile is not lost, and this fails.
    renameSync(building, directory)
    return made
  } catch (error) {
    rmSync(building, { recursive: true, force: true })
    throw error
  }
}

/** True for the home of a voter that came out of a backup, without what it promised (raft-host-catalogue B5). */
export function isForgetful(home: string): boolean {
  return isStoreGone(homePaths(home).raft)
}

/** True where one of them is the other, or lies in it. */
export function isWithin(inner: string, outer: string): boolean {
  const way = relative(outer, inner)
  return way === '' || !(way === '..' || way.startsWith(`..${sep}`))
}

/** One by one: where none can be made, as below /proc, node's own recursion never ends. */
function makeFolders(path: string): void {
  if (existsSync(path)) return
  makeFolders(dirname(path))
  mkdirSync(path)
}

/** Paths of all files below a directory, within it. */
export function filesBelow(directory: string): readonly string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => relative(directory, join(parentPath, name)))
}

/** Undefined for what is no file in there. */
function sizeOf(directory: string, name: string): number | undefined {
  const stat = statSync(join(directory, name), { throwIfNoEntry: false })
  return stat?.isFile() === true ? stat.size : undefined
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
