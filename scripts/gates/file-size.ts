import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as z from 'zod'
import { filesUnder } from './files.ts'
import type { Gate, Problem } from './gate.ts'

const LINES_MAX = 400
/** Tests are lists: one may be long without being hard to read. */
const TEST_LINES_MAX = 600
const LIST = 'config/dev/long-files.json'
const SOURCE = /^(?:bin|config|scripts|src|test)\/.*\.(?:ts|mjs|js|rego|go)$/u

/** A ratchet: a source file past its limit is listed with its length, and the list may only shrink. */
export const fileSize: Gate = {
  name: 'file-size',
  about: `source files of at most ${LINES_MAX} lines (tests ${TEST_LINES_MAX}); ${LIST} lists the others and may only shrink`,
  run(root) {
    const listed = z.record(z.string(), z.number()).parse(JSON.parse(readFileSync(join(root, LIST), 'utf8')))
    const files = filesUnder(root).filter((file) => SOURCE.test(file))
    if (files.length === 0) throw new Error('no source file was read')
    const gone = Object.keys(listed).filter((file) => !files.includes(file))
    return Promise.resolve([
      ...files.flatMap((file) => judge(file, linesOf(join(root, file)), listed[file])),
      ...gone.map((file) => ({ file: LIST, message: `${file} is gone: take its line out` })),
    ])
  },
}

function judge(file: string, lines: number, listed: number | undefined): readonly Problem[] {
  const max = file.startsWith('test/') ? TEST_LINES_MAX : LINES_MAX
  if (listed === undefined) {
    return lines > max ? [{ file, message: `${lines} lines, ${max} allowed: split it` }] : []
  }
  if (lines > listed)
    return [{ file, message: `${lines} lines, it had ${listed}: a long file may only shrink` }]
  if (lines <= max) return [{ file: LIST, message: `${file} has ${lines} lines: take its line out` }]
  return lines < listed
    ? [{ file: LIST, message: `${file} has ${lines} lines: lower its figure of ${listed}` }]
    : []
}

function linesOf(path: string): number {
  return readFileSync(path, 'utf8').trimEnd().split('\n').length
}
