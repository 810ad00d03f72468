import type { Brand } from './brand.ts'
import { DefectError } from './fault.ts'

/** Number of a driver turn that was written. Integer in [1, 2^53), growing by one; rows of old turns go away. */
export type Turn = Brand<number, 'Turn'>

/** For numbers of our own: any other crashes. */
export function assertTurn(value: number): Turn {
  if (!Number.isSafeInteger(value) || value < 1) throw new DefectError(`${value} is no turn`)
  return value as Turn
}
