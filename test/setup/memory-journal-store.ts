import { FaultError } from '../../src/model/fault.ts'
import {
  JOURNAL_CHUNK_BYTES,
  type JournalSegment,
  type JournalStore,
  KEPT_FILES_MAX,
} from '../../src/ports/journal-store.ts'

interface File {
  /** What a reader sees. */
  bytes: Uint8Array
  /** What a power cut leaves. */
  durable: Uint8Array
}

export type Operation = 'list' | 'read' | 'open' | 'write' | 'truncate' | 'sync' | 'keep'

/** What goes wrong; all of it may be changed between two calls. */
export interface Trouble {
  /** Room for all segments together, in bytes: a write takes what fits, and the next fails `journal-full`. */
  room: number
  /** A write takes at most so many bytes. */
  writeBytesMax: number
  /** The next such operation fails `journal-io`. */
  failing: Operation | undefined
}

/**
 * A journal store in memory that can run out of room, write short and fail, and that tells what would be left
 * after a power cut.
 */
export class MemoryJournalStore implements JournalStore {
  readonly trouble: Trouble = { room: Infinity, writeBytesMax: Infinity, failing: undefined }
  readonly files = new Map<number, File>()
  /** Pieces put aside, the oldest first. */
  readonly kept: { readonly segment: number; readonly name: string; readonly bytes: Uint8Array }[] = []
  readonly calls: Operation[] = []
  /** Segments that were read, in order. */
  readonly reads: number[] = []
  /** Sizes of the writes that were asked for. */
  readonly writes: number[] = []

  /** A store that holds just these segments. */
  static of(segments: Iterable<readonly [segment: number, bytes: Uint8Array]>): MemoryJournalStore {
    const store = new MemoryJournalStore()
    for (const [segment, bytes] of segments) {
      store.files.set(segment, { bytes: Uint8Array.from(bytes), durable: Uint8Array.from(bytes) })
    }
    return store
  }

  /** What a power cut leaves: the synced bytes alone. */
  afterPowerCut(): MemoryJournalStore {
    return MemoryJournalStore.of([...this.files].map(([segment, { durable }]) => [segment, durable] as const))
  }

  /** Bytes of a segment; empty when there is none. */
  bytesOf(segment: number): Uint8Array {
    return this.files.get(segment)?.bytes ?? new Uint8Array(0)
  }

  async list(): Promise<readonly number[]> {
    this.#called('list')
    return [...this.files.keys()].sort((a, b) => a - b)
  }

  async *read(segment: number, from = 0): AsyncGenerator<Uint8Array> {
    this.#called('read')
    this.reads.push(segment)
    const file = this.#file(segment)
    const buffer = new Uint8Array(JOURNAL_CHUNK_BYTES)
    for (let at = from; at < file.bytes.length; ) {
      const part = file.bytes.subarray(at, at + buffer.length)
      buffer.set(part)
      at += part.length
      yield buffer.subarray(0, part.length)
    }
  }

  async open(segment: number): Promise<JournalSegment> {
    this.#called('open')
    if (!this.files.has(segment)) {
      if (this.trouble.room <= 0) throw full('make a segment')
      this.files.set(segment, { bytes: new Uint8Array(0), durable: new Uint8Array(0) })
    }
    const file = this.#file(segment)
    return {
      segment,
      bytes: file.bytes.length,
      write: async (bytes, at) => this.#write(file, bytes, at),
      truncate: async (to) => {
        this.#called('truncate')
        file.bytes = file.bytes.slice(0, to)
      },
      sync: async () => {
        this.#called('sync')
        file.durable = Uint8Array.from(file.bytes)
      },
      close: async () => {},
    }
  }

  async keep(segment: number, from: number): Promise<string> {
    this.#called('keep')
    const pieces = this.kept.filter((piece) => piece.segment === segment).length
    const name = `${String(segment).padStart(8, '0')}.torn-${pieces + 1}`
    this.kept.push({ segment, name, bytes: this.#file(segment).bytes.slice(from) })
    if (this.kept.length > KEPT_FILES_MAX) this.kept.shift()
    return name
  }

  #write(file: File, bytes: Uint8Array, at: number): number {
    this.writes.push(bytes.length)
    this.#called('write')
    let used = 0
    for (const other of this.files.values()) used += other === file ? 0 : other.bytes.length
    const fits = Math.min(bytes.length, this.trouble.writeBytesMax, this.trouble.room - used - at)
    if (fits <= 0) throw full('write')
    const larger = new Uint8Array(Math.max(file.bytes.length, at + fits))
    larger.set(file.bytes)
    larger.set(bytes.subarray(0, fits), at)
    file.bytes = larger
    return fits
  }

  #called(operation: Operation): void {
    this.calls.push(operation)
    if (this.trouble.failing !== operation) return
    this.trouble.failing = undefined
    throw new FaultError('journal-io', `cannot ${operation}`, { cause: new Error('EIO: i/o error') })
  }

  #file(segment: number): File {
    const file = this.files.get(segment)
    if (file === undefined) throw new FaultError('journal-io', `no segment ${segment}`)
    return file
  }
}

function full(what: string): FaultError {
  return new FaultError('journal-full', `cannot ${what}`, {
    cause: new Error('ENOSPC: no space left on device'),
  })
}
