import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Records } from '../../../../src/core/records/tables.ts'
import type { Shape } from '../../../../src/core/records/view.ts'
import { ReadRecorder, writesOfRows } from '../../../../src/core/witness/rows.ts'

const record = fc.oneof(
  fc.bigInt(),
  fc.integer(),
  fc.string({ unit: 'grapheme' }),
  fc.array(fc.bigInt(), { maxLength: 3 }),
)

const state = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd'), record)

function recordsOf(values: Record<string, unknown>): Records<Shape> {
  const records = new Records<Shape>()
  records.apply(Object.entries(values).map(([key, value]) => ({ table: 't', key, value })))
  return records
}

describe('what a step read', () => {
  it('makes a shadow answer as the state did, for every key that was asked and every list of keys', () => {
    fc.assert(
      fc.property(
        state,
        state,
        fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'e')),
        fc.boolean(),
        (here, there, asked, lists) => {
          const view = recordsOf(here)
          const shadow = recordsOf(there)
          const recorder = new ReadRecorder(view)
          for (const key of asked) recorder.get('t', key)
          if (lists) recorder.keys('t')
          const rows = recorder.rowsFor(shadow)
          shadow.apply(writesOfRows(rows))
          for (const key of asked) expect(shadow.get('t', key)).toEqual(view.get('t', key))
          if (lists) expect(shadow.keys('t')).toEqual(view.keys('t'))
          expect(recorder.rowsFor(shadow)).toEqual([])
        },
      ),
    )
  })

  it('is nothing where the shadow knows it already', () => {
    const recorder = new ReadRecorder(recordsOf({ a: { n: 1n } }))
    recorder.get('t', 'a')
    expect(recorder.rowsFor(recordsOf({ a: { n: 1n }, b: 2 }))).toEqual([])
  })
})
