import { FaultError } from '../../model/fault.ts'

/** No room on the disk, or none left of the user's share: passes when something is deleted. */
const FULL = new Set(['ENOSPC', 'EDQUOT'])

/** Runs one operation on a file; its failure is a FaultError `store-full` or `store-io` that says what was done. */
export function guarded<Value>(what: string, run: () => Value): Value {
  try {
    return run()
  } catch (cause) {
    if (cause instanceof FaultError) throw cause
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
    throw new FaultError(FULL.has(code) ? 'store-full' : 'store-io', `cannot ${what}`, { cause })
  }
}
