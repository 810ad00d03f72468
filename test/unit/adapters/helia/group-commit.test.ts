import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { GroupCommit } from '../../../../src/adapters/helia/group-commit.ts'

let directory: string
let db: Database.Database
let other: Database.Database
let group: GroupCommit

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'canswarm-group-'))
  db = new Database(join(directory, 'a.sqlite'))
  db.pragma('journal_mode = WAL')
  db.exec('CREATE TABLE a (n INTEGER PRIMARY KEY CHECK (n < 10)) STRICT')
  other = new Database(join(directory, 'a.sqlite'))
  group = new GroupCommit(db)
})

afterEach(() => {
  db.close()
  other.close()
  rmSync(directory, { recursive: true })
})

const put = (n: number): Promise<void> => group.write(() => db.prepare('INSERT INTO a VALUES (?)').run(n))
const seenBy = (one: Database.Database): unknown[] => one.prepare('SELECT n FROM a ORDER BY n').pluck().all()

describe('writes of one turn', () => {
  it('are seen at once, committed together, and told once they are', async () => {
    const told: number[] = []
    const both = [1, 2].map((n) => put(n).then(() => told.push(n)))
    expect([seenBy(db), seenBy(other), told]).toEqual([[1, 2], [], []])
    await Promise.all(both)
    expect([seenBy(other), told]).toEqual([
      [1, 2],
      [1, 2],
    ])
  })

  it('do without the one that fails, which alone is told', async () => {
    const [first, second, third] = [put(1), put(11), put(3)]
    await expect(second).rejects.toThrow('CHECK')
    await Promise.all([first, third])
    expect(seenBy(other)).toEqual([1, 3])
  })

  it('all fail with their commit, and the next ones go on', async () => {
    other.exec('CREATE TABLE b (n)')
    const write = put(1)
    db.exec('ROLLBACK')
    await expect(write).rejects.toThrow('no transaction')
    await put(2)
    expect(seenBy(other)).toEqual([2])
  })

  it('are durable when a flush returns', async () => {
    const write = put(1)
    group.flush()
    expect(seenBy(other)).toEqual([1])
    await write
  })
})
