/** Goes up with every change of the bytes that the meter puts out: where charges stand, what they look like. */
export const METER_VERSION = 1

/** Custom section of a metered module; it holds the version in ASCII digits. */
export const METER_SECTION = 'canswarm.meter'

/** What the meter exports. Every name starts with the prefix, and no export of a module that comes in may. */
export const INJECTED = {
  prefix: 'meter:',
  /** A mutable i64: the gas left. The host sets it before a call and reads it after. */
  gas: 'meter:gas',
  /** A mutable i32: the slots of stack left. After a trap it is not put back. */
  stack: 'meter:stack',
} as const

/** Export of the module's own mutable global `index`. */
export function exportOfGlobal(index: number): string {
  return `${INJECTED.prefix}global:${index}`
}

/** Why a call ended with a trap. */
export type StopReason = 'out-of-gas' | 'too-deep' | 'trap'

/**
 * Tells the stops apart from what is left in the two exports after a trap. Out of gas: all of the limit is used, as far
 * as anyone is told, whatever the number below 0. A call that did not trap never leaves gas below 0.
 */
export function stopReason(gasLeft: bigint, stackLeft: number): StopReason {
  if (gasLeft < 0n) return 'out-of-gas'
  return stackLeft < 0 ? 'too-deep' : 'trap'
}
