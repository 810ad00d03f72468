import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Entry, HardState } from '../../src/ports/consensus-group.ts'
import type { Checkpoint, GroupWrites, Note, TurnStore } from '../../src/ports/turn-store.ts'
import { checkpoint, entry, founding, group, hard, index, note } from '../setup/turn-writes.ts'
import type { TurnStoreHome } from './turn-store-home.ts'

const GROUPS = 3

/** A replica as one would write it down by hand. */
interface Replica {
  hardState: HardState
  checkpoint: Checkpoint
  floor: { index: number; term: number }
  entries: Entry[]
  notes: Map<number, Note>
}

type Action =
  | { readonly kind: 'turn'; readonly parts: readonly PartChoice[] }
  | { readonly kind: 'trim'; readonly rowsMax: number; readonly bytesMax: number }
  | { readonly kind: 'open' }

/** Numbers are made to fit the group as it is then. */
interface PartChoice {
  readonly group: number
  readonly what:
    | 'append'
    | 'conflict'
    | 'commit'
    | 'term'
    | 'checkpoint'
    | 'floor'
    | 'snapshot'
    | 'note'
    | 'forget'
  readonly a: number
  readonly b: number
}

const partChoice = fc.record({
  group: fc.nat(GROUPS - 1),
  what: fc.constantFrom(
    ...([
      'append',
      'append',
      'conflict',
      'commit',
      'term',
      'checkpoint',
      'floor',
      'snapshot',
      'note',
      'forget',
    ] as const),
  ),
  a: fc.nat(1_000),
  b: fc.nat(1_000),
})

const action: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('turn' as const),
      parts: fc.uniqueArray(partChoice, { selector: (part) => part.group, minLength: 1, maxLength: GROUPS }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('trim' as const),
      rowsMax: fc.integer({ min: 1, max: 12 }),
      bytesMax: fc.integer({ min: 100, max: 5_000 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('open' as const) }) },
)

/** Whatever is done in whatever order, a store says what one would have written down by hand. */
export function describeTurnStoreModel(make: () => TurnStoreHome, runs: number): void {
  it('says after any turns, trims and starts what was written (S4, S5, N2, B1)', () => {
    fc.assert(
      fc.property(fc.array(action, { minLength: 10, maxLength: 60 }), (actions) => {
        const home = make()
        const model = new Map<number, Replica>()
        let store = home.open()
        for (const one of actions) {
          if (one.kind === 'open') store = home.open()
          else if (one.kind === 'trim') expect(store.trim(one)).toMatchObject({ kind: 'trimmed' })
          else turn(store, model, one.parts)
          compare(store, model)
        }
        compare(home.open(), model)
      }),
      { numRuns: runs },
    )
  })
}

function turn(store: TurnStore, model: Map<number, Replica>, parts: readonly PartChoice[]): void {
  const former = new Map(
    [...model].map(
      ([
        id,
        {
          checkpoint: { applied },
        },
      ]) => [id, applied],
    ),
  )
  const groups = parts.map((part) => writesOf(store, model, part)).filter((writes) => writes !== undefined)
  expect(store.commit({ groups }).kind).toMatch(/stable|carried/u)
  for (const { group: id, what, a } of parts) {
    const applied = former.get(id)
    const isFormer =
      what === 'checkpoint' && applied !== undefined && applied !== model.get(id)?.checkpoint.applied
    if (isFormer && a % 2 === 0) store.discard(group(id), applied)
  }
}

/** Writes that fit, noted in the model; undefined when the choice does not fit the group as it is. */
function writesOf(
  store: TurnStore,
  model: Map<number, Replica>,
  choice: PartChoice,
): GroupWrites | undefined {
  const { group: id, what, a, b } = choice
  const replica = model.get(id)
  if (replica === undefined) {
    model.set(id, founded())
    return founding(id)
  }
  const { term, vote, commit } = replica.hardState
  const last = replica.entries.at(-1)?.index ?? replica.floor.index
  switch (what) {
    case 'append':
      return append(id, replica, last + 1, 1 + (a % 4), b)
    case 'conflict':
      return append(id, replica, commit + 1 + (a % (last - commit + 1)), 1 + (b % 3), b)
    case 'commit':
      return raise(id, replica, hard(term, vote, commit + (a % (last - commit + 1))))
    case 'term':
      return raise(id, replica, hard(term + 1, a % 2 === 0 ? undefined : 1 + (b % 3), commit))
    case 'checkpoint':
      return own(store, id, replica, a)
    case 'floor':
      return raiseFloor(id, replica, a)
    case 'snapshot':
      return install(store, id, replica, last + 1 + (a % 5))
    case 'note':
      replica.notes.set(a % 3, note(a % 3, b % 256, a % 256))
      return { group: group(id), notes: [note(a % 3, b % 256, a % 256)] }
    case 'forget':
      model.delete(id)
      return { group: group(id), forget: true }
    default:
      return what satisfies never
  }
}

function founded(): Replica {
  return {
    hardState: hard(1, undefined, 1),
    checkpoint: checkpoint('snapshot', 1, 1),
    floor: { index: 1, term: 1 },
    entries: [],
    notes: new Map(),
  }
}

function append(id: number, replica: Replica, from: number, count: number, salt: number): GroupWrites {
  const { term } = replica.hardState
  const made = Array.from({ length: count }, (_, i) =>
    entry(from + i, term, new Uint8Array((salt * (i + 1)) % 90).fill(salt)),
  )
  replica.entries = [...replica.entries.filter((one) => one.index < from), ...made]
  return { group: group(id), entries: made }
}

function raise(id: number, replica: Replica, hardState: HardState): GroupWrites {
  replica.hardState = hardState
  return { group: group(id), hardState }
}

function own(store: TurnStore, id: number, replica: Replica, salt: number): GroupWrites | undefined {
  const above = replica.entries.filter(
    (one) => one.index > replica.checkpoint.applied && one.index <= replica.hardState.commit,
  )
  const at = above[salt % Math.max(above.length, 1)]
  if (at === undefined) return undefined
  replica.checkpoint = staged(store, id, checkpoint('own', at.index, at.term), salt % 3)
  return { group: group(id), checkpoint: replica.checkpoint }
}

function raiseFloor(id: number, replica: Replica, salt: number): GroupWrites | undefined {
  const below = replica.entries.filter((one) => one.index <= replica.checkpoint.applied)
  const at = below[salt % Math.max(below.length, 1)]
  if (at === undefined) return undefined
  replica.floor = { index: at.index, term: at.term }
  replica.entries = replica.entries.filter((one) => one.index > at.index)
  return { group: group(id), floor: at.index }
}

function install(store: TurnStore, id: number, replica: Replica, at: number): GroupWrites {
  const { term, vote } = replica.hardState
  replica.checkpoint = staged(store, id, checkpoint('snapshot', at, term), at % 4)
  replica.hardState = hard(term, vote, at)
  replica.floor = { index: at, term }
  replica.entries = []
  return { group: group(id), checkpoint: replica.checkpoint, hardState: replica.hardState }
}

/** The checkpoint with so many parts, put aside. */
function staged(store: TurnStore, id: number, made: Checkpoint, chunks: number): Checkpoint {
  if (chunks === 0) return made
  const parts = Array.from({ length: chunks }, (_, number) => partOf(made.applied, number))
  const list = parts.map((bytes, number) => ({ group: group(id), at: made.applied, number, bytes }))
  expect(store.stage(list)).toBe('stored')
  return { ...made, chunks, bytes: parts.reduce((sum, { length }) => sum + length, 0) }
}

function partOf(at: number, number: number): Uint8Array {
  return new Uint8Array(5 + ((at + number) % 40)).fill(at + number)
}

function compare(store: TurnStore, model: ReadonlyMap<number, Replica>): void {
  const ids = [...model.keys()].sort((a, b) => a - b)
  expect(store.groups()).toEqual(ids)
  const found = store.readGroups(store.groups())
  expect(found.map((replica) => ({ ...replica, turn: 0 }))).toEqual(
    ids.map((id) => {
      const replica = model.get(id) as Replica
      const notes = [...replica.notes.values()].sort((a, b) => a.kind - b.kind)
      return { kind: 'sound', group: id, ...replica, notes, turn: 0 }
    }),
  )
  for (const id of ids) compareReads(store, id, model.get(id) as Replica)
}

function compareReads(
  store: TurnStore,
  id: number,
  { checkpoint: { applied, chunks }, entries }: Replica,
): void {
  for (let number = 0; number < chunks; number++) {
    expect(store.readChunk(group(id), applied, number)).toEqual(partOf(applied, number))
  }
  const middle = entries[entries.length >> 1]
  if (middle !== undefined) {
    const rest = entries.filter((one) => one.index >= middle.index)
    expect(store.readEntries(group(id), index(middle.index), 1e6)).toEqual(rest)
  }
}
