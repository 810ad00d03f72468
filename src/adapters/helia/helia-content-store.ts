import { join } from 'node:path'
import { type CID, cidOf, DAG_PB, isContentCid, parseContentCid } from '../../codec/cid.ts'
import { keyOfDid } from '../../codec/did/did-key.ts'
import { peerCidOfKey } from '../../codec/did/peer-id.ts'
import { assert, FaultError } from '../../model/fault.ts'
import type { Clock } from '../../ports/clock.ts'
import type {
  CollectedContent,
  ContentPage,
  ContentStore,
  ContentUsage,
  GetContentOptions,
  KeptContent,
  Retention,
  VerifiedContent,
} from '../../ports/content-store.ts'
import { RAW_CONTENT_BYTES_MAX } from '../../ports/content-store.ts'
import type { Sha256 } from '../../ports/crypto.ts'
import type { BlockFiles } from './block-files.ts'
import { allContents, collect } from './collect.ts'
import { contentBlocks } from './content-cid.ts'
import { CONTENT_INDEX, type ContentIndex } from './content-index.ts'
import { type BlockLook, blocksOf, fileNodeOf, type GetBlock, readFile } from './file-content.ts'
import { type HeliaBlocks, nameOfCid } from './helia-blocks.ts'
import { type Keeping, KeptBlocks } from './keeping.ts'
import type { LatePeers } from './late-peers.ts'

interface Parts {
  readonly files: BlockFiles
  readonly index: ContentIndex
  readonly blocks: HeliaBlocks
  readonly peers: LatePeers | undefined
  readonly sha256: Sha256
  readonly clock: Clock
  readonly retention: Retention
  readonly quotaBytes: number
}

const TIMEOUT_MS = 30_000
const FROM_MAX = 16
const PAGE_MAX = 1_000
const OWNER = /^[!-~]{1,256}$/

/** One operation that asks peers: who named it, when it ends, and whether it got anything from them. */
interface Asking {
  readonly from: readonly CID[]
  readonly signal: AbortSignal
  hasFetched: boolean
}

/** Takes bytes of content of that size, by where they begin. */
type ContentSink = (at: number, bytes: Uint8Array, size: number) => void

/** Content in blocks of a directory, and of peers. See the port. */
export class HeliaContentStore implements ContentStore {
  readonly #parts: Parts
  readonly #kept = new KeptBlocks()
  readonly #look: BlockLook
  readonly #closing = new AbortController()
  #collecting: Promise<unknown> | undefined
  /** While there is one of them nothing is removed. None rejects. */
  readonly #copies = new Set<Promise<void>>()

  constructor(parts: Parts) {
    this.#parts = parts
    this.#look = {
      has: (cid) => parts.blocks.has(cid),
      read: async (cid) => {
        const name = nameOfCid(cid)
        return name === undefined ? undefined : await parts.files.read(name)
      },
    }
  }

  async put(bytes: Uint8Array): Promise<CID> {
    return await this.#keeping(async (keeping) => {
      await this.#assertRoom(bytes)
      const cid = await contentBlocks(bytes, this.#parts.sha256, (one, block) =>
        this.#write(one, block, keeping),
      )
      await this.#record(cid, bytes.length)
      return cid
    })
  }

  async putDagCbor(bytes: Uint8Array): Promise<CID> {
    assert(bytes.length <= RAW_CONTENT_BYTES_MAX, 'a dag-cbor block has at most 1 MiB')
    const cid = cidOf(bytes, this.#parts.sha256)
    return await this.#keeping(async (keeping) => {
      await this.#write(cid, bytes, keeping)
      await this.#record(cid, bytes.length)
      return cid
    })
  }

  async get(cid: CID, options: GetContentOptions): Promise<Uint8Array> {
    let bytes: Uint8Array | undefined
    const whole = await this.#take(cid, options, (at, part, size) => {
      if (part.length === size) bytes = part
      else (bytes ??= new Uint8Array(size)).set(part, at)
    })
    return bytes ?? new Uint8Array(whole)
  }

  async fetch(cid: CID, options: GetContentOptions): Promise<number> {
    return await this.#take(cid, options, () => undefined)
  }

  async has(cid: CID): Promise<boolean> {
    if (!isContentCid(cid)) return false
    for await (const { isHere } of blocksOf(cid, this.#look)) if (!isHere) return false
    return true
  }

  async pin(cid: CID, owner: string): Promise<void> {
    assert(OWNER.test(owner), 'an owner is 1 to 256 visible characters')
    if (!isContentCid(cid)) throw new FaultError('content-malformed', `${String(cid)} is no link to content`)
    await this.#collecting
    await this.#parts.index.pin(cid.toString(), owner)
  }

  async unpin(owner: string, cid?: CID): Promise<void> {
    await this.#collecting
    await this.#parts.index.unpin(owner, cid?.toString(), this.#parts.clock.nowMs())
  }

  owners(prefix: string): readonly string[] {
    return this.#parts.index.owners(prefix)
  }

  pinsOf(owner: string): readonly CID[] {
    return this.#parts.index.pinsOf(owner).flatMap(cidsOf)
  }

  ls({ limit = PAGE_MAX, after }: ContentPage = {}): readonly KeptContent[] {
    const { index } = this.#parts
    const rows = index.page(after?.toString() ?? '', Math.min(limit, PAGE_MAX))
    return rows.flatMap(({ cid: text, size, atMs }) =>
      cidsOf(text).map((cid) => ({ cid, size, atMs, owners: index.ownersOf(text) })),
    )
  }

  async whileCopied(directory: string, copy: (isIndexCopied: Promise<void>) => Promise<void>): Promise<void> {
    while (this.#collecting !== undefined) await this.#collecting
    const copying = this.#copy(join(directory, CONTENT_INDEX), copy)
    const isOver = copying.catch(() => undefined)
    this.#copies.add(isOver)
    try {
      await copying
    } finally {
      this.#copies.delete(isOver)
    }
  }

  usage(): ContentUsage {
    const { files, index, quotaBytes } = this.#parts
    return { ...files.usage, ...index.counts(), quotaBytes }
  }

  async gc(retention: Retention = this.#parts.retention): Promise<CollectedContent> {
    while (this.#collecting !== undefined || this.#copies.size > 0)
      await Promise.all([this.#collecting, ...this.#copies])
    const { files, index, clock } = this.#parts
    this.#kept.startCollecting()
    const collecting = collect(
      { files, index, kept: this.#kept, look: this.#look, nowMs: clock.nowMs() },
      retention,
    )
    this.#collecting = collecting.catch(() => undefined)
    try {
      return await collecting
    } finally {
      this.#kept.endCollecting()
      this.#collecting = undefined
    }
  }

  async verify(): Promise<VerifiedContent> {
    const { files, index } = this.#parts
    const damaged: string[] = []
    let blocks = 0
    for (const name of files.names()) {
      blocks++
      const before = files.usage.damaged
      await files.read(name)
      if (files.usage.damaged > before) damaged.push(name)
    }
    const incomplete: CID[] = []
    for (const { cid: text } of allContents(index))
      for (const cid of cidsOf(text)) if (!(await this.has(cid))) incomplete.push(cid)
    return { blocks, damaged, incomplete }
  }

  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return
    this.#closing.abort(new FaultError('content-not-found', 'the store is closed'))
    await this.#parts.peers?.close()
    await this.#collecting
    this.#parts.index.close()
  }

  /** Whatever fails, nobody writes any more when this ends. */
  async #copy(path: string, copy: (isIndexCopied: Promise<void>) => Promise<void>): Promise<void> {
    const index = this.#parts.index.copyTo(path)
    try {
      await copy(index)
    } finally {
      await index.catch(() => undefined)
    }
    await index
  }

  /** Before the first block: none of a file is written that has no room. What is here already needs none. */
  async #assertRoom(bytes: Uint8Array): Promise<void> {
    try {
      this.#parts.files.assertRoom(bytes.length)
    } catch (full) {
      const cid = await contentBlocks(bytes, this.#parts.sha256, () => Promise.resolve())
      if (!(await this.has(cid))) throw full
    }
  }

  async #write(cid: CID, bytes: Uint8Array, keeping: Keeping): Promise<void> {
    const name = nameOfCid(cid)
    assert(name !== undefined, 'blocks that are made have a sha2-256')
    keeping.keep(name)
    if (await this.#parts.files.write(name, bytes)) await this.#parts.peers?.announce(cid)
  }

  /** The content's size, after all of it went to the sink. */
  async #take(
    cid: CID,
    { bytesMax, timeoutMs = TIMEOUT_MS, from = [], signal }: GetContentOptions,
    sink: ContentSink,
  ): Promise<number> {
    if (!isContentCid(cid)) throw new FaultError('content-malformed', `${String(cid)} is no link to content`)
    const stop = new AbortController()
    const late = new FaultError('content-timed-out', `nobody gave ${cid.toString()} within ${timeoutMs} ms`)
    const stopTimer = this.#parts.clock.after(timeoutMs, () => stop.abort(late))
    const stopped = AbortSignal.any([
      stop.signal,
      this.#closing.signal,
      ...(signal === undefined ? [] : [signal]),
    ])
    const asking = { from: from.slice(0, FROM_MAX).flatMap(peerCidOf), signal: stopped, hasFetched: false }
    try {
      return await this.#keeping((keeping) => this.#read(cid, bytesMax, asking, keeping, sink))
    } finally {
      stopTimer()
      stop.abort(late)
    }
  }

  async #read(
    cid: CID,
    bytesMax: number,
    asking: Asking,
    keeping: Keeping,
    sink: ContentSink,
  ): Promise<number> {
    const getBlock: GetBlock = (one) => this.#getBlock(one, asking, keeping)
    const first = await getBlock(cid)
    const file = cid.code === DAG_PB ? fileNodeOf(cid, first) : undefined
    const size = file?.size ?? first.length
    if (size > bytesMax)
      throw new FaultError('content-too-large', `${cid.toString()} has ${size} bytes, more than ${bytesMax}`)
    if (file !== undefined && asking.hasFetched) this.#parts.files.assertRoom(size)
    if (file === undefined) sink(0, first, size)
    else await readFile(file, getBlock, (at, part) => sink(at, part, size))
    if (asking.hasFetched) await this.#record(cid, size)
    return size
  }

  async #getBlock(cid: CID, asking: Asking, keeping: Keeping): Promise<Uint8Array> {
    asking.signal.throwIfAborted()
    const { files, peers } = this.#parts
    const name = nameOfCid(cid)
    assert(name !== undefined, 'links to content have a sha2-256')
    keeping.keep(name)
    const here = await files.read(name)
    if (here !== undefined) return here
    if (peers === undefined || !peers.hasPeers(asking.from))
      throw new FaultError(
        'content-not-found',
        `block ${cid.toString()} is not here, and there is nobody to ask`,
      )
    asking.hasFetched = true
    return await peers.fetch(cid, asking.from, asking.signal)
  }

  async #record(cid: CID, size: number): Promise<void> {
    await this.#parts.index.put({ cid: cid.toString(), size, atMs: this.#parts.clock.nowMs() })
  }

  async #keeping<Value>(run: (keeping: Keeping) => Promise<Value>): Promise<Value> {
    this.#closing.signal.throwIfAborted()
    const keeping = this.#kept.begin()
    try {
      return await run(keeping)
    } finally {
      keeping.end()
    }
  }
}

function peerCidOf(did: Parameters<typeof keyOfDid>[0]): readonly CID[] {
  const key = keyOfDid(did)
  return key.ok ? [peerCidOfKey(key.value)] : []
}

function cidsOf(text: string): readonly CID[] {
  const cid = parseContentCid(text)
  return cid.ok ? [cid.value] : []
}
