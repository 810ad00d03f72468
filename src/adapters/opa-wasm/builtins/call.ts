import type { OpaExports } from '../abi.ts'
import type { ModuleMemory } from '../memory.ts'
import { Stop } from '../stop.ts'
import type { Builtin } from './builtin.ts'

/** Bytes of one argument's text. */
const ARGUMENT_BYTES_MAX = 262_144

/** What a function of the host may use of the instance that called it. */
export interface Caller {
  readonly exports: OpaExports
  readonly memory: ModuleMemory
  readonly charge: (gas: number) => void
}

/**
 * Reads the values at `addresses`, runs the function and writes its result into the policy's memory. The address
 * of the result; 0 for undefined. Stops when the gas is used up or the module gives addresses that do not hold.
 */
export function callBuiltin(builtin: Builtin, addresses: readonly number[], caller: Caller): number {
  const { exports, memory, charge } = caller
  const spend = (bytes: number) => charge(bytes * builtin.gasPerByte)
  charge(builtin.gasPerCall)
  const args = addresses.map((address) => {
    const text = memory.textAt(exports.dumpRego(address), ARGUMENT_BYTES_MAX, 'builtin')
    spend(text.length)
    return text
  })
  const result = builtin.run(args, spend)
  return result === undefined ? 0 : writeValue(result, exports, memory)
}

function writeValue(json: string, exports: OpaExports, memory: ModuleMemory): number {
  const room = json.length * 3 // a UTF-16 unit has at most three bytes
  const at = exports.malloc(room)
  const size = memory.writeText(at, json)
  const value = size === -1 ? 0 : exports.parse(at, size)
  if (value === 0)
    throw new Stop('builtin', 'the policy has no room for the result of a function of the host')
  return value
}
