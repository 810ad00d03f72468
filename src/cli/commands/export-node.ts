import { createWriteStream } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ApiClient } from '../../sdk/client.ts'
import { asked, daemonError } from '../daemon.ts'
import { type Report, report } from '../report.ts'
import { fields } from '../table.ts'

export interface ExportWish {
  readonly form: 'car' | 'jsonl'
  readonly content: 'inline' | 'linked'
  readonly path: string
}

/** The record of a thread as the running node writes it, into a file that appears whole or not at all. */
export async function exportOfNode(node: ApiClient, thread: string, wish: ExportWish): Promise<Report> {
  const { form, content, path } = wish
  const { bytes, isFinished, needs, items, missing, pieces } = await asked(
    node.exportThread(thread, { form, content }),
  )
  const part = `${path}.part`
  try {
    await pipeline(Readable.from(pieces), createWriteStream(part, { mode: 0o600, flush: true }))
    await rename(part, path)
  } catch (error) {
    await rm(part, { force: true })
    throw daemonError(error)
  }
  const data = { thread, file: path, form, bytes, finished: isFinished, needs, items, missing_count: missing }
  const state = isFinished ? 'finished' : 'unfinished: up to the last certified entry'
  const text = fields([
    ['file', path],
    ['bytes', String(bytes)],
    ['needs', String(needs)],
    ['items', String(items)],
    ['state', state],
  ])
  const notes = missing === 0 ? [] : [`${missing} artifacts are not here: the file names them by CID`]
  return report('canswarm.export.node/1', data, text, { notes })
}
