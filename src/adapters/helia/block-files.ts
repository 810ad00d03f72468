import { readdirSync, rmSync, statfsSync, statSync, unlinkSync } from 'node:fs'
import { access, mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { FaultError } from '../../model/fault.ts'
import { RAW_CONTENT_BYTES_MAX } from '../../ports/content-store.ts'
import type { Sha256 } from '../../ports/crypto.ts'
import { type BlockName, blockName, isBlockName, shardOf } from './block-name.ts'
import { codeOf, guarded, guardedNow } from './fault.ts'

/** No block of ours is longer, and none of a peer's is taken. */
export const BLOCK_BYTES_MAX = RAW_CONTENT_BYTES_MAX

export interface BlockFilesOptions {
  /** There already, and this process alone has it. */
  readonly directory: string
  readonly sha256: Sha256
  /** Bytes of all blocks. */
  readonly quotaBytes: number
  /** Bytes that are left free on the disk for others: the turn store, the audit log. */
  readonly reserveBytes: number
}

const PARTS = 'parts'

/**
 * Blocks as files: `<first two digits>/<64 digits of the sha2-256>`. A block is written under a name in `parts`,
 * synced, renamed, and its folder synced, so that a name always stands for a whole block; what a crash leaves in
 * `parts` is removed at the next start. Every read checks the hash: a damaged file is removed and is not there.
 */
export class BlockFiles {
  readonly #options: BlockFilesOptions
  readonly #shards = new Set<string>()
  readonly #writing = new Map<BlockName, Promise<boolean>>()
  #bytes = 0
  #blocks = 0
  #damaged = 0
  #parts = 0

  private constructor(options: BlockFilesOptions) {
    this.#options = options
  }

  /** Counts what is there. Faults `store-io`. */
  static async open(options: BlockFilesOptions): Promise<BlockFiles> {
    const files = new BlockFiles(options)
    await guarded(`open ${options.directory}`, () => files.#prepare())
    return files
  }

  get usage(): { readonly bytes: number; readonly blocks: number; readonly damaged: number } {
    return { bytes: this.#bytes, blocks: this.#blocks, damaged: this.#damaged }
  }

  async has(name: BlockName): Promise<boolean> {
    return await access(this.#path(name)).then(
      () => true,
      () => false,
    )
  }

  /** The bytes, checked; undefined where there is no block, or a damaged one was removed. */
  async read(name: BlockName): Promise<Uint8Array | undefined> {
    const path = this.#path(name)
    const bytes = await guarded(`read ${path}`, () => this.#load(path))
    if (bytes === undefined) return undefined
    if (bytes !== 'too long' && blockName(this.#options.sha256(bytes)) === name) return bytes
    this.#damaged++
    this.removeNow(name)
    return undefined
  }

  /** Keeps a block whose name was computed from these bytes; false: it was there. Faults `store-full`, `store-io`. */
  async write(name: BlockName, bytes: Uint8Array): Promise<boolean> {
    const pending = this.#writing.get(name)
    if (pending !== undefined) return await pending.then(() => false)
    const writing = this.#write(name, bytes).finally(() => this.#writing.delete(name))
    this.#writing.set(name, writing)
    return await writing
  }

  /** Faults `store-full` where so many bytes more find no room. */
  assertRoom(bytes: number): void {
    const { directory, quotaBytes, reserveBytes } = this.#options
    if (this.#bytes + bytes > quotaBytes) {
      throw new FaultError(
        'store-full',
        `${bytes} bytes more than the ${this.#bytes} that are kept exceed the quota of ${quotaBytes}`,
      )
    }
    const { bavail, bsize } = guardedNow(`look at ${directory}`, () => statfsSync(directory))
    if (bavail * bsize - bytes < reserveBytes)
      throw new FaultError(
        'store-full',
        `the disk has ${bavail * bsize} bytes left, ${reserveBytes} of them for others`,
      )
  }

  /** Bytes of the file that was removed; 0 where there was none. At once: nothing comes between a look and this. */
  removeNow(name: BlockName): number {
    const path = this.#path(name)
    const size = guardedNow(`remove ${path}`, () => {
      const found = statSync(path, { throwIfNoEntry: false })
      if (found !== undefined) unlinkSync(path)
      return found?.size
    })
    if (size === undefined) return 0
    this.#bytes -= size
    this.#blocks--
    return size
  }

  /** Names of all blocks, a folder at a time, in no particular order. */
  *names(): Generator<BlockName> {
    for (const shard of [...this.#shards].sort()) {
      const folder = join(this.#options.directory, shard)
      yield* guardedNow(`list ${folder}`, () => readdirSync(folder)).filter(isBlockName)
    }
  }

  async #prepare(): Promise<void> {
    const { directory } = this.#options
    rmSync(join(directory, PARTS), { recursive: true, force: true })
    await mkdir(join(directory, PARTS), { mode: 0o700 })
    for (const entry of readdirSync(directory)) if (/^[0-9a-f]{2}$/.test(entry)) this.#shards.add(entry)
    for (const name of this.names()) {
      this.#bytes += statSync(this.#path(name)).size
      this.#blocks++
    }
  }

  async #load(path: string): Promise<Uint8Array | 'too long' | undefined> {
    try {
      const { size } = await stat(path)
      return size > BLOCK_BYTES_MAX ? 'too long' : plainBytes(await readFile(path))
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return undefined
      throw error
    }
  }

  async #write(name: BlockName, bytes: Uint8Array): Promise<boolean> {
    if (await this.has(name)) return false
    this.assertRoom(bytes.length)
    // Counted before it is written, so that two at once do not both take the last room.
    this.#bytes += bytes.length
    this.#blocks++
    try {
      await guarded(`write block ${name}`, () => this.#store(name, bytes))
      return true
    } catch (error) {
      this.#bytes -= bytes.length
      this.#blocks--
      throw error
    }
  }

  async #store(name: BlockName, bytes: Uint8Array): Promise<void> {
    const part = join(this.#options.directory, PARTS, String(this.#parts++))
    try {
      await this.#makeShard(shardOf(name))
      const file = await open(part, 'wx', 0o600)
      try {
        await file.writeFile(bytes)
        await file.sync()
      } finally {
        await file.close()
      }
      await rename(part, this.#path(name))
      await syncFolder(join(this.#options.directory, shardOf(name)))
    } catch (error) {
      await rm(part, { force: true })
      throw error
    }
  }

  async #makeShard(shard: string): Promise<void> {
    if (this.#shards.has(shard)) return
    await mkdir(join(this.#options.directory, shard), { recursive: true, mode: 0o700 })
    await syncFolder(this.#options.directory)
    this.#shards.add(shard)
  }

  #path(name: BlockName): string {
    return join(this.#options.directory, shardOf(name), name)
  }
}

/** Not a Buffer: who compares bytes would see two kinds. */
export function plainBytes(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path)
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
