import { beforeEach, describe, expect, it } from 'vitest'
import { concatBytes } from '../../src/codec/bytes.ts'
import { JOURNAL_CHUNK_BYTES, type JournalStore, KEPT_FILES_MAX } from '../../src/ports/journal-store.ts'

const bytes = (text: string) => new TextEncoder().encode(text)

/** What every JournalStore promises; `make` gives an empty one. */
export function describeJournalStore(name: string, make: () => Promise<JournalStore>): void {
  describe(`JournalStore: ${name}`, () => {
    let store: JournalStore

    beforeEach(async () => {
      store = await make()
    })

    it('has no segments before the first is opened', async () => {
      expect(await store.list()).toEqual([])
    })

    it('lists segments by number, ascending', async () => {
      for (const segment of [2, 10, 1]) await (await store.open(segment)).close()
      expect(await store.list()).toEqual([1, 2, 10])
    })

    it('reads what was written, from any place', async () => {
      await write(store, 1, bytes('first\nsecond\n'))
      expect(await read(store, 1)).toEqual(bytes('first\nsecond\n'))
      expect(await read(store, 1, 6)).toEqual(bytes('second\n'))
      expect(await read(store, 1, 13)).toEqual(bytes(''))
    })

    it('keeps segments apart', async () => {
      await write(store, 1, bytes('one'))
      await write(store, 2, bytes('two'))
      expect(await read(store, 1)).toEqual(bytes('one'))
      expect(await read(store, 2)).toEqual(bytes('two'))
    })

    it('reads in chunks of at most 64 KiB and at least one byte', async () => {
      const large = new Uint8Array(3 * JOURNAL_CHUNK_BYTES + 5).map((_, i) => i % 251)
      await write(store, 1, large)
      const sizes: number[] = []
      const parts: Uint8Array[] = []
      for await (const chunk of store.read(1, 1)) {
        sizes.push(chunk.length)
        parts.push(Uint8Array.from(chunk))
      }
      expect(Math.max(...sizes)).toBeLessThanOrEqual(JOURNAL_CHUNK_BYTES)
      expect(Math.min(...sizes)).toBeGreaterThan(0)
      expect(Buffer.compare(concatBytes(...parts), large.subarray(1))).toBe(0)
    })

    it('says the size of a segment that was there', async () => {
      await write(store, 1, bytes('twelve bytes'))
      const segment = await store.open(1)
      expect({ segment: segment.segment, bytes: segment.bytes }).toEqual({ segment: 1, bytes: 12 })
      await segment.close()
    })

    it('writes over what stands at the place', async () => {
      await write(store, 1, bytes('abcdef'))
      await write(store, 1, bytes('XY'), 2)
      expect(await read(store, 1)).toEqual(bytes('abXYef'))
    })

    it('cuts off what is beyond the size it is truncated to', async () => {
      await write(store, 1, bytes('abcdef'))
      const segment = await store.open(1)
      await segment.truncate(4)
      await segment.sync()
      await segment.close()
      expect(await read(store, 1)).toEqual(bytes('abcd'))
      const again = await store.open(1)
      expect(again.bytes).toBe(4)
      await again.close()
    })

    it('puts the end of a segment aside under a name of its own, and leaves the segment', async () => {
      await write(store, 7, bytes('good, torn'))
      const names = [await store.keep(7, 6), await store.keep(7, 6)]
      expect(names).toEqual(['00000007.torn-1', '00000007.torn-2'])
      expect(await read(store, 7)).toEqual(bytes('good, torn'))
      expect(await store.list()).toEqual([7])
    })

    it('keeps a limited number of such pieces', async () => {
      await write(store, 1, bytes('x'))
      for (let i = 0; i < KEPT_FILES_MAX + 2; i++)
        expect(await store.keep(1, 0)).toMatch(/^00000001\.torn-\d+$/)
    })

    it('faults journal-io for a segment that is not there', async () => {
      await expect(read(store, 3)).rejects.toMatchObject({ name: 'FaultError', code: 'journal-io' })
    })
  })
}

async function write(store: JournalStore, segment: number, data: Uint8Array, at = 0): Promise<void> {
  const file = await store.open(segment)
  for (let done = 0; done < data.length; ) done += await file.write(data.subarray(done), at + done)
  await file.sync()
  await file.close()
}

async function read(store: JournalStore, segment: number, from?: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  for await (const chunk of store.read(segment, from)) parts.push(Uint8Array.from(chunk))
  return concatBytes(...parts)
}
