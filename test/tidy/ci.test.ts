import { spawnSync } from 'node:child_process'
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ROOT } from './planted-tree.ts'

const FINE = 'echo "3 passed, 0 failed, 1 skipped"'

let root: string

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'canswarm-ci-'))
  cpSync(join(ROOT, '.ci'), join(root, '.ci'), { recursive: true })
  mkdirSync(join(root, 'stubs'))
  stub('docker', 'exit 1')
})

afterEach(() => {
  rmSync(root, { recursive: true })
})

function stub(name: string, script: string): void {
  const path = join(root, 'stubs', name)
  writeFileSync(path, `#!/bin/sh\n${script}\n`)
  chmodSync(path, 0o755)
}

/** npm as a script that does one thing for each of its first words. */
function stubNpm(steps: {
  readonly test?: string
  readonly check?: string
  readonly mesh?: string
  readonly demo?: string
  readonly policies?: string
}): void {
  const { test = FINE, check = FINE, mesh = FINE, demo = 'echo demo', policies = 'exit 9' } = steps
  stub(
    'npm',
    `case "$*" in test) ${test} ;; "run check") ${check} ;; "run test:mesh") ${mesh} ;; "run demo") ${demo} ;;
      "run policy:build -- --check --install") ${policies} ;; *) exit 9 ;; esac`,
  )
}

function runCi(): { code: number | null; last: string; output: string } {
  const PATH = `${join(root, 'stubs')}:${process.env['PATH'] ?? ''}`
  const run = spawnSync(join(root, '.ci/run'), { encoding: 'utf8', env: { ...process.env, PATH } })
  return { code: run.status, last: run.stdout.trimEnd().split('\n').at(-1) ?? '', output: run.stdout }
}

function addDemo(): void {
  mkdirSync(join(root, 'src/cli/node'), { recursive: true })
  writeFileSync(join(root, 'src/cli/node/demo.ts'), '')
}

function addScript(name: string): void {
  mkdirSync(join(root, 'scripts'), { recursive: true })
  writeFileSync(join(root, `scripts/${name}.ts`), '')
}

describe('.ci/run', () => {
  it('adds up tests, gates and steps, and says what it skipped', () => {
    stubNpm({})
    addDemo()
    const { code, last, output } = runCi()
    expect({ code, last }).toStrictEqual({ code: 0, last: '7 passed, 0 failed' })
    expect(output).toMatch(/^SKIPPED: npm run bench/mu)
    expect(output).toMatch(/^SKIPPED: container image: no Docker engine here$/mu)
  })

  it('fails with a failed test', () => {
    stubNpm({ test: 'echo "2 passed, 1 failed"; exit 1' })
    expect(runCi()).toMatchObject({ code: 1, last: '5 passed, 1 failed' })
  })

  it('runs networks of processes where there are tests of them', () => {
    mkdirSync(join(root, 'test/mesh'), { recursive: true })
    stubNpm({ mesh: 'echo "2 passed, 1 failed"; exit 1' })
    expect(runCi()).toMatchObject({ code: 1, last: '8 passed, 1 failed' })
  })

  it('fails when a command fails after a clean closing line', () => {
    stubNpm({ check: `${FINE}; exit 3` })
    expect(runCi()).toMatchObject({ code: 1, last: '6 passed, 1 failed' })
  })

  it('fails when a command has no closing line', () => {
    stubNpm({ test: 'echo all is well' })
    expect(runCi()).toMatchObject({ code: 1, last: '3 passed, 1 failed' })
  })

  it('fails when the demonstration fails', () => {
    stubNpm({ demo: 'exit 1' })
    addDemo()
    expect(runCi()).toMatchObject({ code: 1, last: '6 passed, 1 failed' })
  })

  it('builds the policies again, and fails when a byte differs', () => {
    addScript('policy-build')
    stubNpm({ policies: 'echo the same bytes' })
    expect(runCi()).toMatchObject({ code: 0, last: '7 passed, 0 failed' })
    stubNpm({ policies: 'echo DIFFERS; exit 1' })
    expect(runCi()).toMatchObject({ code: 1, last: '6 passed, 1 failed' })
  })

  it('says what could not be built again, and counts it as nothing', () => {
    addScript('policy-build')
    stubNpm({ policies: 'echo SKIPPED: no compiler' })
    const { code, last, output } = runCi()
    expect({ code, last }).toStrictEqual({ code: 0, last: '6 passed, 0 failed' })
    expect(output).toMatch(/^SKIPPED: npm run policy:build -- --check --install: see above$/mu)
  })

  it('is executable, as is the program itself', () => {
    for (const file of ['.ci/run', 'bin/canswarm'])
      expect(statSync(join(ROOT, file)).mode & 0o111, file).toBe(0o111)
  })
})
