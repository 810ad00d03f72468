import { constants } from 'node:fs'
import { type FileHandle, link, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { FaultError } from '../../model/fault.ts'
import type { Random } from '../../ports/random.ts'

/** Bits of a mode that let anybody but the owner in. */
const OTHERS = 0o077

/** One directory of mode 0700 with files of mode 0600, each written whole or not at all. */
export class PrivateFiles {
  readonly directory: string
  readonly #random: Random

  constructor(directory: string, random: Random) {
    this.directory = directory
    this.#random = random
  }

  path(fileName: string): string {
    return join(this.directory, fileName)
  }

  /** Names, sorted; none when the directory is not there. */
  async names(): Promise<readonly string[]> {
    return (await orMissing(readdir(this.directory)))?.toSorted() ?? []
  }

  /**
   * At most `bytesMax` + 1 bytes, so that the caller sees that there are more; undefined when there is no such file.
   * Faults `key-mode` with the command that mends it, `key-damaged` for what is no file, `store-io`.
   */
  async read(fileName: string, bytesMax: number): Promise<Uint8Array | undefined> {
    const path = this.path(fileName)
    await this.#checkDirectory()
    // Not blocking: opening a pipe that somebody put here would wait for ever.
    const handle = await orMissing(open(path, constants.O_RDONLY | constants.O_NONBLOCK))
    if (handle === undefined) return undefined
    try {
      await checkFile(handle, path)
      const buffer = Buffer.alloc(bytesMax + 1)
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, 0)
      return new Uint8Array(buffer.buffer, buffer.byteOffset, bytesRead)
    } catch (error) {
      throw faultOf(error, path)
    } finally {
      await handle.close()
    }
  }

  /**
   * After it returns the whole file is on the disk under its name; before, the name has what it had.
   * Faults `key-exists` when it must not replace, `key-mode`, `store-io`, `store-full`.
   */
  async write(fileName: string, text: string, { replace }: { readonly replace: boolean }): Promise<void> {
    const path = this.path(fileName)
    const temporary = this.path(`.${fileName}.${Buffer.from(this.#random.bytes(8)).toString('hex')}.tmp`)
    try {
      await mkdir(this.directory, { recursive: true, mode: 0o700 })
      await this.#checkDirectory()
      await writeSynced(temporary, text)
      await (replace ? rename(temporary, path) : linkNew(temporary, path))
      await syncDirectory(this.directory)
    } catch (error) {
      await rm(temporary, { force: true }).catch(() => {
        // What failed first is what is told.
      })
      throw faultOf(error, path)
    }
  }

  async #checkDirectory(): Promise<void> {
    const found = await orMissing(stat(this.directory))
    if (found !== undefined && (found.mode & OTHERS) !== 0) throw openToOthers(this.directory, '700')
  }
}

async function checkFile(handle: FileHandle, path: string): Promise<void> {
  const found = await handle.stat()
  if (!found.isFile()) throw new FaultError('key-damaged', `${path} is not a file`)
  if ((found.mode & OTHERS) !== 0) throw openToOthers(path, '600')
}

function openToOthers(path: string, mode: string): FaultError {
  return new FaultError('key-mode', `others than its owner can get at ${path}: run chmod ${mode} '${path}'`)
}

async function writeSynced(path: string, text: string): Promise<void> {
  const handle = await open(path, 'wx', 0o600)
  try {
    // A umask can only take bits away, and one that takes the owner's makes a key that nobody can read.
    await handle.chmod(0o600)
    await handle.writeFile(text)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Unlike a rename, a link fails when the name is taken: two that create at once do not overwrite each other. */
async function linkNew(from: string, to: string): Promise<void> {
  try {
    await link(from, to)
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error
    throw new FaultError('key-exists', `${to} exists and was left as it is`)
  }
  await rm(from)
}

/** So that the new name survives a power cut as well as the file. */
async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, constants.O_RDONLY)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

async function orMissing<Value>(found: Promise<Value>): Promise<Value | undefined> {
  try {
    return await found
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw faultOf(error, 'the key directory')
  }
}

function faultOf(error: unknown, what: string): FaultError {
  if (error instanceof FaultError) return error
  const code = codeOf(error)
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new FaultError('store-full', `no room on the disk for ${what}`, { cause: error })
  }
  return new FaultError('store-io', `the disk failed at ${what}: ${code ?? 'unknown'}`, { cause: error })
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}
