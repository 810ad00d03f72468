import { FaultError } from '../../model/fault.ts'

/** No room on the disk, or none left of the user's share: passes when something is deleted. */
const FULL = new Set(['ENOSPC', 'EDQUOT'])

/** Runs one operation on a file; its failure is a FaultError `journal-full` or `journal-io` that says what was done. */
export async function guarded<Value>(what: string, run: () => Promise<Value>): Promise<Value> {
  try {
    return await run()
  } catch (cause) {
    throw faultOf(what, cause)
  }
}

/** True for the error of a file that is not there. */
export function isMissing(error: unknown): boolean {
  return codeOf(error) === 'ENOENT'
}

function faultOf(what: string, cause: unknown): FaultError {
  if (cause instanceof FaultError) return cause
  const code = FULL.has(codeOf(cause)) ? 'journal-full' : 'journal-io'
  return new FaultError(code, `cannot ${what}`, { cause })
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}
