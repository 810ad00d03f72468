import { type FileHandle, open } from 'node:fs/promises'
import { join } from 'node:path'
import type { JournalSegment, JournalStore } from '../../ports/journal-store.ts'
import { readChunks } from './chunks.ts'
import { durably, makeDirectory, namesIn, syncDirectory } from './directory.ts'
import { guarded, isMissing } from './fault.ts'
import { keepPart } from './kept.ts'
import { FILE_MODE } from './mode.ts'
import { segmentName, segmentOf } from './names.ts'

/**
 * Segments as files `<directory>/<8 digits>.jsonl`, pieces put aside as `<8 digits>.torn-<n>` beside them.
 * The directory is made when something is first written; only its owner may read it.
 */
export function journalFiles(directory: string): JournalStore {
  return {
    list: () => guarded(`list ${directory}`, () => listSegments(directory)),
    read: (segment, from = 0) => readChunks(join(directory, segmentName(segment)), from),
    open: (segment) =>
      guarded(`open segment ${segment} of the journal`, () => openSegment(directory, segment)),
    keep: (segment, from) =>
      guarded(`put a part of segment ${segment} of the journal aside`, () =>
        keepPart(directory, segment, from),
      ),
  }
}

async function listSegments(directory: string): Promise<readonly number[]> {
  return (await namesIn(directory))
    .map(segmentOf)
    .filter((segment) => segment !== undefined)
    .sort((a, b) => a - b)
}

async function openSegment(directory: string, segment: number): Promise<JournalSegment> {
  await makeDirectory(directory)
  const path = join(directory, segmentName(segment))
  const file = await openOrCreate(path)
  try {
    // Also for a file that was there: whoever made it may have ended before its name was durable.
    await syncDirectory(directory)
    const { size } = await file.stat()
    return segmentFile(file, segment, size, path)
  } catch (error) {
    await file.close()
    throw error
  }
}

async function openOrCreate(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r+')
  } catch (error) {
    if (!isMissing(error)) throw error
    return open(path, 'wx', FILE_MODE)
  }
}

function segmentFile(file: FileHandle, segment: number, bytes: number, path: string): JournalSegment {
  return {
    segment,
    bytes,
    write: (data, at) =>
      guarded(`write ${path}`, async () => (await file.write(data, 0, data.length, at)).bytesWritten),
    truncate: (to) => guarded(`truncate ${path}`, () => file.truncate(to)),
    sync: () => durably(path, () => file.datasync()),
    close: () => guarded(`close ${path}`, () => file.close()),
  }
}
