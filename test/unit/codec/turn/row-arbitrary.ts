import fc from 'fast-check'
import type { RowPart, TurnRow } from '../../../../src/codec/turn/row.ts'

const safe = fc.nat({ max: Number.MAX_SAFE_INTEGER })
const bytes = fc.uint8Array({ maxLength: 40 })
const raftIds = fc.array(fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }), { maxLength: 4 })

const head = fc.record({
  term: safe,
  vote: fc.option(fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }), { nil: undefined }),
  commit: safe,
  floor: safe,
  floorTerm: safe,
  last: safe,
})

const checkpoint = fc.record({
  kind: fc.constantFrom('own', 'snapshot'),
  applied: safe,
  term: safe,
  membership: fc.record({
    voters: raftIds,
    learners: raftIds,
    outgoing: raftIds,
    learnersNext: raftIds,
    autoLeave: fc.boolean(),
  }),
  chunks: fc.nat({ max: 2 ** 32 - 1 }),
  bytes: safe,
  stage: safe,
  head: bytes,
})

const entries = fc
  .tuple(
    fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER - 10 }),
    fc.array(fc.record({ term: safe, kind: fc.nat({ max: 255 }), data: bytes }), { maxLength: 6 }),
  )
  .map(([first, list]) => list.map((one, i) => ({ index: first + i, ...one })))

const notes = fc
  .uniqueArray(fc.record({ kind: fc.nat({ max: 255 }), bytes }), {
    selector: (one) => one.kind,
    maxLength: 4,
  })
  .map((list) => list.toSorted((a, b) => a.kind - b.kind))

const part = fc
  .record({
    group: fc.nat({ max: 2 ** 32 - 1 }),
    forget: fc.boolean(),
    head: fc.option(head, { nil: undefined }),
    checkpoint: fc.option(checkpoint, { nil: undefined }),
    entries,
    notes,
  })
  .filter(
    (one) =>
      one.forget ||
      one.head !== undefined ||
      one.checkpoint !== undefined ||
      one.entries.length > 0 ||
      one.notes.length > 0,
  )

/** Any row that can be written. */
export const anyRow: fc.Arbitrary<TurnRow> = fc
  .record({
    turn: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
    parts: fc.uniqueArray(part, { selector: (one) => one.group, maxLength: 5 }),
  })
  .map((row) => ({
    turn: row.turn as TurnRow['turn'],
    parts: row.parts.toSorted((a, b) => a.group - b.group) as unknown as RowPart[],
  }))
