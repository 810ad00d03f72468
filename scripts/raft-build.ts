/**
 * `npm run raft:build`: builds the consensus engine with the Go that its go.mod names and writes the
 * compressed module and the sums beside it. With `--check` it writes nothing: it builds twice, from two
 * folders, once with an empty cache, and compares every byte with what is committed. Without that Go,
 * `--check` says SKIPPED.
 */
import { hash } from 'node:crypto'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { brotliCompressSync, constants } from 'node:zlib'
import {
  COMPRESSED_FILE,
  formatSums,
  MODULE_FILE,
  SUMS_FILE,
} from '../src/adapters/etcd-raft/engine-module.ts'
import { ENGINE, go, goEnv, SHIM, WASM, wantedGo, whyNoGo } from './raft-go.ts'

const BUILD = ['build', '-trimpath', '-buildvcs=false', '-ldflags=-s -w', '-buildmode=c-shared']

const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } })
const scratch = mkdtempSync(join(tmpdir(), 'raft-build-'))
try {
  process.exitCode = main(values.check)
} finally {
  rmSync(scratch, { recursive: true, force: true })
}

function main(check: boolean): number {
  const why = whyNoGo()
  if (why !== undefined) {
    process.stdout.write(`SKIPPED: the engine was not built: ${why}\n`)
    return check ? 0 : 1
  }
  const built = build(SHIM, 'first')
  return check ? compare(built) : write(built)
}

function build(folder: string, name: string, env: Readonly<Record<string, string>> = {}): Buffer {
  const out = join(scratch, `${name}.wasm`)
  go(folder, [...BUILD, '-o', out, '.'], goEnv({ ...WASM, ...env }))
  return readFileSync(out)
}

/** The same parameters, the same bytes, as long as Node is the same. */
function compress(module: Buffer): Buffer {
  const { BROTLI_PARAM_QUALITY, BROTLI_PARAM_LGWIN, BROTLI_PARAM_SIZE_HINT } = constants
  return brotliCompressSync(module, {
    params: {
      [BROTLI_PARAM_QUALITY]: 11,
      [BROTLI_PARAM_LGWIN]: 24,
      [BROTLI_PARAM_SIZE_HINT]: module.length,
    },
  })
}

function sumsOf(module: Buffer, compressed: Buffer): string {
  return formatSums(
    new Map([
      [COMPRESSED_FILE, hash('sha256', compressed)],
      [MODULE_FILE, hash('sha256', module)],
    ]),
  )
}

function write(module: Buffer): number {
  const compressed = compress(module)
  writeFileSync(join(ENGINE, COMPRESSED_FILE), compressed)
  writeFileSync(join(ENGINE, SUMS_FILE), sumsOf(module, compressed))
  process.stdout.write(`built with ${wantedGo()}: ${module.length} bytes, compressed ${compressed.length}\n`)
  return 0
}

function compare(first: Buffer): number {
  const copy = join(scratch, 'copy')
  cpSync(SHIM, copy, { recursive: true })
  const second = build(copy, 'second', { GOCACHE: join(scratch, 'cache') })
  const compressed = compress(first)
  const checks: readonly (readonly [string, boolean])[] = [
    ['two builds are the same', first.equals(second)],
    [
      `${COMPRESSED_FILE} is this build, compressed`,
      readFileSync(join(ENGINE, COMPRESSED_FILE)).equals(compressed),
    ],
    [
      `${SUMS_FILE} names these bytes`,
      readFileSync(join(ENGINE, SUMS_FILE), 'utf8') === sumsOf(first, compressed),
    ],
  ]
  for (const [what, holds] of checks) process.stdout.write(`${holds ? 'ok' : 'FAILED'}: ${what}\n`)
  return checks.every(([, holds]) => holds) ? 0 : 1
}
