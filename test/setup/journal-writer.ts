/**
 * A process that writes a journal until it is killed: `node journal-writer.ts DIRECTORY`. After each flush it
 * tells, in a line on standard output, the number and chain of the last line that is on disk.
 */
import { writeSync } from 'node:fs'
import { flushCompileCache } from 'node:module'
import { journalFiles } from '../../src/adapters/journal-files/journal-files.ts'
import { openTestJournal, sampleDrafts } from './journal.ts'

flushCompileCache() // a killed process would not leave it to the next
const [, , directory] = process.argv
if (directory === undefined) throw new Error('usage: journal-writer.ts DIRECTORY')
const limits = { segmentBytesMax: 30_000 }
const { journal, damage } = await openTestJournal(journalFiles(directory), { limits })
if (damage !== undefined) throw new Error(`damaged: ${JSON.stringify(damage)}`)
for (let i = 0; ; i++) {
  journal.appendAll(sampleDrafts(1 + ((i * 37) % 20), i))
  const flushed = journal.flush()
  journal.appendAll(sampleDrafts(i % 5))
  await flushed
  await journal.flush()
  const { n, chain } = journal.status().head
  writeSync(1, `${n} ${chain}\n`)
}
