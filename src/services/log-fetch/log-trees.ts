import { EMPTY_FRONTIER } from '../../codec/certificate/frontier.ts'
import { leafHash } from '../../codec/merkle/hash.ts'
import { LogTree } from '../../core/certificate/log-tree.ts'
import { assert } from '../../model/fault.ts'
import { LruMap } from '../../model/lru-map.ts'
import type { Sha256 } from '../../ports/crypto.ts'
import type { LogRecord, LogSource } from '../../ports/network-log.ts'
import { leafWork, type Worked } from './page-turns.ts'
import { CHUNK_LEAVES, chunksWithin, ThinTree } from './thin-tree.ts'

export interface LogTreesDeps {
  readonly archive: Pick<LogSource, 'count' | 'kind' | 'record'>
  readonly sha256: Sha256
  /** Runs a task once others had their turn. */
  readonly later: (task: () => void) => void
}

/** A leaf of a stored log. */
export type LeafOfLog = Exclude<LogRecord, { readonly kind: 'certificate' }>

/** A stored log with what proves its pieces. */
export interface GrownLog {
  readonly tree: Pick<ThinTree, 'size' | 'frontier'>
  /** As `LogTree.consistency`, and what was read for it. Faults as the archive. */
  consistency(size: number, of: number): Promise<Worked<readonly Uint8Array[]>>
  /** Leaves from a number on, each read when it is asked for. Asserts that the first is there. Faults as the archive. */
  leaves(from: number): Iterable<LeafOfLog>
}

interface Growing {
  readonly tree: ThinTree
  /** Number of the record of each chunk's first leaf. */
  readonly starts: number[]
  /** Records that were looked at, certificates too. */
  seen: number
  /** Set while somebody reads. */
  underway: Promise<void> | undefined
}

/** Read between two turns of whoever else is there: about 2 ms. */
export const SLICE_RECORDS = 128
/** Chunks whose leaves are remembered, 4 KiB each: who fetches asks for the same ones again. */
const CHUNKS_MAX = 256

/**
 * The trees of stored logs. Each is made when it is first asked for, from the records, and goes on with the log: about three
 * bytes of memory a leaf, and one mebibyte for all. Reading gives way to others, and is done for one log at a time, whoever asks
 * for how many.
 */
export class LogTrees {
  readonly #deps: LogTreesDeps
  readonly #logs = new Map<number, Growing>()
  readonly #chunks = new LruMap<string, LogTree>(CHUNKS_MAX)
  /** Resolves when nobody reads, and others had their turn. */
  #read: Promise<unknown> = Promise.resolve()

  constructor(deps: LogTreesDeps) {
    this.#deps = deps
  }

  /** With every record that is stored when this is called. Faults as the archive. */
  async of(machine: number): Promise<GrownLog> {
    const log = this.#logOf(machine)
    const until = this.#deps.archive.count(machine)
    while (log.seen < until) {
      log.underway ??= this.#inTurn(() => this.#grow(machine, log)).finally(() => {
        log.underway = undefined
      })
      await log.underway
    }
    return {
      tree: log.tree,
      consistency: (size, of) => this.#consistency(machine, log, size, of),
      leaves: (from) => this.#leaves(machine, log, from),
    }
  }

  #logOf(machine: number): Growing {
    const known = this.#logs.get(machine)
    if (known !== undefined) return known
    const log = { tree: new ThinTree(this.#deps.sha256), starts: [], seen: 0, underway: undefined }
    this.#logs.set(machine, log)
    return log
  }

  /** Those who wait have their turns in their order, so that a short log does not wait for a long one. */
  #inTurn<Value>(task: () => Value): Promise<Value> {
    const done = this.#read.then(task)
    const over = (): Promise<void> => new Promise((resolve) => this.#deps.later(resolve))
    this.#read = done.then(over, over)
    return done
  }

  #grow(machine: number, log: Growing): void {
    const { archive, sha256 } = this.#deps
    const end = Math.min(archive.count(machine), log.seen + SLICE_RECORDS)
    for (; log.seen < end; log.seen++) {
      const record =
        archive.kind(machine, log.seen) === 'certificate' ? undefined : this.#leaf(machine, log.seen)
      if (record === undefined) continue
      if (log.tree.size % CHUNK_LEAVES === 0) log.starts.push(log.seen)
      log.tree.append(leafHash(record.leaf, sha256))
    }
  }

  async #consistency(
    machine: number,
    log: Growing,
    size: number,
    of: number,
  ): Promise<Worked<readonly Uint8Array[]>> {
    const chunks = new Map<number, LogTree>()
    let read = 0
    for (const number of chunksWithin(size, of)) {
      const { value, work } = await this.#chunk(machine, log, number)
      chunks.set(number, value)
      read += work
    }
    return { value: log.tree.consistency(size, of, chunks), work: read }
  }

  async #chunk(machine: number, log: Growing, number: number): Promise<Worked<LogTree>> {
    const [last, tail] = log.tree.tail
    const name = `${machine} ${number}`
    const known = number === last ? tail : this.#chunks.get(name)
    if (known !== undefined) return { value: known, work: 0 }
    const chunk = await this.#inTurn(() => this.#readChunk(machine, log, number))
    this.#chunks.set(name, chunk.value)
    return chunk
  }

  #readChunk(machine: number, log: Growing, number: number): Worked<LogTree> {
    const chunk = new LogTree(EMPTY_FRONTIER, this.#deps.sha256)
    let bytes = 0
    for (const record of this.#leaves(machine, log, number * CHUNK_LEAVES)) {
      chunk.append(leafHash(record.leaf, this.#deps.sha256))
      bytes += record.leaf.length + (record.kind === 'item' ? record.item.length : 0)
      if (chunk.size === CHUNK_LEAVES) break
    }
    return { value: chunk, work: leafWork(chunk.size, bytes) }
  }

  *#leaves(machine: number, { starts, seen }: Growing, from: number): Iterable<LeafOfLog> {
    const { archive } = this.#deps
    let record = starts[Math.floor(from / CHUNK_LEAVES)]
    assert(record !== undefined, 'a leaf that is read is there')
    for (let passed = from % CHUNK_LEAVES; record < seen; record++) {
      if (archive.kind(machine, record) === 'certificate') continue
      if (passed === 0) yield this.#leaf(machine, record)
      else passed -= 1
    }
  }

  #leaf(machine: number, at: number): LeafOfLog {
    const record = this.#deps.archive.record(machine, at)
    assert(record.kind !== 'certificate', 'a record is of the kind that it was found to be')
    return record
  }
}
