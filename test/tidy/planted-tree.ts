import { cpSync, existsSync, mkdtempSync, renameSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'vitest'
import type { Gate, Problem } from '../../scripts/gates/gate.ts'

/** The root of this repository. */
export const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))))

/** What every gate needs of the real tree, so that a planted file is judged by the real rules. */
const SHARED = [
  'config/dev',
  'package.json',
  'tsconfig.json',
  'src/model/tsconfig.json',
  'src/codec/tsconfig.json',
  'src/core/tsconfig.json',
]

interface Planting {
  /** Paths of the real tree to copy; a file of the same name that is planted replaces it. */
  readonly shared?: readonly string[]
  /** What is too big to be kept as a file: written here, before the gate runs. */
  readonly prepare?: (root: string) => void
}

/**
 * Runs a gate, with its real tool, on a tree of its own: the shared configuration, node_modules by a link,
 * and the files of test/tidy/planted/<name> at the places that their paths say. A planted folder `modules`
 * becomes node_modules.
 */
export async function runOnPlanted(
  gate: Gate,
  name: string,
  { shared = SHARED, prepare }: Planting = {},
): Promise<readonly Problem[]> {
  const root = mkdtempSync(join(tmpdir(), 'canswarm-planted-'))
  try {
    for (const path of shared) cpSync(join(ROOT, path), join(root, path), { recursive: true })
    const planted = join(ROOT, 'test/tidy/planted', name)
    if (existsSync(planted)) cpSync(planted, root, { recursive: true })
    if (existsSync(join(root, 'modules'))) renameSync(join(root, 'modules'), join(root, 'node_modules'))
    else symlinkSync(join(ROOT, 'node_modules'), join(root, 'node_modules'))
    prepare?.(root)
    return await gate.run(root)
  } finally {
    rmSync(root, { recursive: true })
  }
}

/** Holds the problems against what was planted: file to the messages expected in it, in any order, and no other file. */
export function expectProblems(
  problems: readonly Problem[],
  planted: Readonly<Record<string, readonly (string | RegExp)[]>>,
): void {
  const found = Object.groupBy(problems, ({ file }) => file)
  expect(Object.keys(found).toSorted()).toStrictEqual(Object.keys(planted).toSorted())
  for (const [file, messages] of Object.entries(planted)) {
    const said = (found[file] ?? []).map(({ message }) => message)
    for (const message of messages) expect(said).toContainEqual(expect.stringMatching(message))
    expect(said, said.join('\n')).toHaveLength(messages.length)
  }
}
