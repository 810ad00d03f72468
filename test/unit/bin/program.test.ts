import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { entryOf, programOf, sourceKey } from '../../../bin/program.mjs'

const scratch = mkdtempSync(join(tmpdir(), 'canswarm-program-'))
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

function written(root: string, path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true })
  writeFileSync(join(root, path), text)
}

/** A tree with two sources, built as it stands. */
function builtTree(name: string): string {
  const root = join(scratch, name)
  written(root, 'package.json', '{}')
  written(root, 'node_modules/.package-lock.json', '{}')
  written(root, 'src/cli/main.ts', 'main')
  written(root, 'src/model/result.ts', 'result')
  const entry = entryOf(root, sourceKey(root))
  written(dirname(entry), 'canswarm.mjs', 'built')
  return root
}

const sources = (root: string) => pathToFileURL(join(root, 'src/cli/main.ts')).href

describe('the program', () => {
  it('is the build of these sources', () => {
    const root = builtTree('fresh')
    expect(programOf(root).href).toBe(pathToFileURL(entryOf(root, sourceKey(root))).href)
  })

  it('is the sources where nothing is built', () => {
    const root = builtTree('none')
    rmSync(join(root, 'dist'), { recursive: true })
    expect(programOf(root).href).toBe(sources(root))
  })

  it.each<[string, (root: string) => void]>([
    ['a source has another text', (root) => written(root, 'src/model/result.ts', 'another result')],
    ['a source was written again', (root) => utimesSync(join(root, 'src/model/result.ts'), 1, 1)],
    ['a source is new', (root) => written(root, 'src/model/more.ts', '')],
    ['a source is gone', (root) => rmSync(join(root, 'src/model/result.ts'))],
    ['dependencies were installed', (root) => written(root, 'node_modules/.package-lock.json', '{ }')],
    ['another program bundles', (root) => written(root, 'scripts/build/bundle.ts', '')],
    ['the package says something else', (root) => written(root, 'package.json', '{ }')],
  ])('is the sources again when %s', (name, change) => {
    const root = builtTree(name)
    change(root)
    expect(programOf(root).href).toBe(sources(root))
  })
})
