import type { EvaluationFailure } from '../../ports/policy-engine.ts'

const MESSAGE_CHARS_MAX = 256

/**
 * Thrown through the module's frames by what the host does for it, to end the evaluation there.
 * `gas`: out of it; the others as in `EvaluationFailure`.
 */
export class Stop extends Error {
  readonly failure: EvaluationFailure | 'gas'

  constructor(failure: EvaluationFailure | 'gas', message: string) {
    super(message.length <= MESSAGE_CHARS_MAX ? message : `${message.slice(0, MESSAGE_CHARS_MAX - 1)}…`)
    this.failure = failure
  }
}
