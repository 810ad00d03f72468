import { spawnSync } from 'node:child_process'
import { readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import type { TurnStore } from '../../../../src/ports/turn-store.ts'
import { trimAll } from '../../../conformance/turn-store-home.ts'
import { compileFailingDisk, type DiskFailure, failingEnvironment } from '../../../setup/failing-disk.ts'
import { memoryDirectory } from '../../../setup/memory-directory.ts'
import { mountSmallDisk } from '../../../setup/small-disk.ts'
import { EXIT_FAULT, openAt, TURN_WRITER } from '../../../setup/turn-writer.ts'
import { checkpoint, entry, founding, group, hard, index } from '../../../setup/turn-writes.ts'
import { expectKept, lastLine } from './kept-turns.ts'

const root = memoryDirectory('faults')
const library = compileFailingDisk(root)
const smallDisk = join(root, 'small')
const unmount = mountSmallDisk(smallDisk, 4_194_304)
afterAll(() => {
  unmount?.()
  rmSync(root, { recursive: true })
})

let homes = 0

function runWriter(directory: string, failure: DiskFailure, last: number, ...how: readonly 'late'[]) {
  return spawnSync(process.execPath, [TURN_WRITER, directory, String(last), ...how], {
    encoding: 'utf8',
    env: { ...failingEnvironment(library ?? '', failure), NODE_COMPILE_CACHE: join(root, 'compiled') },
  })
}

describe.skipIf(library === undefined)('a failed sync (S6; D5)', () => {
  it.each([
    ...[1, 2, 5, 12, 44].map((n) => ['the log', 'turns.sqlite-wal', n] as const),
    ...[1, 2, 3].map((n) => ['the database', 'turns.sqlite', n] as const),
    ...[1, 2, 3].map((n) => ['the witness', 'turns.witness', n] as const),
  ])('of %s (%s, number %i) ends the process; what was acknowledged is there', (_, file, failSync) => {
    const directory = join(root, String(++homes))
    const { status, stdout, stderr } = runWriter(directory, { file, failSync }, 400)
    expect(stderr).toMatch(/^store-io: .*(IOERR_FSYNC|EIO)/u)
    expect(status).toBe(EXIT_FAULT)
    expectKept(directory, lastLine(stdout))
  })
})

describe.skipIf(library === undefined)('a failed sync of a turn that is late', () => {
  it.each([1, 2, 5, 12, 44])('(number %i) ends the process; what was acknowledged is there', (failSync) => {
    const directory = join(root, String(++homes))
    const failure = { file: 'turns.sqlite-wal', failSync }
    const { status, stdout, stderr } = runWriter(directory, failure, 400, 'late')
    expect(stderr).toMatch(/^store-io: .*(IOERR_FSYNC|EIO)/u)
    expect(status).toBe(EXIT_FAULT)
    expectKept(directory, lastLine(stdout))
  })
})

describe.skipIf(library === undefined)('a write that is torn when the process ends (D7)', () => {
  it.each([
    ...[1, 2, 4, 9, 20, 57, 101, 222].map((n) => ['the log', 'turns.sqlite-wal', n] as const),
    ...[1, 2, 9].map((n) => ['the database', 'turns.sqlite', n] as const),
    ...[1, 2, 3].map((n) => ['the witness', 'turns.witness', n] as const),
  ])('in %s (%s, number %i) leaves a store that opens without repair', (_, file, tearWrite) => {
    const directory = join(root, String(++homes))
    const { status, stdout } = runWriter(directory, { file, tearWrite }, 500)
    expect(status).toBe(137)
    expectKept(directory, lastLine(stdout))
  })
})

describe.skipIf(unmount === undefined)('a full disk (S7; D6)', () => {
  const ballast = join(smallDisk, 'ballast')
  let store: TurnStore | undefined
  afterEach(() => {
    store?.close()
    for (const name of readdirSync(smallDisk)) rmSync(join(smallDisk, name), { recursive: true })
  })

  function open(): TurnStore {
    store = openAt(join(smallDisk, 'store'))
    return store
  }

  function append(to: TurnStore, at: number): string {
    const entries = [entry(at, 1, new Uint8Array(20_000).fill(at))]
    return to.commit({ groups: [{ group: group(1), entries, hardState: hard(1, undefined, at) }] }).kind
  }

  it('refuses turns, loses nothing, and goes on without a restart when there is room again', () => {
    const full = open()
    full.commit({ groups: [founding(1)] })
    writeFileSync(ballast, new Uint8Array(1_500_000))
    let last = 1
    while (append(full, last + 1) === 'stable') last++
    expect(last).toBeGreaterThan(40)
    expect(append(full, last + 1)).toBe('full')
    const chunk = { group: group(1), at: index(last), number: 0, bytes: new Uint8Array(200_000) }
    expect(full.stage([chunk])).toBe('full')
    expect(full.room().freeBytes).toBeLessThan(200_000)
    expect(full.readEntries(group(1), index(last), 1).length).toBe(1)

    rmSync(ballast)
    expect(full.room().freeBytes).toBeGreaterThan(1_000_000)
    for (let more = 0; more < 10; more++) expect(append(full, ++last)).toBe('stable')
    const rest = { group: group(1), checkpoint: checkpoint('own', last - 1, 1), floor: index(last - 2) }
    expect(full.commit({ groups: [rest] }).kind).toBe('stable')
    expect(trimAll(full, { rowsMax: 20, bytesMax: 400_000 }).rows).toBeGreaterThan(40)
    for (let more = 0; more < 60; more++) expect(append(full, ++last)).toBe('stable')
    full.close()
    expect(open().readGroups([group(1)])).toMatchObject([{ kind: 'sound', hardState: { commit: last } }])
  })

  it('says so when there is no room to open, and opens when there is', () => {
    let size = 4_194_304
    for (let part = 0; size >= 1; part++) {
      try {
        writeFileSync(join(smallDisk, `fill-${part}`), new Uint8Array(size))
      } catch {
        size >>= 1 // full is what this is for
      }
    }
    expect(open).toThrow(expect.objectContaining({ code: 'store-full' }))
    for (const name of readdirSync(smallDisk)) rmSync(join(smallDisk, name), { recursive: true })
    expect(open().commit({ groups: [founding(1)] }).kind).toBe('stable')
  })
})
