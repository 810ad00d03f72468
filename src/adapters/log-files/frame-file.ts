import { renameSync } from 'node:fs'
import { crc32 } from 'node:zlib'
import type { FrameStore } from '../../ports/frame-store.ts'
import { guarded } from './fault.ts'
import { LogFile } from './log-file.ts'

/** A file of items, one frame each. It grows at its end; opening it leaves out what comes before the last so many bytes. */
export class FrameFile implements FrameStore {
  readonly #file: LogFile

  private constructor(file: LogFile) {
    this.#file = file
  }

  /** Faults `store-damaged`. The caller closes it. */
  static open(path: string, bytesMax: number): FrameFile {
    const file = LogFile.open(path, crc32, true)
    const first = firstWithin(file, bytesMax)
    if (first === 0) return new FrameFile(file)
    const next = LogFile.open(`${path}.part`, crc32, true)
    for (let at = first; at < file.count; at++) next.append(file.payload(at))
    next.flush()
    next.close()
    file.close()
    guarded(`replace ${path}`, () => renameSync(`${path}.part`, path))
    return new FrameFile(LogFile.open(path, crc32, true))
  }

  *all(): Iterable<Uint8Array> {
    for (let at = 0; at < this.#file.count; at++) yield this.#file.payload(at)
  }

  add(item: Uint8Array): void {
    this.#file.append(item)
  }

  flush(): void {
    this.#file.flush()
  }

  close(): void {
    this.#file.close()
  }
}

/** The first frame of the longest end that is no longer than that. */
function firstWithin(file: LogFile, bytesMax: number): number {
  let bytes = 0
  for (let at = file.count - 1; at >= 0; at--) {
    bytes += file.payload(at).length
    if (bytes > bytesMax) return at + 1
  }
  return 0
}
