/** Runs the plays against a copy of the source in which one rule is broken. */
import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { RuleMutant } from './mutants.ts'

const ROOT = new URL('../../', import.meta.url).pathname

export interface Hunted {
  readonly name: string
  /** Which check found it; undefined: none within the seeds. */
  readonly check: string | undefined
  /** The seed that found it. */
  readonly seed: number
}

/** The source with the rule broken. Throws where the piece does not stand there just once. */
export function broken({ name, file, find, replace }: RuleMutant, source: string): string {
  const parts = source.split(find)
  if (parts.length !== 2) throw new Error(`${name}: ${file} has it ${parts.length - 1} times, not once`)
  return parts.join(replace)
}

export function sourceOf({ file }: RuleMutant): string {
  return readFileSync(join(ROOT, 'src', file), 'utf8')
}

/** Plays seeds until a check finds the mutant. */
export function hunt(mutant: RuleMutant, seeds: number, firstSeed = 1): Hunted {
  const folder = mkdtempSync(join(tmpdir(), 'canswarm-mutant-'))
  try {
    for (const name of ['src', 'scripts', 'package.json']) {
      cpSync(join(ROOT, name), join(folder, name), { recursive: true })
    }
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
    writeFileSync(join(folder, 'src', mutant.file), broken(mutant, sourceOf(mutant)))
    const args = [
      'scripts/sim-core.ts',
      '--seed',
      String(firstSeed),
      '--seeds',
      String(seeds),
      '--first-only',
    ]
    const { stdout, status } = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' })
    const found = /^seed (\d+) VIOLATION (\w+): (.*)$/mu.exec(stdout)
    if (status === 0 || found === null) return { name: mutant.name, check: undefined, seed: 0 }
    const [, seed, kind, text = ''] = found
    return { name: mutant.name, check: checkOf(kind, text), seed: Number(seed) }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** A violation names its check; a crash is the assertion that stopped it. */
function checkOf(kind: string | undefined, text: string): string {
  return kind === 'Violation' ? (text.split(':')[0] ?? '') : `assertion: ${text.slice(0, 60)}`
}
