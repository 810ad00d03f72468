import { open } from 'node:fs/promises'
import { JOURNAL_CHUNK_BYTES } from '../../ports/journal-store.ts'
import { guarded } from './fault.ts'

/** Bytes of a file from `from` on, in pieces of one buffer: each is valid until the next is asked for. */
export async function* readChunks(path: string, from: number): AsyncGenerator<Uint8Array> {
  const file = await guarded(`open ${path}`, () => open(path, 'r'))
  try {
    const buffer = new Uint8Array(JOURNAL_CHUNK_BYTES)
    for (let at = from; ; ) {
      const place = at
      const { bytesRead } = await guarded(`read ${path}`, () => file.read(buffer, 0, buffer.length, place))
      if (bytesRead === 0) return
      at += bytesRead
      yield buffer.subarray(0, bytesRead)
    }
  } finally {
    await file.close()
  }
}
