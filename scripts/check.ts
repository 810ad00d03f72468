/**
 * Every rule about the repository that a machine can judge: `npm run check [-- GATE ...]`.
 * One line a gate with its time, then what is wrong, then `N passed, N failed`. Exits 1 if any failed.
 */
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { GATES } from './gates/all.ts'
import type { Gate, Problem } from './gates/gate.ts'

const SHOWN_MAX = 50

interface Verdict {
  readonly gate: Gate
  readonly problems: readonly Problem[]
  readonly tookMs: number
}

async function judge(gate: Gate, root: string): Promise<Verdict> {
  const start = performance.now()
  // A gate that cannot judge has failed, whether it threw at once or later.
  const problems = await Promise.try(() => gate.run(root)).catch((error: unknown) => [
    { file: '.', message: String(error) },
  ])
  return { gate, problems, tookMs: performance.now() - start }
}

function show({ gate, problems, tookMs }: Verdict): void {
  const mark = problems.length === 0 ? 'ok    ' : 'FAILED'
  process.stdout.write(`${mark} ${gate.name.padEnd(13)} ${(tookMs / 1000).toFixed(1)} s  ${gate.about}\n`)
  for (const { file, message } of problems.slice(0, SHOWN_MAX))
    process.stdout.write(`       ${file}: ${message}\n`)
  const hidden = problems.length - SHOWN_MAX
  if (hidden > 0) process.stdout.write(`       and ${hidden} more\n`)
}

function chosen(names: readonly string[]): readonly Gate[] {
  const unknown = names.filter((name) => GATES.every((gate) => gate.name !== name))
  if (unknown.length > 0)
    throw new Error(`no gate ${unknown.join(', ')}: ${GATES.map(({ name }) => name).join(', ')}`)
  return names.length === 0 ? GATES : GATES.filter(({ name }) => names.includes(name))
}

const root = dirname(dirname(fileURLToPath(import.meta.url)))
let passed = 0
let failed = 0
// One after another: most of them use every core already.
for (const gate of chosen(process.argv.slice(2))) {
  const verdict = await judge(gate, root)
  show(verdict)
  if (verdict.problems.length === 0) passed += 1
  else failed += 1
}
process.stdout.write(`${passed} passed, ${failed} failed\n`)
if (failed > 0) process.exitCode = 1
