import type { Place } from '../codec/bundle/raw-block.ts'
import type { Rejection } from '../model/rejection.ts'
import { CHECK_OF, type CheckName } from './checks.ts'

/** The first thing that is not as the rules have it. */
export interface Divergence {
  readonly place: Place
  /** What stands there: `decide, leaf 12 of bucket 7`. */
  readonly event: string
  readonly check: CheckName
  /** The rule that it breaks: a code, and what it says here. */
  readonly rejection: Rejection
}

/** Ends a replay from inside: what is wrong, without where. Never leaves `src/replay`. */
export class Diverged extends Error {
  readonly check: CheckName
  readonly rejection: Rejection

  constructor(check: CheckName, rejection: Rejection) {
    super(rejection.message)
    this.check = check
    this.rejection = rejection
  }
}

/** Ends the replay unless it holds. */
export function expectThat(
  holds: boolean,
  check: CheckName,
  code: Rejection['code'],
  message: string,
): asserts holds {
  if (!holds) throw new Diverged(check, { code, message })
}

/** The value, or the end of the replay; by the check, or by that of the code. */
export function sound<Value>(
  result: { readonly ok: true; readonly value: Value } | { readonly ok: false; readonly error: Rejection },
  check?: CheckName,
): Value {
  if (result.ok) return result.value
  throw new Diverged(check ?? CHECK_OF[result.error.code], result.error)
}
