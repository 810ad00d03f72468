import type { Call, CallContext } from './call-context.ts'
import { ERRNO, WasiError } from './errno.ts'
import { fileCalls } from './file-calls.ts'
import { pathCalls } from './path-calls.ts'
import { PRICE } from './prices.ts'
import { processCalls } from './process-calls.ts'

/** What the module gets to import. */
export type ImportedCall = (...args: (number | bigint)[]) => number

/**
 * WASI preview 1 over a world that exists in memory alone: one folder of read-only files, input and output, a clock
 * and chance of its own. Every call costs `PRICE.call` and what it moves.
 * Source: WASI snapshot preview 1, module `wasi_snapshot_preview1`.
 */
export function wasiCalls(context: CallContext): Readonly<Record<string, ImportedCall>> {
  const calls: Readonly<Record<string, Call>> = {
    ...processCalls(context),
    ...fileCalls(context),
    ...pathCalls(context),
  }
  return Object.fromEntries(Object.entries(calls).map(([name, call]) => [name, imported(context, call)]))
}

function imported({ charge }: CallContext, call: Call): ImportedCall {
  const run = call as (...args: (number | bigint)[]) => void
  return (...args) => {
    charge(PRICE.call)
    try {
      run(...args.map(unsigned))
      return ERRNO.success
    } catch (error) {
      if (error instanceof WasiError) return error.errno
      throw error
    }
  }
}

/** An i32 arrives signed. */
function unsigned(word: number | bigint): number | bigint {
  return typeof word === 'number' ? word >>> 0 : word
}
