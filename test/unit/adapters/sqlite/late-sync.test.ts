import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { DiskPace } from '../../../../src/adapters/sqlite/late-sync.ts'
import { openSqliteDisk } from '../../../../src/adapters/sqlite/sqlite-disk.ts'
import type { Turn } from '../../../../src/model/turn.ts'
import type { DiskOutcome, RowDisk } from '../../../../src/ports/row-disk.ts'
import { memoryDirectory } from '../../../setup/memory-directory.ts'
import { seededRandom } from '../../../setup/seeded-random.ts'

const root = memoryDirectory('late')
afterAll(() => rmSync(root, { recursive: true }))

describe('the pace of a disk', () => {
  it('is that of a fast one at first, and through a slow commit now and then', () => {
    const pace = new DiskPace()
    for (let commit = 0; commit < 1_000; commit++) {
      expect(pace.isLate()).toBe(false)
      pace.took(commit % 100 === 0 ? 10 : 0.4)
    }
  })

  it('is slow where most commits take milliseconds; one of 64 is measured again', () => {
    const pace = new DiskPace()
    for (let commit = 0; commit < 50; commit++) pace.took(5)
    const late = Array.from({ length: 640 }, () => pace.isLate())
    expect(late.filter((isLate) => !isLate)).toHaveLength(10)
  })

  it('is fast again once the disk is, and does not waver at the bound', () => {
    const pace = new DiskPace()
    for (let commit = 0; commit < 50; commit++) pace.took(5)
    for (let commit = 0; commit < 100; commit++) pace.took(2.4)
    expect(pace.isLate()).toBe(true)
    for (let commit = 0; commit < 100; commit++) pace.took(0.4)
    expect(pace.isLate()).toBe(false)
  })
})

describe('a row that may be late', () => {
  let homes = 0
  const bytes = new Uint8Array(5_000).fill(7)
  const open = (directory: string, slowMs: number) =>
    openSqliteDisk({ directory, random: seededRandom(1), slowMs })
  const append = (disk: RowDisk, turn: number, mayBeLate: boolean) =>
    disk.append({ putRow: { turn: turn as Turn, bytes } }, mayBeLate)
  const settled = (disk: RowDisk) => new Promise<DiskOutcome>((resolve) => disk.onSettled(resolve))

  it('is underway on a slow disk until it is told to be stored', async () => {
    const directory = join(root, String(++homes))
    const disk = open(directory, 0)
    const told = settled(disk)
    expect(append(disk, 1, true)).toBe('underway')
    expect(await told).toEqual({ kind: 'stored' })
    disk.close()
    const again = open(directory, 0)
    expect(again.readRow(1 as Turn)).toEqual(bytes)
    again.close()
  })

  it('is stored when the call returns where it must not be late, or the disk is fast', () => {
    const slow = open(join(root, String(++homes)), 0)
    expect(append(slow, 1, false)).toBe('stored')
    slow.close()
    const fast = open(join(root, String(++homes)), 1_000)
    expect(append(fast, 1, true)).toBe('stored')
    fast.close()
  })

  it('is told of no more once the disk is closed, and is there or not', async () => {
    const directory = join(root, String(++homes))
    const disk = open(directory, 0)
    let told: DiskOutcome | undefined
    disk.onSettled((outcome) => {
      told = outcome
    })
    expect(append(disk, 1, true)).toBe('underway')
    disk.close()
    const again = open(directory, 0)
    const outcome = settled(again)
    append(again, 2, true)
    await outcome
    expect(told).toBeUndefined()
    again.close()
  })
})
