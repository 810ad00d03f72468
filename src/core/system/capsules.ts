import type { SingleEnvelope } from '../../codec/envelope/verify-single.ts'
import type { Rejection } from '../../model/rejection.ts'
import { ok, type Result } from '../../model/result.ts'
import type { Turn } from './turn.ts'

/**
 * The capsule that a thread is opened with in slot `n`: the one in force, or, while both are valid, whichever the envelope names.
 * Rejects WRONG_CAPSULE, POLICY_DENIED, GAS_EXCEEDED. Source: policy.md (Upgrade without a fork).
 */
export function capsuleFor(turn: Turn, envelope: SingleEnvelope, n: number): Result<string, Rejection> {
  const { capsule, next } = turn.settings
  const isNext =
    next !== undefined &&
    n >= next.from &&
    (n >= next.until || envelope.body.capsule.toString() === next.capsule)
  const chosen = isNext ? next.capsule : capsule
  const judged = turn.world.judge(chosen, envelope, n)
  return judged.ok ? ok(chosen) : judged
}
