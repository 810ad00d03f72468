import type { Job } from '../../ports/job.ts'
import { encodeDagJson } from '../dag-json/encode.ts'
import { INPUT_FILE } from './check-job.ts'

/** Name of the file that is the result, where the worker makes it. */
export const OUTPUT_FILE = 'output'

/** Where a worker finds its inputs and leaves its result: absolute paths, as the worker sees them. */
export interface JobFolders {
  readonly inputs: string
  readonly output: string
}

/**
 * What a worker reads on its standard input: one line of JSON, keys in order. `input` and `files` name what may be
 * read; `output.path` is a file that, if the worker makes it, is the result in the place of its standard output.
 * Source: operations.md, "Agents" (exec).
 */
export function taskDocument({ task, input, files = [], seed }: Job, folders: JobFolders): string {
  const entry = (name: string, bytes: Uint8Array) => ({
    name,
    path: `${folders.inputs}/${name}`,
    size: bytes.length,
  })
  const document = {
    v: 1,
    task: { ...task },
    input: entry(INPUT_FILE, input),
    files: files.map(({ name, bytes }) => entry(name, bytes)),
    output: { path: `${folders.output}/${OUTPUT_FILE}` },
    seed: seed.toHex(),
  }
  return `${encodeDagJson(document)}\n`
}
