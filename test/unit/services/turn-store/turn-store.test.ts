import { crc32 } from 'node:zlib'
import { beforeEach, describe, expect, it } from 'vitest'
import type { Turn } from '../../../../src/model/turn.ts'
import type { SettledOutcome, TurnStore } from '../../../../src/ports/turn-store.ts'
import { openTurnStore } from '../../../../src/services/turn-store/turn-store.ts'
import { PowerCut, SimulatedDisk } from '../../../../src/sim/disk/simulated-disk.ts'
import { seededRandom } from '../../../setup/seeded-random.ts'
import { checkpoint, entries, entry, founding, group, hard, index } from '../../../setup/turn-writes.ts'

let disk: SimulatedDisk
let store: TurnStore

beforeEach(() => {
  disk = new SimulatedDisk(seededRandom(1), crc32)
  store = disk.openStore()
})

/** Groups 1 and 2 with entries 2 to 9: rows 1 to 3. */
function grow(): void {
  store.commit({ groups: [founding(1), founding(2)] })
  store.commit({ groups: [1, 2].map((id) => ({ group: group(id), entries: entries(2, 5, 1) })) })
  store.commit({ groups: [{ group: group(2), entries: entries(6, 9, 1), hardState: hard(1, undefined, 7) }] })
}

describe('what cannot be trusted is named and not started (B3)', () => {
  beforeEach(grow)

  it('is the group alone whose part of a row is damaged', () => {
    disk.rotRow(2 as Turn, -1 + (disk.content.rows.get(2 as Turn)?.length ?? 0))
    store = disk.openStore()
    expect(store.groups()).toEqual([1, 2])
    const [first, second] = store.readGroups([group(1), group(2)])
    expect(first).toMatchObject({ kind: 'sound', entries: entries(2, 5, 1) })
    expect(second).toMatchObject({
      kind: 'damaged',
      group: 2,
      what: expect.stringMatching(/^row of turn 2: the part of group 2 has checksum/u),
      todo: expect.stringContaining('new raft id'),
    })
    expect(() => store.commit({ groups: [{ group: group(2), entries: entries(10, 10, 1) }] })).toThrow(
      'only be forgotten',
    )
    expect(store.commit({ groups: [{ group: group(1), entries: entries(6, 6, 1) }] }).kind).toBe('stable')
  })

  it('is every group when the directory of a row is damaged', () => {
    disk.rotRow(2 as Turn, 10)
    expect(() => disk.openStore()).toThrow(
      expect.objectContaining({ code: 'store-damaged', message: expect.stringContaining('turn 2') }),
    )
  })

  it('is a row that ends early although it was acknowledged', () => {
    disk.tearRow(3 as Turn, 60)
    expect(() => disk.openStore()).toThrow('the row of turn 3 is damaged: cut short')
  })

  it('is a row under the number of another', () => {
    const bytes = disk.content.rows.get(2 as Turn) ?? new Uint8Array()
    disk.content.rows.set(4 as Turn, bytes)
    expect(() => disk.openStore()).toThrow('it says that it is of turn 2')
  })

  it('is a log with a gap, where a row is missing', () => {
    disk.loseRow(2 as Turn)
    store = disk.openStore()
    expect(store.readGroups([group(2)])).toMatchObject([
      { kind: 'damaged', what: 'no row has entries 2 to 5' },
    ])
    expect(store.readGroups([group(1)])).toMatchObject([{ kind: 'sound', entries: [] }])
  })

  it('is a checkpoint whose parts are missing, and a part that is damaged', () => {
    store.stage(
      [0, 1].map((number) => ({ group: group(2), at: index(6), number, bytes: Uint8Array.of(1, 2) })),
    )
    store.commit({
      groups: [{ group: group(2), checkpoint: checkpoint('own', 6, 1, { chunks: 2, bytes: 4 }) }],
    })
    disk.rotParts()
    store = disk.openStore()
    expect(() => store.readChunk(group(2), index(6), 1)).toThrow(
      expect.objectContaining({
        code: 'store-damaged',
        message: 'part 1 of the state of group 2 at 6 is damaged',
      }),
    )
    disk.content.parts.clear()
    store = disk.openStore()
    expect(store.readGroups([group(2)])).toMatchObject([
      { kind: 'damaged', what: expect.stringContaining('missing') },
    ])
  })

  it('is found when it is read again, if it rots while the store is open', () => {
    disk.rotRow(3 as Turn, -1 + (disk.content.rows.get(3 as Turn)?.length ?? 0))
    expect(store.readGroups([group(1), group(2)])).toMatchObject([
      { kind: 'sound' },
      { kind: 'damaged', what: expect.stringContaining('row of turn 3') },
    ])
    expect(store.readEntries(group(2), index(2), 10).length).toBe(1)
    expect(() => store.readEntries(group(2), index(6), 10)).toThrow('the row of turn 3 is damaged')
    disk.loseRow(3 as Turn)
    expect(() => store.readEntries(group(2), index(6), 10)).toThrow(
      'the row of turn 3 is damaged: it is gone',
    )
  })

  it('is left as it is by trimming', () => {
    disk.rotRow(2 as Turn, -1 + (disk.content.rows.get(2 as Turn)?.length ?? 0))
    store = disk.openStore()
    const turns = disk.turns()
    expect(store.trim({ rowsMax: 100, bytesMax: 1e6 })).toEqual({
      kind: 'trimmed',
      rows: 0,
      bytes: 0,
      more: false,
    })
    expect(disk.turns()).toEqual(turns)
  })

  it('is gone when the group is forgotten', () => {
    disk.rotRow(2 as Turn, -1 + (disk.content.rows.get(2 as Turn)?.length ?? 0))
    store = disk.openStore()
    store.commit({ groups: [{ ...founding(2), forget: true }] })
    expect(disk.openStore().readGroups([group(2)])).toMatchObject([{ kind: 'sound', entries: [] }])
  })
})

describe('a store that is not the one that this node last had (B5)', () => {
  beforeEach(grow)

  it.each<[string, () => void]>([
    ['a restored backup', () => disk.backup().restore()],
    [
      'an older state of the same incarnation',
      () => {
        const backup = disk.backup()
        store.commit({ groups: [{ group: group(1), entries: entries(6, 6, 1) }] })
        backup.restore()
      },
    ],
  ])('is noticed: %s', (_, spoil) => {
    const backup = disk.backup()
    store = disk.openStore()
    spoil()
    backup.restore()
    store = disk.openStore()
    expect(store.origin).toMatchObject({ history: 'lost', reason: expect.stringContaining('older one') })
  })

  it('is not written before it starts over, and is one with a history afterwards', () => {
    const backup = disk.backup()
    store = disk.openStore()
    backup.restore()
    store = disk.openStore()
    expect(store.origin).toMatchObject({ history: 'lost', incarnation: 3 })
    expect(store.groups()).toEqual([1, 2])
    expect(() => store.commit({ groups: [founding(3)] })).toThrow('starts over before it is written')
    expect(() => store.trim({ rowsMax: 1, bytesMax: 1 })).toThrow('starts over before it is written')
    expect(disk.openStore().origin.history).toBe('lost')
    store = disk.openStore()
    store.startOver()
    expect(store.groups()).toEqual([])
    expect(store.commit({ groups: [founding(3)] })).toEqual({ kind: 'stable', turn: 1 })
    expect(() => store.startOver()).toThrow('only a store that lost its history')
    store = disk.openStore()
    expect(store.origin).toEqual({ history: 'continued', incarnation: 4, reason: '' })
    expect(store.groups()).toEqual([3])
  })

  it('is not found by files when all of them are rolled back: the count of openings is for the system group', () => {
    const backup = disk.backup()
    expect(disk.openStore().origin.incarnation).toBe(2)
    backup.restore({ withWitness: true })
    expect(disk.openStore().origin).toMatchObject({ history: 'continued', incarnation: 2 })
  })
})

describe('a failed write (S6)', () => {
  it('is thrown, and every later call throws the same: nothing is tried again', () => {
    grow()
    disk.trouble.failAfter = 0
    const failing = () => store.commit({ groups: [{ group: group(1), entries: entries(6, 6, 1) }] })
    expect(failing).toThrow(expect.objectContaining({ code: 'store-io' }))
    expect(failing).toThrow(expect.objectContaining({ code: 'store-io' }))
    expect(() => store.readEntries(group(2), index(3), 1)).toThrow(
      expect.objectContaining({ code: 'store-io' }),
    )
    store.close()
    store = disk.openStore()
    expect(store.readGroups([group(1)])[0]).toMatchObject({ kind: 'sound' })
  })
})

describe('a store that writes elsewhere', () => {
  let told: SettledOutcome[]
  const listen = () => store.onSettled((outcome) => told.push(outcome))
  const append = (at: number) =>
    store.commit({ groups: [{ group: group(1), entries: entries(at, at, 1) }] }, true)

  beforeEach(() => {
    told = []
    grow()
    listen()
    disk.trouble.slowTicksMax = 3
  })

  /** Commits until one is underway: how long each takes is drawn. */
  function until(at: number): number {
    for (let next = at; ; next++) if (append(next).kind === 'underway') return next
  }

  it('tells when a turn is stable, once, and reads what is stable until then (S2)', () => {
    const at = until(6)
    expect(store.readGroups([group(1)])[0]).toMatchObject({ entries: entries(2, at - 1, 1) })
    expect(told).toEqual([])
    while (disk.isUnderway) disk.tick()
    expect(told).toEqual([{ kind: 'stable', turn: at - 2 }])
    expect(store.readGroups([group(1)])[0]).toMatchObject({ entries: entries(2, at, 1) })
    disk.tick()
    expect(told.length).toBe(1)
  })

  it('has one turn underway at a time', () => {
    const at = until(6)
    expect(() => append(at + 1)).toThrow('one turn is written at a time')
    expect(() => store.stage([])).toThrow('one turn is written at a time')
    expect(() => store.trim({ rowsMax: 1, bytesMax: 1 })).toThrow('one turn is written at a time')
  })

  it('tells lack of room, stores nothing, and takes the turn again', () => {
    const at = until(6)
    disk.trouble.roomBytes = 0
    while (disk.isUnderway) disk.tick()
    expect(told).toEqual([{ kind: 'full', turn: at - 2 }])
    disk.trouble.roomBytes = Infinity
    disk.trouble.slowTicksMax = 0
    expect(append(at)).toEqual({ kind: 'stable', turn: at - 2 })
  })

  it('tells a failure, after which every call throws it', () => {
    const at = until(6)
    disk.trouble.failAfter = 0
    while (disk.isUnderway) disk.tick()
    expect(told).toMatchObject([{ kind: 'failed', turn: at - 2, fault: { code: 'store-io' } }])
    expect(() => append(at)).toThrow(expect.objectContaining({ code: 'store-io' }))
  })

  it('has after a kill all of the turn that was underway, or nothing of it (S4)', () => {
    const seen = new Set<number>()
    for (let round = 0; round < 40; round++) {
      const before = store.readGroups([group(1)])[0]
      const last = before?.kind === 'sound' ? (before.entries.at(-1)?.index ?? 0) : 0
      const at = until(last + 1)
      store = disk.openStore()
      listen()
      const after = store.readGroups([group(1)])[0]
      const kept = after?.kind === 'sound' ? (after.entries.at(-1)?.index ?? 0) : 0
      expect([at - 1, at]).toContain(kept)
      seen.add(at - kept)
    }
    expect(seen).toEqual(new Set([0, 1]))
    expect(disk.happened.lostAtKill).toBeGreaterThan(0)
    expect(disk.happened.keptAtKill).toBeGreaterThan(0)
  })
})

describe('a kill in any transaction (S4, N2)', () => {
  it('leaves all of it or nothing, and the store opens', () => {
    let lost = 0
    for (let round = 0; round < 200; round++) {
      disk = new SimulatedDisk(seededRandom(round), crc32)
      store = disk.openStore()
      const acknowledged = runUntilKilled(round % 30)
      store = disk.openStore()
      const [replica] = store.readGroups(store.groups())
      const last = replica?.kind === 'sound' ? (replica.entries.at(-1)?.index ?? replica.floor.index) : 0
      expect([acknowledged, acknowledged + 1]).toContain(last)
      if (last === acknowledged) lost++
    }
    expect(lost).toBeGreaterThan(20)
    expect(lost).toBeLessThan(180)
  })

  /** Turns, checkpoints, trims until the n-th transaction; the last index that was acknowledged. */
  function runUntilKilled(transactions: number): number {
    let acknowledged = 0
    try {
      disk.trouble.killAfter = transactions
      store.commit({ groups: [founding(1)] })
      acknowledged = 1
      for (let at = 2; ; at++) {
        store.commit({
          groups: [{ group: group(1), entries: [entry(at, 1)], hardState: hard(1, undefined, at) }],
        })
        acknowledged = at
        if (at % 5 !== 0) continue
        store.stage([{ group: group(1), at: index(at), number: 0, bytes: Uint8Array.of(at) }])
        store.commit({
          groups: [
            {
              group: group(1),
              checkpoint: checkpoint('own', at, 1, { chunks: 1, bytes: 1 }),
              floor: index(at - 2),
            },
          ],
        })
        store.trim({ rowsMax: 10, bytesMax: 1e6 })
      }
    } catch (error) {
      if (!(error instanceof PowerCut)) throw error
      return acknowledged
    }
  }
})

describe('opening', () => {
  it('does not depend on how rows are handed over', () => {
    grow()
    const inOne = disk.openDisk()
    const oneByOne = disk.openDisk()
    const original = oneByOne.readRowsAfter.bind(oneByOne)
    oneByOne.readRowsAfter = (turn) => original(turn, 1)
    const slow = openTurnStore(oneByOne, crc32)
    const groups = slow.readGroups(slow.groups())
    slow.close()
    inOne.close()
    store = disk.openStore()
    expect(store.readGroups(store.groups())).toEqual(groups)
  })
})
