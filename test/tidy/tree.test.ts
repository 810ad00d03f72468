import { describe, expect, it } from 'vitest'
import { GATES } from '../../scripts/gates/all.ts'
import { ROOT } from './planted-tree.ts'

describe('this repository', () => {
  it.each(GATES.map((gate) => [gate.name, gate] as const))('passes the gate %s', async (_name, gate) => {
    await expect(gate.run(ROOT)).resolves.toStrictEqual([])
  })
})
