import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { LogFiles } from '../../adapters/log-files/log-files.ts'
import { type ReadBlock, readBundle } from '../../codec/bundle/read-bundle.ts'
import { BundleWriter, carFile, jsonlFile, type NamedBlock } from '../../codec/bundle/write-bundle.ts'
import { FaultError } from '../../model/fault.ts'
import type { ThreadId } from '../../model/ids.ts'
import { writeAnnex } from '../../services/record/annex.ts'
import { type Exported, exportThread, trustingMachines } from '../../services/record/export-thread.ts'
import { offline } from '../offline.ts'
import { FileSpool, openPieces, writePieces } from './files.ts'

/** The two forms of an export. */
export const FORMS = { car: carFile, jsonl: jsonlFile } as const
export type Form = keyof typeof FORMS

export interface ExportRequest {
  readonly dir: string
  readonly thread: ThreadId
  readonly form: Form
  readonly content: 'inline' | 'linked'
  readonly out: string
  /** Where what else the logs hold of the thread goes; absent: nowhere. */
  readonly annex: string | undefined
}

export interface ExportedFile {
  readonly bytes: number
  /** Absent for a thread that was imported: its file is written as it came. */
  readonly exported?: Exported
  /** Lines of the annex. */
  readonly annexed: number
}

/** Where a stored network keeps the exports that were imported. */
export function importedPath(dir: string, thread: string): string {
  return join(dir, 'threads', `${thread}.car`)
}

/**
 * Writes the export of a thread of a stored network; undefined where it knows nothing of it. Faults `store-io`,
 * `store-damaged`.
 */
export function exportToFile(request: ExportRequest): ExportedFile | undefined {
  const { sha256 } = offline.crypto
  const source = LogFiles.open(request.dir, sha256)
  using spool = new FileSpool()
  using aside = new FileSpool()
  try {
    const writer = new BundleWriter(spool, sha256)
    const { thread, content } = request
    const machinesOf = trustingMachines(offline.crypto)
    const exported = exportThread(writer, { source, thread, content, sha256, aside, machinesOf })
    if (exported === undefined) return writeImported(request)
    const bytes = writePieces(request.out, FORMS[request.form](writer.blocks(exported)))
    const annexed = request.annex === undefined ? 0 : writeAnnexFile(request.annex, source, thread)
    return { bytes, exported, annexed }
  } finally {
    source.close()
  }
}

function writeAnnexFile(path: string, source: LogFiles, thread: ThreadId): number {
  let lines = 0
  const encoder = new TextEncoder()
  const pieces = function* () {
    for (const line of writeAnnex(source, thread, offline.crypto.sha256)) {
      lines += 1
      yield encoder.encode(line)
    }
  }
  writePieces(path, pieces())
  return lines
}

function writeImported({ dir, thread, form, out }: ExportRequest): ExportedFile | undefined {
  const path = importedPath(dir, thread)
  if (!existsSync(path)) return undefined
  return { bytes: convert(path, out, form), annexed: 0 }
}

/** Writes an export in a form, whatever its own is. Faults `store-damaged` with the place of what is wrong with it. */
export function convert(from: string, to: string, form: Form): number {
  return writePieces(to, FORMS[form](blocksOf(from)))
}

function* blocksOf(path: string): Generator<NamedBlock> {
  for (const read of readBundle(openPieces(path).pieces, offline.crypto.sha256)) {
    if (!read.ok) {
      const { place, rejection } = read.error
      throw new FaultError('store-damaged', `${path}, ${place.unit} ${place.number}: ${rejection.message}`)
    }
    yield named(read.value)
  }
}

function named({ cid, bytes }: ReadBlock): NamedBlock {
  return { cid, bytes }
}
