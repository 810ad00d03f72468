import {
  chmodSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import Database from 'better-sqlite3'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import { assertVersion } from '../../../../src/adapters/sqlite/schema.ts'
import { openSqliteDisk } from '../../../../src/adapters/sqlite/sqlite-disk.ts'
import { FaultError } from '../../../../src/model/fault.ts'
import type { Turn } from '../../../../src/model/turn.ts'
import type { TurnStore } from '../../../../src/ports/turn-store.ts'
import { openTurnStore } from '../../../../src/services/turn-store/turn-store.ts'
import { memoryDirectory } from '../../../setup/memory-directory.ts'
import { seededRandom } from '../../../setup/seeded-random.ts'
import { checkpoint, entry, founding, group, hard, index } from '../../../setup/turn-writes.ts'

const root = memoryDirectory('sqlite')
afterAll(() => rmSync(root, { recursive: true }))

let directory: string
let homes = 0
const opened: TurnStore[] = []

beforeEach(() => {
  directory = join(root, String(++homes))
})
afterEach(() => {
  for (const store of opened.splice(0)) store.close()
})

function open(at = directory, witness?: string): TurnStore {
  const disk = openSqliteDisk({
    directory: at,
    random: seededRandom(homes),
    ...(witness !== undefined && { witness }),
  })
  const store = openTurnStore(disk, crc32)
  opened.push(store)
  return store
}

function close(store: TurnStore): void {
  store.close()
  opened.splice(opened.indexOf(store), 1)
}

/** A closed store with group 1: entries 2 to `last` of 3,000 bytes, a checkpoint with a state, and an idle group. */
function make(last: number): void {
  const store = open()
  store.commit({ groups: [founding(1), founding(2)] })
  for (let at = 2; at <= last; at++) {
    const entries = [entry(at, 1, new Uint8Array(3_000).fill(at))]
    store.commit({ groups: [{ group: group(1), entries, hardState: hard(1, undefined, at) }] })
  }
  store.stage(
    [0, 1].map((number) => ({
      group: group(1),
      at: index(last),
      number,
      bytes: new Uint8Array(9_000).fill(number),
    })),
  )
  const rest = checkpoint('own', last, 1, { chunks: 2, bytes: 18_000 })
  store.commit({ groups: [{ group: group(1), checkpoint: rest }] })
  close(store)
}

/** Everything that a store says, with the parts of its states. */
function all(store: TurnStore): unknown {
  const parts = store
    .groups()
    .flatMap((id) =>
      store.staged(id).flatMap(({ at, numbers }) => numbers.map((number) => store.readChunk(id, at, number))),
    )
  return { replicas: store.readGroups(store.groups()), parts }
}

describe('the disk of turns in SQLite', () => {
  it('is for its owner alone', () => {
    make(3)
    expect(statSync(directory).mode & 0o777).toBe(0o700)
    const open1 = open()
    for (const name of readdirSync(directory))
      expect([name, statSync(join(directory, name)).mode & 0o077]).toEqual([name, 0])
    expect(readdirSync(directory).toSorted()).toEqual(['turns.sqlite', 'turns.sqlite-wal', 'turns.witness'])
    close(open1)
  })

  it('is open once: another opener is refused, and the first is not disturbed (D12)', () => {
    const store = open()
    store.commit({ groups: [founding(1)] })
    expect(() => open()).toThrow(expect.objectContaining({ code: 'store-locked' }))
    expect(store.commit({ groups: [founding(2)] }).kind).toBe('stable')
  })

  it('commits with a sync of the log, by the settings that it reads back', () => {
    const db = new Database(':memory:')
    expect(String(db.prepare('SELECT sqlite_version()').pluck().get())).toMatch(/^3\.(5[1-9]|[6-9]\d)\./u)
    db.close()
    make(2)
    const raw = new Database(join(directory, 'turns.sqlite'))
    expect(raw.pragma('journal_mode', { simple: true })).toBe('wal')
    expect(raw.pragma('user_version', { simple: true })).toBe(1)
    raw.close()
  })

  it.each(['3.51.2', '3.50.9', '2.99.99', '3.7.0'])('refuses SQLite %s', (version) => {
    expect(() => assertVersion(version)).toThrow('older than 3.51.3')
  })

  it.each(['3.51.3', '3.52.0', '3.54.1', '4.0.0'])('takes SQLite %s', (version) => {
    expect(() => assertVersion(version)).not.toThrow()
  })

  it('keeps the log ahead of the database small', () => {
    const store = open()
    store.commit({ groups: [founding(1)] })
    let largest = 0
    for (let at = 2; at < 400; at++) {
      store.commit({ groups: [{ group: group(1), entries: [entry(at, 1, new Uint8Array(20_000))] }] })
      largest = Math.max(largest, statSync(join(directory, 'turns.sqlite-wal')).size)
    }
    expect(largest).toBeLessThan(2_000_000)
    expect(statSync(join(directory, 'turns.sqlite')).size).toBeGreaterThan(7_000_000)
  })

  it('uses the pages of trimmed rows again', () => {
    const store = open()
    store.commit({ groups: [founding(1)] })
    const sizes: number[] = []
    for (let at = 2; at < 1_000; at++) {
      const entries = [entry(at, 1, new Uint8Array(10_000))]
      store.commit({ groups: [{ group: group(1), entries, hardState: hard(1, undefined, at) }] })
      if (at % 50 !== 0) continue
      store.commit({
        groups: [{ group: group(1), checkpoint: checkpoint('own', at, 1), floor: index(at - 10) }],
      })
      while (true) {
        const outcome = store.trim({ rowsMax: 64, bytesMax: 1e6 })
        if (outcome.kind === 'full' || !outcome.more) break
      }
      sizes.push(store.room().usedBytes)
    }
    expect(Math.max(...sizes)).toBeLessThan(3_500_000)
  })

  it('takes turns beyond 2^32', () => {
    make(2)
    const raw = new Database(join(directory, 'turns.sqlite'))
    const late = 2 ** 45
    raw.prepare('DELETE FROM turn_row').run()
    raw.close()
    const disk = openSqliteDisk({ directory, random: seededRandom(1) })
    for (const turn of [late, late + 1, late + 2])
      disk.append({ putRow: { turn: turn as Turn, bytes: Uint8Array.of(1) } })
    expect(disk.readRowsAfter(late as Turn, 100).map(({ turn }) => turn)).toEqual([late + 1, late + 2])
    expect(disk.readRow((late + 1) as Turn)).toEqual(Uint8Array.of(1))
    disk.transact({ dropRows: [late as Turn] })
    expect(disk.readRowsAfter(0, 1).map(({ turn }) => turn)).toEqual([late + 1])
    disk.close()
  })
})

describe('a store that is not the one that this node last had (B5, D9)', () => {
  const files = ['turns.sqlite', 'turns.sqlite-wal'] as const
  const witness = () => join(root, `${homes}.witness`)

  it('is noticed when its directory is an older copy, and the witness is kept apart', () => {
    close(open(directory, witness()))
    cpSync(directory, `${directory}.copy`, { recursive: true })
    const store = open(directory, witness())
    store.commit({ groups: [founding(1)] })
    close(store)
    rmSync(directory, { recursive: true })
    cpSync(`${directory}.copy`, directory, { recursive: true })
    const again = open(directory, witness())
    expect(again.origin).toMatchObject({ history: 'lost', reason: expect.stringContaining('older one') })
    expect(() => again.commit({ groups: [founding(1)] })).toThrow('starts over')
    close(again)
    expect(open(directory, witness()).origin.history).toBe('lost')
  })

  it('is noticed when its database is an older copy of the same opening', () => {
    const store = open()
    store.commit({ groups: [founding(1)] })
    mkdirSync(`${directory}.copy`)
    for (const name of files) copyFileSync(join(directory, name), join(`${directory}.copy`, name))
    for (let at = 2; at < 1_100; at++)
      store.commit({ groups: [{ group: group(1), entries: [entry(at, 1, 'x')] }] })
    close(store)
    for (const name of files) copyFileSync(join(`${directory}.copy`, name), join(directory, name))
    expect(open().origin).toMatchObject({
      history: 'lost',
      reason: expect.stringMatching(/turn 1, where .* turn 1099 was seen/u),
    })
  })

  it.each<[string, readonly string[], RegExp]>([
    ['its database is deleted', files, /store is gone; it had been opened 2 times/u],
    ['its witness is deleted', ['turns.witness'], /witness of the store is missing/u],
  ])('is noticed when %s', (_, gone, reason) => {
    make(3)
    close(open())
    for (const name of gone) rmSync(join(directory, name), { force: true })
    expect(open().origin).toMatchObject({ history: 'lost', reason: expect.stringMatching(reason) })
  })

  it('is noticed when its witness is overwritten', () => {
    make(3)
    writeFileSync(join(directory, 'turns.witness'), 'nothing that anybody wrote')
    expect(open().origin).toMatchObject({ history: 'lost', reason: expect.stringContaining('damaged') })
  })

  it('starts over empty, and has a history again', () => {
    make(3)
    for (const name of files) rmSync(join(directory, name), { force: true })
    const store = open()
    store.startOver()
    expect(store.commit({ groups: [founding(9)] })).toEqual({ kind: 'stable', turn: 1 })
    close(store)
    const again = open()
    expect(again.origin).toEqual({ history: 'continued', incarnation: 3, reason: '' })
    expect(again.groups()).toEqual([9])
  })
})

describe('bytes that are not those that were written (B3, D8)', () => {
  it.each([
    ['a text', Buffer.from('This is no database at all, and long enough to be one. '.repeat(200))],
    ['the database of something else', undefined],
  ])('are no store when they are %s', (_, content) => {
    mkdirSync(directory)
    const path = join(directory, 'turns.sqlite')
    if (content !== undefined) writeFileSync(path, content)
    else new Database(path).exec('PRAGMA user_version = 7; CREATE TABLE other (x)').close()
    expect(() => open()).toThrow(
      expect.objectContaining({ code: 'store-damaged', message: expect.stringContaining(path) }),
    )
  })

  it('are found at every truncation of the database', () => {
    make(30)
    const whole = readFileSync(join(directory, 'turns.sqlite'))
    for (let bytes = whole.length - 4_096; bytes > 0; bytes -= 4_096 * 3) {
      const at = `${directory}.${bytes}`
      cpSync(directory, at, { recursive: true })
      writeFileSync(join(at, 'turns.sqlite'), whole.subarray(0, bytes))
      expect(() => openSqliteDisk({ directory: at, random: seededRandom(1) })).toThrow(
        expect.objectContaining({ code: 'store-damaged' }),
      )
    }
  })

  it('are found or were of no account: 300 flipped bits, and never anything else than what was written', () => {
    make(12)
    const path = join(directory, 'turns.sqlite')
    const whole = readFileSync(path)
    const witness = readFileSync(join(directory, 'turns.witness'))
    const before = open()
    const told = all(before)
    close(before)
    const random = seededRandom(7)
    let found = 0
    for (let round = 0; round < 300; round++) {
      const [a = 0, b = 0, c = 0] = random.bytes(3)
      const bit = ((a << 16) | (b << 8) | c) % (whole.length * 8)
      const bent = Buffer.from(whole)
      bent[bit >> 3] = (bent[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      writeFileSync(path, bent)
      writeFileSync(join(directory, 'turns.witness'), witness)
      const says = whatIsSaid()
      if (says === 'found') found++
      else expect(says).toEqual(told)
    }
    expect(found).toBeGreaterThan(150)
  })

  /** `found`: the store does not open, a group is named as damaged, a part is refused, or the history is lost. */
  function whatIsSaid(): unknown {
    let store: TurnStore | undefined
    try {
      store = open()
      if (store.origin.history === 'lost') return 'found'
      const said = all(store)
      const isDamaged = store.readGroups(store.groups()).some(({ kind }) => kind === 'damaged')
      return isDamaged ? 'found' : said
    } catch (error) {
      if (!(error instanceof FaultError)) throw error
      expect(error.code).toMatch(/store-damaged|store-io/u)
      return 'found'
    } finally {
      if (store !== undefined) close(store)
    }
  }

  it('cannot be read where the directory is not ours', () => {
    mkdirSync(directory)
    writeFileSync(join(directory, 'turns.sqlite'), '')
    chmodSync(join(directory, 'turns.sqlite'), 0o600)
    mkdirSync(join(directory, 'turns.witness'))
    expect(() => open()).toThrow(expect.objectContaining({ code: 'store-io' }))
  })
})
