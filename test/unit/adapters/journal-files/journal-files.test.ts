import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { journalFiles } from '../../../../src/adapters/journal-files/journal-files.ts'
import type { JournalStore } from '../../../../src/ports/journal-store.ts'
import { KEPT_FILES_MAX } from '../../../../src/ports/journal-store.ts'
import { openTestJournal, sampleDraft, verifySample } from '../../../setup/journal.ts'

const FULL = '/dev/full'
const root = mkdtempSync(join(tmpdir(), 'canswarm-journal-'))
afterAll(() => rmSync(root, { recursive: true }))

describe('journalFiles', () => {
  let directory: string
  let store: JournalStore
  let tests = 0

  beforeEach(() => {
    directory = join(root, String(++tests), 'journal')
    store = journalFiles(directory)
  })

  it('names segments by eight digits and lets only the owner read them', async () => {
    const { journal } = await openTestJournal(store)
    journal.append(sampleDraft(1))
    await journal.close()
    expect(readdirSync(directory)).toEqual(['00000001.jsonl'])
    expect(statSync(directory).mode & 0o777).toBe(0o700)
    expect(statSync(join(directory, '00000001.jsonl')).mode & 0o777).toBe(0o600)
    expect(await verifySample(store)).toMatchObject({ lines: 3, unsealedLines: 0 })
  })

  it('writes JSON lines that any reader of JSON reads', async () => {
    const { journal } = await openTestJournal(store)
    for (let i = 0; i < 7; i++) journal.append(sampleDraft(i))
    await journal.close()
    const lines = readFileSync(join(directory, '00000001.jsonl'), 'utf8').trimEnd().split('\n')
    expect(lines.map((line) => (JSON.parse(line) as { n: number }).n)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9])
  })

  it('makes nothing when it is only looked at', async () => {
    expect(await verifySample(store)).toMatchObject({ lines: 0 })
    expect(existsSync(directory)).toBe(false)
  })

  it('takes no other file for a segment', async () => {
    mkdirSync(directory, { recursive: true })
    const others = [
      '00000000.jsonl',
      '1.jsonl',
      '00000001.jsonl.bak',
      '00000001.torn-1',
      '000000001.jsonl',
      'notes',
    ]
    for (const name of others) writeFileSync(join(directory, name), 'x')
    await (await store.open(7)).close()
    expect(await store.list()).toEqual([7])
  })

  it('removes the oldest pieces put aside, and leaves the bytes of the others as they were', async () => {
    for (const segment of [1, 2]) {
      const file = await store.open(segment)
      await file.write(Buffer.from(`segment ${segment}`), 0)
      await file.close()
    }
    await store.keep(1, 0)
    for (let i = 0; i < KEPT_FILES_MAX; i++) await store.keep(2, 8)
    const pieces = readdirSync(directory).filter((name) => name.includes('.torn-'))
    expect(pieces).toHaveLength(KEPT_FILES_MAX)
    expect(pieces.every((name) => name.startsWith('00000002.'))).toBe(true)
    await store.keep(2, 8)
    expect(existsSync(join(directory, `00000002.torn-${KEPT_FILES_MAX + 1}`))).toBe(true)
    expect(existsSync(join(directory, '00000002.torn-1'))).toBe(false)
    expect(readFileSync(join(directory, '00000002.torn-2'), 'utf8')).toBe('2')
  })

  it.skipIf(!existsSync(FULL))('faults journal-full when the disk has no room', async () => {
    mkdirSync(directory, { recursive: true })
    symlinkSync(FULL, join(directory, '00000001.jsonl'))
    const file = await store.open(1)
    await expect(file.write(Buffer.from('x'), 0)).rejects.toMatchObject({
      code: 'journal-full',
      cause: { code: 'ENOSPC' },
    })
    await file.close()
  })

  it('faults journal-io for every other failure, and says what could not be done', async () => {
    mkdirSync(join(directory, '00000001.jsonl'), { recursive: true })
    await expect(store.open(1)).rejects.toMatchObject({
      code: 'journal-io',
      message: 'cannot open segment 1 of the journal',
      cause: { code: 'EISDIR' },
    })
    writeFileSync(join(root, 'file'), '')
    await expect(journalFiles(join(root, 'file')).list()).rejects.toMatchObject({ code: 'journal-io' })
  })
})
