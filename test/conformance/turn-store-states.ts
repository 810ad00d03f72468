import { describe, expect, it } from 'vitest'
import { CHUNK_BYTES_MAX } from '../../src/model/turn.ts'
import type { TrimLimits, TurnStore } from '../../src/ports/turn-store.ts'
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
import { commit, read, type TurnStoreHome, trimAll } from './turn-store-home.ts'

const ALL: TrimLimits = { rowsMax: 1_000, bytesMax: 100_000_000 }

/** What every TurnStore promises of checkpoints, snapshots and trimming. */
export function describeTurnStoreStates(homeOf: () => TurnStoreHome): void {
  describe('checkpoints and snapshots', () => {
    it('holds state and applied index together, and gives the parts back (B1)', () => {
      const home = homeOf()
      let store = grown(home)
      stage(store, 1, 6, [100, 200, 50])
      commit(store, { group: group(1), checkpoint: checkpoint('own', 6, 2, { chunks: 3, bytes: 350 }) })
      store = home.open()
      expect(read(store, 1).checkpoint).toEqual(checkpoint('own', 6, 2, { chunks: 3, bytes: 350 }))
      expect(read(store, 1).entries).toEqual(entries(2, 9, 2))
      expect([0, 1, 2].map((number) => store.readChunk(group(1), index(6), number))).toEqual([
        part(6, 0, 100),
        part(6, 1, 200),
        part(6, 2, 50),
      ])
      expect(store.readChunk(group(1), index(6), 3)).toBeUndefined()
    })

    it('lists what is put aside, also after a start, so that receiving goes on (N3)', () => {
      const home = homeOf()
      let store = grown(home)
      stage(store, 1, 20, [10])
      expect(store.stage([{ group: group(1), at: index(20), number: 4, bytes: part(20, 4, 30) }])).toBe(
        'stored',
      )
      store = home.open()
      expect(store.staged(group(1))).toEqual([{ at: 20, numbers: [0, 4], bytes: 40 }])
      expect(store.stage([{ group: group(1), at: index(20), number: 4, bytes: part(20, 4, 5) }])).toBe(
        'stored',
      )
      expect(store.staged(group(1))).toEqual([{ at: 20, numbers: [0, 4], bytes: 15 }])
      expect(home.open().readChunk(group(1), index(20), 4)).toEqual(part(20, 4, 5))
    })

    it('installs a snapshot as one row: state, membership, applied index, log start (N2)', () => {
      const home = homeOf()
      let store = grown(home)
      stage(store, 1, 50, [1_000, 1_000])
      const snapshot = checkpoint('snapshot', 50, 4, { chunks: 2, bytes: 2_000, membership: voters(1, 4, 5) })
      commit(store, {
        group: group(1),
        checkpoint: snapshot,
        hardState: hard(5, 4, 51),
        entries: entries(51, 52, 5),
      })
      store = home.open()
      expect(read(store, 1)).toMatchObject({
        hardState: hard(5, 4, 51),
        checkpoint: snapshot,
        floor: { index: 50, term: 4 },
        entries: entries(51, 52, 5),
      })
    })

    it('keeps the state of a former checkpoint until it is given up', () => {
      const home = homeOf()
      let store = grown(home)
      stage(store, 1, 3, [10])
      commit(store, { group: group(1), checkpoint: checkpoint('own', 3, 2, { chunks: 1, bytes: 10 }) })
      stage(store, 1, 6, [20])
      commit(store, { group: group(1), checkpoint: checkpoint('own', 6, 2, { chunks: 1, bytes: 20 }) })
      expect(store.readChunk(group(1), index(3), 0)).toEqual(part(3, 0, 10))
      expect(() => store.discard(group(1), index(6))).toThrow('the checkpoint is not given up')
      store = home.open()
      expect(store.staged(group(1)).map(({ at }) => at)).toEqual([3, 6])
      store.discard(group(1), index(3))
      expect(store.readChunk(group(1), index(3), 0)).toBeUndefined()
      expect(store.trim(ALL)).toMatchObject({ kind: 'trimmed' })
      store = home.open()
      expect(store.staged(group(1)).map(({ at }) => at)).toEqual([6])
    })

    it('does not let the state of the checkpoint be changed', () => {
      const store = grown(homeOf())
      stage(store, 1, 6, [10])
      commit(store, { group: group(1), checkpoint: checkpoint('own', 6, 2, { chunks: 1, bytes: 10 }) })
      expect(() => stage(store, 1, 6, [10])).toThrow('a checkpoint does not change')
    })

    it('takes parts up to their bound, and asserts it', () => {
      const store = grown(homeOf())
      stage(store, 1, 6, [CHUNK_BYTES_MAX])
      expect(() => stage(store, 1, 6, [CHUNK_BYTES_MAX + 1])).toThrow('within its bound')
      expect(() => stage(store, 1, 6, [0])).toThrow('within its bound')
    })

    it('puts nothing aside without room (S7)', () => {
      const home = homeOf()
      grown(home)
      let store = home.limitRoom(100_000)
      expect(
        store.stage(
          [0, 1].map((n) => ({ group: group(1), at: index(9), number: n, bytes: part(9, n, 90_000) })),
        ),
      ).toBe('full')
      expect(store.staged(group(1))).toEqual([])
      store = home.limitRoom(Infinity)
      stage(store, 1, 9, [90_000, 90_000])
      expect(store.staged(group(1))).toEqual([{ at: 9, numbers: [0, 1], bytes: 180_000 }])
    })

    it('begins the log where it is told, and no later than the checkpoint (N7)', () => {
      const home = homeOf()
      let store = grown(home)
      commit(store, { group: group(1), checkpoint: checkpoint('own', 6, 2) })
      commit(store, { group: group(1), floor: index(5) })
      expect(() => store.readEntries(group(1), index(5), 1)).toThrow('lies in the log')
      store = home.open()
      expect(read(store, 1)).toMatchObject({ floor: { index: 5, term: 2 }, entries: entries(6, 9, 2) })
      expect(() => store.commit({ groups: [{ group: group(1), floor: index(4) }] })).toThrow('a floor rises')
      expect(() => store.commit({ groups: [{ group: group(1), floor: index(7) }] })).toThrow(
        'checkpoint or before',
      )
    })
  })

  describe('trimming', () => {
    it('deletes old rows, and copies forward what a lagging and an idle group need of them', () => {
      const home = homeOf()
      let store = home.open()
      commit(store, founding(1), { ...founding(2), notes: [note(9, 9)] }, founding(3))
      for (let at = 2; at <= 400; at++) {
        commit(
          store,
          {
            group: group(1),
            entries: [entry(at, 1, new Uint8Array(2_000))],
            hardState: hard(1, undefined, at),
          },
          ...(at % 20 === 0 ? [{ group: group(3), entries: [entry(1 + at / 20, 1)] }] : []),
        )
      }
      commit(store, { group: group(1), checkpoint: checkpoint('own', 400, 1), floor: index(390) })
      const before = store.readGroups(store.groups())
      const used = trimAll(store, { rowsMax: 50, bytesMax: 200_000 })
      expect(used.bytes).toBeGreaterThan(700_000)
      expect(used.rows).toBeGreaterThan(380)
      expect(sameButTurns(store.readGroups(store.groups()))).toEqual(sameButTurns(before))
      store = home.open()
      expect(sameButTurns(store.readGroups(store.groups()))).toEqual(sameButTurns(before))
      expect(store.readEntries(group(3), index(2), 1e6)).toEqual(read(store, 3).entries)
      expect(trimAll(store, ALL).rows).toBeLessThan(3)
    })

    it('does a bounded amount of work a call', () => {
      const store = homeOf().open()
      commit(store, founding(1))
      for (let at = 2; at <= 60; at++)
        commit(store, { group: group(1), entries: [entry(at, 1, new Uint8Array(1_000))] })
      commit(store, { group: group(1), hardState: hard(1, undefined, 60) }, { ...founding(2) })
      commit(store, { group: group(1), checkpoint: checkpoint('own', 60, 1), floor: index(60) })
      const first = store.trim({ rowsMax: 5, bytesMax: 1e6 })
      expect(first).toMatchObject({ kind: 'trimmed', more: true })
      expect(first.kind === 'trimmed' && first.rows).toBeLessThanOrEqual(10)
      const second = store.trim({ rowsMax: 100, bytesMax: 3_000 })
      expect(second.kind === 'trimmed' && second.rows).toBeLessThanOrEqual(10)
      expect(trimAll(store, { rowsMax: 5, bytesMax: 1e6 }).rows).toBeGreaterThan(20)
    })

    it('goes on with the number of the last turn, even if all is trimmed', () => {
      const home = homeOf()
      let store = home.open()
      commit(store, founding(1))
      commit(store, { group: group(1), forget: true })
      trimAll(store, ALL)
      store = home.open()
      expect(store.origin.history).toBe('continued')
      expect(store.groups()).toEqual([])
      expect(store.commit({ groups: [founding(1)] })).toEqual({ kind: 'stable', turn: 3 })
    })

    it('does not bring back a forgotten group', () => {
      const home = homeOf()
      let store = home.open()
      commit(store, { ...founding(1), notes: [note(1, 1)] }, founding(2))
      commit(
        store,
        { group: group(1), entries: entries(2, 9, 1) },
        { group: group(2), entries: entries(2, 9, 1) },
      )
      commit(store, { group: group(1), forget: true })
      for (let at = 10; at < 40; at++) commit(store, { group: group(2), entries: entries(at, at, 1) })
      commit(store, { group: group(1), hardState: hard(0, undefined, 0) })
      for (let round = 0; round < 10; round++) {
        expect(read(store, 1)).toMatchObject({ entries: [], notes: [], checkpoint: undefined })
        expect(read(store, 2).entries).toEqual(entries(2, 39, 1))
        store.trim({ rowsMax: 3, bytesMax: 1e6 })
        store = home.open()
      }
    })

    it('frees the room of states that were given up', () => {
      const home = homeOf()
      const store = grown(home)
      stage(store, 1, 6, [50_000, 50_000, 50_000])
      store.discard(group(1), index(6))
      const swept = trimAll(store, { rowsMax: 1, bytesMax: 1e6 })
      expect(swept.bytes).toBeGreaterThanOrEqual(150_000)
      expect(home.open().staged(group(1))).toEqual([])
    })

    it('frees the states of a group that is forgotten', () => {
      const home = homeOf()
      let store = grown(home)
      stage(store, 1, 6, [50_000])
      commit(store, { group: group(1), checkpoint: checkpoint('own', 6, 2, { chunks: 1, bytes: 50_000 }) })
      commit(store, { group: group(1), forget: true })
      store = home.open()
      expect(store.staged(group(1))).toEqual([])
      expect(trimAll(store, ALL).bytes).toBeGreaterThanOrEqual(50_000)
    })
  })
}

/** A store with group 1: entries 2 to 9 of term 2, commit 8. */
function grown(home: TurnStoreHome): TurnStore {
  const store = home.open()
  commit(store, founding(1))
  commit(store, { group: group(1), entries: entries(2, 9, 2), hardState: hard(2, 1, 8) })
  return store
}

function part(at: number, number: number, size: number): Uint8Array {
  return new Uint8Array(size).map((_, i) => (at * 7 + number * 3 + i) % 251)
}

function stage(store: TurnStore, id: number, at: number, sizes: readonly number[]): void {
  const chunks = sizes.map((size, number) => ({
    group: group(id),
    at: index(at),
    number,
    bytes: part(at, number, size),
  }))
  expect(store.stage(chunks)).toBe('stored')
}

/** What a merge of rows may change: in which row a group's head is. */
function sameButTurns(replicas: ReturnType<TurnStore['readGroups']>): readonly unknown[] {
  return replicas.map((replica) => ({ ...replica, turn: 0 }))
}
