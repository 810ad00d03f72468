import { type FileHandle, open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { KEPT_FILES_MAX } from '../../ports/journal-store.ts'
import { readChunks } from './chunks.ts'
import { durably, namesIn, syncDirectory } from './directory.ts'
import { FILE_MODE } from './mode.ts'
import { keptName, keptOf, segmentName } from './names.ts'

/** Copies the end of a segment to a file beside it, durable on return; removes the oldest such files. */
export async function keepPart(directory: string, segment: number, from: number): Promise<string> {
  const kept = await keptIn(directory)
  const last = Math.max(0, ...kept.filter(([of]) => of === segment).map(([, piece]) => piece))
  const name = keptName(segment, last + 1)
  await copyPart(join(directory, segmentName(segment)), from, join(directory, name))
  for (const [of, piece] of kept.slice(0, Math.max(0, kept.length + 1 - KEPT_FILES_MAX))) {
    await rm(join(directory, keptName(of, piece)))
  }
  await syncDirectory(directory)
  return name
}

/** Pieces put aside, the oldest first. */
async function keptIn(directory: string): Promise<readonly (readonly [segment: number, piece: number])[]> {
  return (await namesIn(directory))
    .map(keptOf)
    .filter((kept) => kept !== undefined)
    .sort(([a, m], [b, n]) => a - b || m - n)
}

async function copyPart(path: string, from: number, to: string): Promise<void> {
  const target = await open(to, 'wx', FILE_MODE)
  try {
    let at = 0
    for await (const chunk of readChunks(path, from)) {
      at += await writeAll(target, chunk, at)
    }
    await durably(to, () => target.sync())
  } catch (error) {
    await rm(to, { force: true })
    throw error
  } finally {
    await target.close()
  }
}

async function writeAll(file: FileHandle, bytes: Uint8Array, at: number): Promise<number> {
  for (let done = 0; done < bytes.length; ) {
    done += (await file.write(bytes, done, bytes.length - done, at + done)).bytesWritten
  }
  return bytes.length
}
