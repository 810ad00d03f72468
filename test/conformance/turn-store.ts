import { beforeEach, describe, expect, it } from 'vitest'
import { NOTE_BYTES_MAX } from '../../src/model/turn.ts'
import type { TurnStore, TurnWrites } from '../../src/ports/turn-store.ts'
import {
  checkpoint,
  entries,
  entry,
  founding,
  group,
  hard,
  index,
  note,
  voters,
} from '../setup/turn-writes.ts'
import { commit, read, type TurnStoreHome } from './turn-store-home.ts'
import { describeTurnStoreModel } from './turn-store-model.ts'
import { describeTurnStoreStates } from './turn-store-states.ts'

const LONG = Array.from({ length: 300 }, () => 7)

/** What every TurnStore promises; `make` gives an empty home. */
export function describeTurnStore(name: string, make: () => TurnStoreHome, runs: number): void {
  describe(`TurnStore: ${name}`, () => {
    let home: TurnStoreHome
    let store: TurnStore

    beforeEach(() => {
      home = make()
      store = home.open()
    })

    it('has no groups and a new history before anything is written', () => {
      expect(store.groups()).toEqual([])
      expect(store.origin).toEqual({ history: 'new', incarnation: 1, reason: '' })
    })

    it('counts its openings (B5)', () => {
      commit(store, founding(1))
      expect(home.open().origin).toEqual({ history: 'continued', incarnation: 2, reason: '' })
      expect(home.open().origin.incarnation).toBe(3)
    })

    it('gives back after a start what a founded group was (B1, B4, B6)', () => {
      commit(store, founding(7))
      store = home.open()
      expect(store.groups()).toEqual([7])
      expect(read(store, 7)).toEqual({
        kind: 'sound',
        group: 7,
        hardState: hard(1, undefined, 1),
        checkpoint: checkpoint('snapshot', 1, 1),
        floor: { index: 1, term: 1 },
        entries: [],
        notes: [],
        turn: 1,
      })
    })

    it('gives back a replica that has not got its first state', () => {
      commit(store, { group: group(2), hardState: hard(0, undefined, 0) })
      store = home.open()
      expect(read(store, 2)).toMatchObject({
        checkpoint: undefined,
        floor: { index: 0, term: 0 },
        entries: [],
      })
    })

    it('keeps all groups of a turn in one row (S4)', () => {
      const ids = [9, 3, 256, 0]
      expect(store.commit({ groups: ids.map(founding) })).toEqual({ kind: 'stable', turn: 1 })
      const outcome = store.commit({
        groups: ids.map((id) => ({ group: group(id), entries: entries(2, 4, 2), hardState: hard(2, 1, 2) })),
      })
      expect(outcome).toEqual({ kind: 'stable', turn: 2 })
      store = home.open()
      expect(store.groups()).toEqual([0, 3, 9, 256])
      for (const replica of store.readGroups(store.groups())) {
        expect(replica).toMatchObject({ hardState: hard(2, 1, 2), entries: entries(2, 4, 2), turn: 2 })
      }
    })

    it('overwrites a conflicting tail in the row that writes the new one (S5)', () => {
      commit(store, founding(1))
      commit(store, { group: group(1), entries: entries(2, 9, 1), hardState: hard(1, 1, 3) })
      commit(store, { group: group(1), entries: entries(5, 6, 2), hardState: hard(2, 3, 3) })
      const log = [...entries(2, 4, 1), ...entries(5, 6, 2)]
      expect(read(store, 1).entries).toEqual(log)
      store = home.open()
      expect(read(store, 1).entries).toEqual(log)
      commit(store, { group: group(1), entries: entries(7, 7, 2) })
      store = home.open()
      expect(read(store, 1).entries).toEqual([...log, entry(7, 2)])
    })

    it('carries a commit index that rose alone, and writes it with the next row (S3)', () => {
      commit(store, { ...founding(1) }, { ...founding(2) })
      commit(store, { group: group(1), entries: entries(2, 5, 1) })
      expect(store.commit({ groups: [{ group: group(1), hardState: hard(1, undefined, 4) }] })).toEqual({
        kind: 'carried',
      })
      expect(read(store, 1).hardState.commit).toBe(4)
      commit(store, { group: group(2), entries: entries(2, 2, 1) })
      store = home.open()
      expect(read(store, 1)).toMatchObject({ hardState: hard(1, undefined, 4), turn: 3 })
    })

    it('has nothing to do for a turn without writes', () => {
      expect(store.commit({ groups: [] })).toEqual({ kind: 'carried' })
    })

    it('is synced for a new term, vote, entry, note, checkpoint or floor (S3)', () => {
      commit(store, founding(1))
      const turns: TurnWrites['groups'] = [
        { group: group(1), hardState: hard(2, undefined, 1) },
        { group: group(1), hardState: hard(2, 3, 1) },
        { group: group(1), entries: entries(2, 5, 2) },
        { group: group(1), notes: [note(1, 1)] },
        { group: group(1), hardState: hard(2, 3, 4) },
        { group: group(1), checkpoint: checkpoint('own', 4, 2) },
        { group: group(1), floor: index(3) },
      ]
      expect(turns.map((writes) => store.commit({ groups: [writes] }).kind)).toEqual([
        'stable',
        'stable',
        'stable',
        'stable',
        'carried',
        'stable',
        'stable',
      ])
    })

    it('keeps the latest note of each kind', () => {
      commit(store, { ...founding(1), notes: [note(3, 1), note(0, 2)] })
      commit(store, { group: group(1), notes: [note(3, 9, 9), note(255, ...LONG)] })
      store = home.open()
      expect(read(store, 1).notes).toEqual([note(0, 2), note(3, 9, 9), note(255, ...LONG)])
    })

    it('reads entries from an index on, about as many bytes as asked and at least one', () => {
      commit(store, founding(1))
      for (let i = 2; i <= 40; i += 3) {
        commit(store, {
          group: group(1),
          entries: [0, 1, 2].map((more) => entry(i + more, 1, new Uint8Array(10))),
        })
      }
      store = home.open()
      const indexes = (from: number, bytes: number) =>
        store.readEntries(group(1), index(from), bytes).map((one) => one.index)
      expect(indexes(2, 1e6)).toEqual(Array.from({ length: 39 }, (_, i) => i + 2))
      expect(indexes(6, 45)).toEqual([6, 7, 8, 9])
      expect(indexes(40, 1)).toEqual([40])
      expect(() => indexes(41, 1)).toThrow('what is read lies in the log')
      expect(() => indexes(1, 1)).toThrow('what is read lies in the log')
    })

    it('forgets a group with all that is known of it, for good', () => {
      commit(store, { ...founding(1), notes: [note(1, 1)] }, founding(2))
      commit(store, { group: group(1), entries: entries(2, 30, 1) })
      commit(store, { group: group(1), forget: true })
      expect(store.groups()).toEqual([2])
      store = home.open()
      expect(store.groups()).toEqual([2])
      commit(store, { group: group(1), hardState: hard(0, undefined, 0) })
      store = home.open()
      expect(read(store, 1)).toMatchObject({ checkpoint: undefined, entries: [], notes: [] })
    })

    it('forgets a group and begins it anew in one turn', () => {
      commit(store, { ...founding(1), notes: [note(1, 1)] })
      commit(store, { ...founding(1), forget: true, notes: [note(2, 2)] })
      store = home.open()
      expect(read(store, 1)).toMatchObject({ entries: [], notes: [note(2, 2)], turn: 2 })
    })

    it('stores nothing of a turn when there is no room, and goes on when there is (S7)', () => {
      commit(store, founding(1), founding(2))
      store = home.limitRoom(200_000)
      const large = (at: number) => ({
        groups: [1, 2].map((id) => ({
          group: group(id),
          entries: [entry(at, 1, new Uint8Array(40_000).fill(at))],
        })),
      })
      let next = 2
      while (store.commit(large(next)).kind === 'stable') next++
      expect(next).toBeGreaterThan(2)
      expect(store.commit(large(next)).kind).toBe('full')
      expect(read(store, 1).entries.length).toBe(next - 2)
      store = home.limitRoom(Infinity)
      expect(read(store, 2).entries.length).toBe(next - 2)
      expect(store.commit(large(next)).kind).toBe('stable')
      store = home.open()
      expect(read(store, 2).entries.map((one) => one.data[0])).toEqual(
        Array.from({ length: next - 1 }, (_, i) => i + 2),
      )
    })

    it('says how much room there is: less after each turn', () => {
      store = home.limitRoom(4_000_000)
      commit(store, founding(1))
      const before = store.room()
      for (let i = 2; i < 12; i++)
        commit(store, { group: group(1), entries: [entry(i, 1, new Uint8Array(100_000))] })
      const after = store.room()
      expect(before.freeBytes).toBeLessThan(8_000_000)
      expect(before.freeBytes - after.freeBytes).toBeGreaterThan(900_000)
      expect(after.usedBytes - before.usedBytes).toBeGreaterThan(900_000)
    })

    it('takes large and binary data as it is', () => {
      const data = new Uint8Array(1_000_000).map((_, i) => (i * 31) % 256)
      const large = { index: index(2), term: 1 as never, kind: 2, data }
      commit(store, { ...founding(1), entries: [large] })
      store = home.open()
      const [found] = read(store, 1).entries
      expect(found?.kind).toBe(2)
      expect(Buffer.compare(found?.data ?? new Uint8Array(), data)).toBe(0)
    })

    describe('what no raft does is a defect, and nothing of it is stored', () => {
      const wrong: readonly [string, TurnWrites['groups'], string][] = [
        [
          'a second vote in a term',
          [{ group: group(1), hardState: hard(3, 2, 4) }],
          'there is one vote a term',
        ],
        ['a term that falls', [{ group: group(1), hardState: hard(2, 1, 4) }], 'a term never falls'],
        [
          'a commit index that falls',
          [{ group: group(1), hardState: hard(3, 1, 3) }],
          'a commit index never falls',
        ],
        [
          'a commit index beyond the log',
          [{ group: group(1), hardState: hard(3, 1, 10) }],
          'lies in the log',
        ],
        ['a gap', [{ group: group(1), entries: entries(11, 11, 3) }], 'new entries leave no gap'],
        ['a hole in entries', [{ group: group(1), entries: [entry(10, 3), entry(12, 3)] }], 'consecutive'],
        [
          'overwriting what is committed',
          [{ group: group(1), entries: entries(4, 9, 3) }],
          'never overwritten',
        ],
        [
          'an entry of a falling term',
          [{ group: group(1), entries: [entry(10, 1)] }],
          'terms of entries never fall',
        ],
        [
          'an entry above the hard state',
          [{ group: group(1), entries: entries(10, 10, 4) }],
          'above the hard state',
        ],
        [
          'a floor above the checkpoint (N7)',
          [{ group: group(1), floor: index(4) }],
          'at the checkpoint or before',
        ],
        [
          'a checkpoint of what is not committed',
          [{ group: group(1), checkpoint: checkpoint('own', 5, 2) }],
          'committed',
        ],
        [
          'a checkpoint of another term',
          [{ group: group(1), checkpoint: checkpoint('own', 4, 1) }],
          'term of its last',
        ],
        [
          'an older checkpoint',
          [{ group: group(1), checkpoint: checkpoint('own', 3, 2) }],
          'later than the one before',
        ],
        [
          'a checkpoint without its parts',
          [{ group: group(1), checkpoint: checkpoint('own', 4, 2, { chunks: 1, bytes: 3 }) }],
          'put aside before it',
        ],
        ['two items of a group', [{ group: group(1) }, { group: group(1) }], 'one item a group'],
        [
          'a new group without a hard state',
          [{ group: group(5), entries: entries(1, 1, 1) }],
          'have a hard state',
        ],
        ['two notes of a kind', [{ group: group(1), notes: [note(1), note(1)] }], 'one note of a kind'],
        [
          'a note that is too large',
          [{ group: group(1), notes: [{ kind: 1, bytes: new Uint8Array(NOTE_BYTES_MAX + 1) }] }],
          'within its bound',
        ],
      ]

      beforeEach(() => {
        commit(store, founding(1))
        commit(store, { group: group(1), entries: entries(2, 9, 2), hardState: hard(3, 1, 4) })
        commit(store, { group: group(1), checkpoint: checkpoint('own', 3, 2, { membership: voters(1, 2) }) })
      })

      it.each(wrong)('%s', (_, groups, message) => {
        const before = read(store, 1)
        expect(() => store.commit({ groups })).toThrow(message)
        expect(read(store, 1)).toEqual(before)
        expect(read(home.open(), 1)).toEqual(before)
      })
    })

    describeTurnStoreStates(() => home)
    describeTurnStoreModel(make, runs)
  })
}
