import { FaultError } from '../../model/fault.ts'

/** No room on the disk, or none left of the user's share: passes when something is deleted. */
const FULL = new Set(['ENOSPC', 'EDQUOT'])

/** Runs one operation on a file; its failure is a FaultError `store-full` or `store-io` that says what was done. */
export function guarded<Value>(what: string, run: () => Value): Value {
  try {
    return run()
  } catch (cause) {
    throw faultOf(what, cause)
  }
}

/** The same for what takes a while. */
export async function guardedLater<Value>(what: string, run: () => Promise<Value>): Promise<Value> {
  try {
    return await run()
  } catch (cause) {
    throw faultOf(what, cause)
  }
}

function faultOf(what: string, cause: unknown): FaultError {
  if (cause instanceof FaultError) return cause
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  return new FaultError(FULL.has(code) ? 'store-full' : 'store-io', `cannot ${what}`, { cause })
}
