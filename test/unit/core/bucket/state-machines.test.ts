import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { stateMachines } from '../../../../scripts/state-machines.ts'
import { isOver, NEED_STATES, TRANSITIONS } from '../../../../src/core/bucket/transitions.ts'

describe('states of a need (lifecycle.md, "States")', () => {
  it('the diagrams in the documents are those of the table that the machine asks', () => {
    expect(readFileSync('docs/state-machines.md', 'utf8')).toBe(stateMachines())
  })

  it('only DECIDE leads from RANKED to a lease, and nothing leads back before it', () => {
    const after = new Set(['DECIDED', 'CLAIMED', 'COMMITTED', 'FINAL'])
    for (const [entry, moves] of Object.entries(TRANSITIONS)) {
      for (const from of NEED_STATES) {
        for (const to of moves[from] ?? []) {
          if (!after.has(from) && after.has(to)) expect(entry).toBe('decide')
          if (after.has(from)) expect(['OPEN', 'RANKED']).not.toContain(to)
        }
      }
    }
  })

  it('a state that is over has no way out, and every other has one', () => {
    for (const from of NEED_STATES) {
      const others = Object.values(TRANSITIONS).flatMap((moves) =>
        (moves[from] ?? []).filter((to) => to !== from),
      )
      expect(others.length > 0).toBe(!isOver(from))
    }
  })
})
