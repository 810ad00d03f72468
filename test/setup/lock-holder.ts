/**
 * A process that wants a home: `node lock-holder.ts HOME`. Says `ready`, waits for a line on standard input,
 * tries once, says `won` or the fault's code and message, and keeps what it has until standard input ends.
 */
import { writeSync } from 'node:fs'
import { flushCompileCache } from 'node:module'
import { openHomeLock } from '../../src/adapters/home-lock/home-lock.ts'
import { FaultError } from '../../src/model/fault.ts'

flushCompileCache()
const [, , home] = process.argv
if (home === undefined) throw new Error('usage: lock-holder.ts HOME')
writeSync(1, 'ready\n')
process.stdin.once('data', () => {
  try {
    openHomeLock(home)
    writeSync(1, 'won\n')
  } catch (error) {
    if (!(error instanceof FaultError)) throw error
    writeSync(1, `${error.code}: ${error.message}\n`)
  }
})
