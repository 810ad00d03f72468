import { createReadStream, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { RecordReader, ThreadExport } from '../../verbs/services.ts'
import { exportToFile } from '../record/export.ts'

/** Exports threads out of the logs of a running node, as the offline command does: logs grow at their end only. */
export function recordPart(record: string, flush: () => void): RecordReader {
  return {
    async exportThread({ thread, form, content }): Promise<ThreadExport | undefined> {
      flush()
      const folder = mkdtempSync(join(tmpdir(), 'canswarm-export-'))
      const dispose = (): Promise<void> => Promise.resolve(rmSync(folder, { recursive: true, force: true }))
      try {
        const out = join(folder, `thread.${form}`)
        const written = exportToFile({ dir: record, thread, form, content, out, annex: undefined })
        if (written === undefined) {
          await dispose()
          return undefined
        }
        const { exported, bytes } = written
        return {
          pieces: createReadStream(out),
          bytes,
          isFinished: exported?.finished ?? true,
          needs: exported?.needs ?? 0,
          items: exported?.items ?? 0,
          missing: exported?.missing ?? [],
          dispose,
        }
      } catch (error) {
        await dispose()
        throw error
      }
    },
  }
}
