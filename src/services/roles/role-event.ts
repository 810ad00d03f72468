import type { Line } from '../../core/agent/line.ts'
import type { Rejection } from '../../model/rejection.ts'

/** Something that an agent did, for the journal and for people. */
export interface RoleEvent {
  readonly need: string
  readonly kind: 'said' | 'refused' | 'job-begun' | 'job-done' | 'job-failed'
  /** The verb, or the capability's name; of a failure also why. */
  readonly text: string
}

/** It was said. */
export function saidEvent(need: string, { kind }: Line): RoleEvent {
  return { need, kind: 'said', text: kind }
}

/** The author refused it: a policy, or a payload. */
export function refusedEvent(need: string, { kind }: Line, { code, message }: Rejection): RoleEvent {
  return { need, kind: 'refused', text: `${kind}: ${code}: ${message}` }
}
