import Database from 'better-sqlite3'
import { FaultError } from '../../model/fault.ts'

/** True for lack of room: the disk, a quota, or a limit of ours. SQLite has rolled back what it was doing. */
export function isFull(error: unknown): boolean {
  return codeOf(error) === 'SQLITE_FULL'
}

/** Of a failure while opening: what to tell the operator. */
export function openFault(path: string, cause: unknown): FaultError {
  if (cause instanceof FaultError) return cause
  const code = codeOf(cause)
  if (code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED')) {
    return new FaultError('store-locked', `${path} is open elsewhere`, { cause })
  }
  if (code.startsWith('SQLITE_CORRUPT') || code === 'SQLITE_NOTADB') {
    return damagedFault(path, cause instanceof Error ? cause.message : code, cause)
  }
  if (code === 'SQLITE_FULL' || code === 'ENOSPC') {
    return new FaultError('store-full', `no room to open ${path}`, { cause })
  }
  return ioFault(`open ${path}`, cause)
}

/** Bytes that are not those that were written, or no store at all. */
export function damagedFault(path: string, what: string, cause?: unknown): FaultError {
  const todo =
    'Keep a copy of the directory, remove it, and let the node rejoin its groups under new raft ids.'
  return new FaultError('store-damaged', `${path} is damaged: ${what}. ${todo}`, { cause })
}

/** Whatever else fails: what is on disk is unknown, nothing is tried again, and the process ends. */
export function ioFault(what: string, cause: unknown): FaultError {
  if (cause instanceof FaultError) return cause
  const why = cause instanceof Error ? `${cause.message} (${codeOf(cause)})` : String(cause)
  return new FaultError('store-io', `cannot ${what}: ${why}; the process has to end and start again`, {
    cause,
  })
}

function codeOf(error: unknown): string {
  return error instanceof Database.SqliteError || (error instanceof Error && 'code' in error)
    ? String(error.code)
    : ''
}
