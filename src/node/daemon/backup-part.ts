import {
  closeSync,
  copyFileSync,
  createReadStream,
  createWriteStream,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  statSync,
} from 'node:fs'
import { copyFile, mkdir, readdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { FaultError } from '../../model/fault.ts'
import type { ContentStore } from '../../ports/content-store.ts'
import type { BackupMaker } from '../../verbs/services.ts'
import { filesBelow, isWithin, writeBackup } from '../backup-files.ts'
import { homePaths } from '../home.ts'

export interface BackupPartOptions {
  readonly home: string
  /** Logs are on disk as far as they are applied. */
  readonly flush: () => void
  readonly content: Pick<ContentStore, 'whileCopied'>
}

/** Of this process alone. */
const LEFT_OUT = new Set(['lock', 'api.sock', 'api.token', 'jobs'])
/** Up to here a file is copied at the moment of the backup: most are so small, and open files are few. */
const AT_ONCE_BYTES = 262_144
const CHUNK_BYTES = 1_048_576
const SHARD = /^[0-9a-f]{2}$/u

/** A file as it is at the moment of the backup, whatever is added to it, or put in its place, later. */
interface Opened {
  readonly path: string
  readonly file: number
  readonly bytes: number
}

/**
 * A consistent copy of a running node's home as it is at one moment: keys, settings, journal, logs and content, all of which grow
 * at their end only, or are replaced as a whole. The node goes on while it is written. Of the raft store there is but its
 * witness: a voter that came back with an old store could promise twice what it promised before (raft-host-catalogue B5).
 */
export function backupPart({ home, flush, content }: BackupPartOptions): BackupMaker {
  const paths = homePaths(home)
  return {
    async backup(directory, signal) {
      if (isWithin(directory, home))
        throw new FaultError('home-exists', `${directory} is in the home that is to be copied`)
      return await writeBackup(directory, (building) => {
        const { content: blocks } = homePaths(building)
        mkdirSync(blocks, { recursive: true, mode: 0o700 })
        return content.whileCopied(blocks, async (isIndexCopied) => {
          flush()
          const isWanted = (name: string): boolean =>
            join(home, name) !== paths.content && !LEFT_OUT.has(name)
          await copyFiles(home, building, filesIn(home, isWanted).filter(isCopied), signal)
          await isIndexCopied
          await copyBlocks(paths.content, blocks, signal)
        })
      })
    },
  }
}

/** Paths within a directory of all files below those entries that are wanted; an entry may be a link to another disk. */
function filesIn(directory: string, isWanted: (name: string) => boolean): readonly string[] {
  return readdirSync(directory)
    .filter(isWanted)
    .flatMap((name) => {
      const stat = statSync(join(directory, name))
      if (stat.isDirectory()) return filesBelow(join(directory, name)).map((path) => join(name, path))
      return stat.isFile() ? [name] : []
    })
}

/** No database, and nothing that is half written. */
function isCopied(path: string): boolean {
  return !/\.sqlite(?:-wal|-shm)?$/u.test(path) && !path.endsWith('.part')
}

/** Small ones at once, and large ones as they are now; whatever fails, none stays open. */
async function copyFiles(
  home: string,
  building: string,
  paths: readonly string[],
  signal: AbortSignal | undefined,
): Promise<void> {
  const large: Opened[] = []
  try {
    for (const path of paths) {
      mkdirSync(dirname(join(building, path)), { recursive: true, mode: 0o700 })
      if (statSync(join(home, path)).size > AT_ONCE_BYTES) large.push(opened(home, path))
      else copyFileSync(join(home, path), join(building, path))
    }
    for (let one = large.shift(); one !== undefined; one = large.shift())
      await copyOpened(one, join(building, one.path), signal)
  } finally {
    for (const { file } of large) closeSync(file)
  }
}

function opened(home: string, path: string): Opened {
  const file = openSync(join(home, path), 'r')
  return { path, file, bytes: fstatSync(file).size }
}

async function copyOpened(
  { file, bytes }: Opened,
  to: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const from = createReadStream('', { fd: file, start: 0, end: bytes - 1, highWaterMark: CHUNK_BYTES })
  const into = createWriteStream(to, { mode: 0o600, highWaterMark: CHUNK_BYTES })
  await pipeline(from, into, signal === undefined ? {} : { signal })
}

/** All that are there now: those that came after the index was copied belong to nobody, and the next collection takes them. */
async function copyBlocks(from: string, to: string, signal: AbortSignal | undefined): Promise<void> {
  for (const shard of (await readdir(from)).filter((name) => SHARD.test(name))) {
    await mkdir(join(to, shard), { recursive: true, mode: 0o700 })
    for (const name of await readdir(join(from, shard))) {
      signal?.throwIfAborted()
      await copyFile(join(from, shard, name), join(to, shard, name)).catch(unlessGone)
    }
  }
}

/** A block that is found to be damaged is removed by whoever read it. */
function unlessGone(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error
}
