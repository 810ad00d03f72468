import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { ENTRYPOINT } from '../../adapters/opa-wasm/engine.ts'
import { type Rejection, reject } from '../../model/rejection.ts'
import { ok, type Result } from '../../model/result.ts'
import { POLICY_FILE } from './files.ts'
import type { Opa } from './opa.ts'

/** What is not part of a policy: its tests, and what its folder says of the capsule. */
const NOT_POLICY = ['--ignore', '*_test.rego', '--ignore', POLICY_FILE.settings]

/**
 * Compiles all Rego of a folder into one module: the same sources give the same bytes. Rejects MALFORMED with the
 * compiler's own words, and for data files: what a policy knows stands in its Rego, so that its hash covers it.
 */
export function compilePolicy(opa: Opa, folder: string): Result<Uint8Array, Rejection> {
  const checked = opa.run(['check', '--strict', '--ignore', POLICY_FILE.settings, folder])
  if (!checked.ok) return reject('MALFORMED', wordsOf(checked.stderr))
  const scratch = mkdtempSync(join(tmpdir(), 'canswarm-policy-'))
  try {
    const out = join(scratch, 'bundle.tar.gz')
    // From inside, so that the bytes do not depend on where the folder is.
    const build = ['build', '--target', 'wasm', '--entrypoint', ENTRYPOINT, '--output', out]
    const built = opa.run([...build, ...NOT_POLICY, '.'], folder)
    if (!built.ok) return reject('MALFORMED', wordsOf(built.stderr))
    return moduleOf(gunzipSync(readFileSync(out)))
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}

/** Runs the tests that stand beside the Rego of a folder; undefined when there are none. `ok` when all pass. */
export function testRego(
  opa: Opa,
  folder: string,
): { readonly ok: boolean; readonly report: string } | undefined {
  if (!hasRegoTests(folder)) return undefined
  const { ok: passed, stdout, stderr } = opa.run(['test', '--ignore', POLICY_FILE.settings, '.'], folder)
  return { ok: passed, report: `${stdout}${stderr}`.trim() }
}

/** False too for what is no folder. */
export function hasRegoTests(folder: string): boolean {
  const isFolder = statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true
  return isFolder && readdirSync(folder).some((name) => name.endsWith('_test.rego'))
}

function wordsOf(stderr: string): string {
  return stderr.trim().replaceAll(/\s*\n\s*/gu, '; ')
}

function moduleOf(tar: Uint8Array): Result<Uint8Array, Rejection> {
  const files = filesOf(tar)
  const data = Buffer.from(files.get('/data.json') ?? '{}')
    .toString('utf8')
    .trim()
  if (data !== '{}')
    return reject('MALFORMED', 'a policy has no data files: write constants in Rego', 'data.json')
  const wasm = files.get('/policy.wasm')
  return wasm === undefined ? reject('MALFORMED', 'the compiler wrote no module') : ok(wasm)
}

const BLOCK = 512

/** Regular files of a tar archive as the compiler writes it: short names, sizes in octal. */
function filesOf(tar: Uint8Array): ReadonlyMap<string, Uint8Array> {
  const files = new Map<string, Uint8Array>()
  for (let at = 0; at + BLOCK <= tar.length && tar[at] !== 0; ) {
    const text = (from: number, to: number) =>
      Buffer.from(tar.subarray(at + from, at + to))
        .toString('latin1')
        .split('\0', 1)[0] ?? ''
    const size = Number.parseInt(text(124, 136), 8)
    files.set(text(0, 100), tar.slice(at + BLOCK, at + BLOCK + size))
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK
  }
  return files
}
