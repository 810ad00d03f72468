import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { GATES } from '../../scripts/gates/all.ts'
import { ROOT } from './planted-tree.ts'

describe('this repository', () => {
  it.each(GATES.map((gate) => [gate.name, gate] as const))('passes the gate %s', async (_name, gate) => {
    await expect(gate.run(ROOT)).resolves.toStrictEqual([])
  })

  it.each(GATES.map(({ name }) => name))('keeps violations that the gate %s must find', (name) => {
    expect(readdirSync(join(ROOT, 'test/tidy/planted', name))).not.toHaveLength(0)
  })
})
