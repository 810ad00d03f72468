import { assert, FaultError } from '../../model/fault.ts'
import type { JournalSegment, JournalStore } from '../../ports/journal-store.ts'

/** Appends to one segment after another: a write is whole and durable, or as if it had not been tried. */
export class SegmentWriter {
  readonly #store: JournalStore
  #open: JournalSegment | undefined
  /** Durable bytes of the open segment. */
  #bytes = 0

  constructor(store: JournalStore) {
    this.#store = store
  }

  /**
   * Writes at the end of the segment and syncs. False: no room, and the segment is as it was. Faults
   * `journal-io`: what is on disk is unknown.
   */
  async write(segment: number, bytes: Uint8Array): Promise<boolean> {
    try {
      const file = await this.#enter(segment)
      await this.#writeAll(file, bytes)
      await file.sync()
    } catch (error) {
      if (!(error instanceof FaultError) || error.code !== 'journal-full') throw error
      await this.#open?.truncate(this.#bytes)
      return false
    }
    this.#bytes += bytes.length
    return true
  }

  async close(): Promise<void> {
    await this.#open?.close()
    this.#open = undefined
  }

  async #enter(segment: number): Promise<JournalSegment> {
    if (this.#open?.segment === segment) return this.#open
    await this.close()
    const file = await this.#store.open(segment)
    this.#open = file
    this.#bytes = file.bytes
    return file
  }

  async #writeAll(file: JournalSegment, bytes: Uint8Array): Promise<void> {
    for (let done = 0; done < bytes.length; ) {
      const written = await file.write(bytes.subarray(done), this.#bytes + done)
      assert(written > 0, 'a write takes at least one byte')
      done += written
    }
  }
}
