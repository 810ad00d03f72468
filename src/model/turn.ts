import type { Brand } from './brand.ts'
import { DefectError } from './fault.ts'

/** Number of a driver turn that was written. Integer in [1, 2^53), growing by one; rows of old turns go away. */
export type Turn = Brand<number, 'Turn'>

/** For numbers of our own: any other crashes. */
export function assertTurn(value: number): Turn {
  if (!Number.isSafeInteger(value) || value < 1) throw new DefectError(`${value} is no turn`)
  return value as Turn
}

/** Of one turn, encoded: a turn is 256 KiB, but a single entry of 4 MiB may exceed it. */
export const ROW_BYTES_MAX = 67_108_864
/** Of a note for a group. */
export const NOTE_BYTES_MAX = 65_536
/** Of what a host keeps beside a checkpoint. */
export const CHECKPOINT_HEAD_BYTES_MAX = 65_536
/** Of a part of a state. */
export const CHUNK_BYTES_MAX = 1_048_576
