import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { GATES } from '../../scripts/gates/all.ts'
import { ROOT } from './planted-tree.ts'

/** They read every file with all its types, half a minute each: `npm run check` asks them, which CI runs too. */
const SLOW: ReadonlySet<string> = new Set(['types', 'lint'])
const quick = GATES.filter(({ name }) => !SLOW.has(name))

describe('this repository', () => {
  it.each(quick.map((gate) => [gate.name, gate] as const))('passes the gate %s', async (_name, gate) => {
    await expect(gate.run(ROOT)).resolves.toStrictEqual([])
  })

  it.each(GATES.map(({ name }) => name))('keeps violations that the gate %s must find', (name) => {
    expect(readdirSync(join(ROOT, 'test/tidy/planted', name))).not.toHaveLength(0)
  })
})
