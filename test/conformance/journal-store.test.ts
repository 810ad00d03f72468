import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import { journalFiles } from '../../src/adapters/journal-files/journal-files.ts'
import { MemoryJournalStore } from '../setup/memory-journal-store.ts'
import { describeJournalStore } from './journal-store.ts'

const root = mkdtempSync(join(tmpdir(), 'canswarm-journal-'))
let homes = 0
afterAll(() => rmSync(root, { recursive: true }))

describeJournalStore('in memory', async () => new MemoryJournalStore())
describeJournalStore('files', async () => journalFiles(join(root, String(++homes), 'journal')))
