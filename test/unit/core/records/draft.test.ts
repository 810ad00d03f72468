import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Draft } from '../../../../src/core/records/draft.ts'
import { Records } from '../../../../src/core/records/tables.ts'

type Tables = { readonly a: number; readonly b: number }

const write = fc.tuple(
  fc.constantFrom('a' as const, 'b' as const),
  fc.nat(9).map(String),
  fc.option(fc.nat(), { nil: undefined }),
)

describe('a draft upon a state (architecture.md, "Batching is the design": a step returns writes)', () => {
  it('reads what it wrote, leaves the state alone, and its writes make the state what it read', () => {
    fc.assert(
      fc.property(fc.array(write), fc.array(write), (before, after) => {
        const records = new Records<Tables>()
        records.apply(before.map(([table, key, value]) => ({ table, key, value })))
        const image = () =>
          (['a', 'b'] as const).map((table) =>
            records.keys(table).map((key) => [key, records.get(table, key)]),
          )
        const start = image()
        const draft = new Draft<Tables>(records)
        for (const [table, key, value] of after) {
          draft.put(table, key, value)
          expect(draft.get(table, key)).toBe(value)
        }
        expect(image()).toEqual(start)
        const read = (['a', 'b'] as const).map((table) =>
          draft.keys(table).map((key) => [key, draft.get(table, key)]),
        )
        records.apply(draft.writes())
        expect(image()).toEqual(read)
      }),
      { numRuns: 300 },
    )
  })
})
