import { execFileSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'
import { programOf } from '../../../bin/program.mjs'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
const SOURCES = join(ROOT, 'src', 'cli', 'main.ts')

describe('the bundled program', () => {
  beforeAll(() => {
    execFileSync(process.execPath, [join(ROOT, 'scripts', 'build.ts')])
  })

  it('is what bin/canswarm runs, in a fraction of the files', () => {
    const program = fileURLToPath(programOf(ROOT))
    expect(program).toContain(join('dist', 'program'))
    expect(readdirSync(dirname(program)).length).toBeLessThan(400)
  })

  it.each([
    ['version', '--json'], // reads files beside the sources
    ['policy', 'inspect', '--help'],
  ])('says what the sources say: %s', (...args) => {
    const said = (script: string) => execFileSync(process.execPath, [script, ...args], { encoding: 'utf8' })
    expect(said(fileURLToPath(programOf(ROOT)))).toBe(said(SOURCES))
  })
})
