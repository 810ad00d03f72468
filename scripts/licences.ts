/** The licences of a production install, read from the packages themselves, against a list of lawful ones. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as z from 'zod'
import type { Gate, Problem } from './gates/gate.ts'
import { productionClosure } from './gates/lock-file.ts'

const ALLOWED = new Set([
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'CC0-1.0',
  'ISC',
  'MIT',
  'Unlicense',
  'WTFPL',
])

const manifestShape = z.object({ license: z.string() })

export const licences: Gate = {
  name: 'licences',
  about: `production dependencies under ${[...ALLOWED].join(', ')}`,
  run(root) {
    const paths = [...productionClosure(root).keys()].filter((path) => existsSync(join(root, path)))
    if (paths.length === 0) throw new Error('no production dependency is installed')
    return Promise.resolve(paths.flatMap((path) => judge(root, path)))
  },
}

function judge(root: string, path: string): readonly Problem[] {
  const file = `${path}/package.json`
  const manifest = manifestShape.safeParse(JSON.parse(readFileSync(join(root, file), 'utf8')))
  if (!manifest.success) return [{ file, message: 'names no licence' }]
  const { license } = manifest.data
  return isAllowed(license) ? [] : [{ file, message: `is under ${license}` }]
}

/** An SPDX expression: one side of an OR is enough, every part of an AND is needed. */
function isAllowed(expression: string): boolean {
  const bare = expression.replaceAll(/[()]/gu, ' ').trim()
  return bare
    .split(/\s+OR\s+/u)
    .some((side) => side.split(/\s+AND\s+/u).every((part) => ALLOWED.has(part.trim())))
}
