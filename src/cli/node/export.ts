import type { ThreadId } from '../../model/ids.ts'
import { exportToFile } from '../../node/record/export.ts'
import { defineCommand } from '../command.ts'
import { exportOfNode } from '../commands/export-node.ts'
import { nodeOf } from '../daemon.ts'
import { refuse, usageError } from '../failure.ts'
import { report } from '../report.ts'
import { fields } from '../table.ts'
import { storedNetwork } from './record-file.ts'

const THREAD = /^[a-z2-7]{32}$/

export const exportCommand = defineCommand({
  path: 'export',
  about: "Write a thread's record to a file that anybody can replay: the same bytes from every honest node",
  examples: [
    'canswarm export mf2…',
    'canswarm export mf2… --out thread.jsonl',
    'canswarm export mf2… --from logs',
    'canswarm export mf2… --from logs --jsonl --out thread.jsonl --no-artifacts',
  ],
  arguments: [{ name: 'THREAD', about: 'id of the thread' }],
  options: {
    from: { type: 'string', value: 'DIR', about: 'stored network of logs; else the running node is asked' },
    car: { type: 'boolean', about: 'as a CAR file (the default, unless --out ends with .jsonl)' },
    jsonl: { type: 'boolean', about: 'as readable lines of dag-json with the same content' },
    out: { type: 'string', value: 'FILE', about: 'where to; else <THREAD>.car or .jsonl here' },
    noArtifacts: { type: 'boolean', about: 'content by its CIDs alone' },
    annex: {
      type: 'string',
      value: 'FILE',
      about: 'write what was refused in the thread to a file of its own',
    },
  },
  async run(context, [thread], { from, car, jsonl, out, noArtifacts, annex }) {
    if (!THREAD.test(thread)) throw usageError(`${thread} is no thread id`, 'it has 32 letters and digits')
    if (from === undefined && annex !== undefined)
      throw usageError('an annex is made from stored logs', 'add --from DIR')
    if (car && jsonl) throw usageError('a file is a CAR or JSONL', 'leave one of --car and --jsonl out')
    const form = jsonl || (!car && out?.endsWith('.jsonl') === true) ? 'jsonl' : 'car'
    const path = out ?? `${thread}.${form}`
    const content = noArtifacts ? 'linked' : 'inline'
    if (from === undefined) return await exportOfNode(nodeOf(context), thread, { form, content, path })
    const request = {
      dir: storedNetwork(from),
      thread: thread as ThreadId,
      form,
      content,
      out: path,
      annex,
    } as const
    const written = exportToFile(request)
    if (written === undefined) return refuse('UNKNOWN_THREAD', `${from} knows nothing of thread ${thread}`)
    const { exported, bytes, annexed } = written
    const data = {
      thread,
      file: path,
      form,
      bytes,
      network: exported?.net.toString() ?? null,
      finished: exported?.finished ?? null,
      needs: exported?.needs ?? null,
      items: exported?.items ?? null,
      missing: exported?.missing ?? [],
      annexed,
    }
    return report('canswarm.export/1', data, fields(rowsOf(data)), { notes: notesOf(data) })
  },
})

interface Written {
  readonly file: string
  readonly bytes: number
  readonly needs: number | null
  readonly items: number | null
  readonly finished: boolean | null
  readonly missing: readonly string[]
}

function rowsOf({ file, bytes, needs, items, finished }: Written): [string, string][] {
  const all: [string, string][] = [
    ['file', file],
    ['bytes', String(bytes)],
  ]
  if (needs === null) return [...all, ['source', 'a file that was imported']]
  return [
    ...all,
    ['needs', String(needs)],
    ['items', String(items)],
    ['state', finished === true ? 'finished' : 'unfinished: up to the last certified entry'],
  ]
}

function notesOf({ missing }: Written): string[] {
  return missing.length === 0
    ? []
    : [`${missing.length} artifacts are not stored here: the file names them by CID (${missing[0]}, …)`]
}
