import Database from 'better-sqlite3'
import { FaultError } from '../../model/fault.ts'

/** No room on the disk, or none left of the user's share, or of a database: passes when something is deleted. */
const FULL: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT', 'SQLITE_FULL'])

/** The code of a failed call of Node's or of SQLite's; empty for others. */
export function codeOf(error: unknown): string {
  const hasCode = error instanceof Database.SqliteError || (error instanceof Error && 'code' in error)
  return hasCode ? String(error.code) : ''
}

/** A failure on disk as a FaultError: `store-full`, `store-locked`, `store-damaged` (the index alone) or `store-io`. */
function storeFault(what: string, cause: unknown): FaultError {
  if (cause instanceof FaultError) return cause
  const code = codeOf(cause)
  if (FULL.has(code)) return new FaultError('store-full', `cannot ${what}: no room`, { cause })
  if (code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED'))
    return new FaultError('store-locked', `cannot ${what}: another process has it`, { cause })
  if (code.startsWith('SQLITE_CORRUPT') || code === 'SQLITE_NOTADB')
    return new FaultError('store-damaged', `cannot ${what}: it is damaged`, { cause })
  return new FaultError('store-io', `cannot ${what}`, { cause })
}

/** Runs one operation on disk; its failure is a FaultError that says what was done. */
export async function guarded<Value>(what: string, run: () => Promise<Value>): Promise<Value> {
  try {
    return await run()
  } catch (cause) {
    throw storeFault(what, cause)
  }
}

/** The same for what is over when it returns. */
export function guardedNow<Value>(what: string, run: () => Value): Value {
  try {
    return run()
  } catch (cause) {
    throw storeFault(what, cause)
  }
}
