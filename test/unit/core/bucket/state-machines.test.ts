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
    const moves = Object.entries(TRANSITIONS).flatMap(([entry, from]) =>
      NEED_STATES.flatMap((state) => (from[state] ?? []).map((to) => ({ entry, from: state, to }))),
    )
    const into = moves.filter(({ from, to }) => !after.has(from) && after.has(to))
    expect(into).toEqual([{ entry: 'decide', from: 'RANKED', to: 'CLAIMED' }])
    const back = moves.filter(({ from, to }) => after.has(from) && (to === 'OPEN' || to === 'RANKED'))
    expect(back).toEqual([])
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
