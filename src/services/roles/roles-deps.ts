import type { SaltOf } from '../../core/agent/work.ts'
import type { Author } from '../author/author.ts'
import type { HeartView } from './heart-view.ts'
import type { JudgeWorld } from './judge-result.ts'
import type { Registration } from './registration.ts'
import type { RoleEvent } from './role-event.ts'

/** Which of the built-in agents are at work. Source: operations.md, "Agents" (each with a switch). */
export interface RoleSwitches {
  readonly worker: boolean
  readonly verifier: boolean
  /** Absent: it challenges nothing. */
  readonly challenger?: { readonly bondMax: bigint; readonly sharePpm: number }
}

export interface RolesDeps extends Omit<JudgeWorld, 'resultOf'> {
  readonly heart: HeartView
  readonly author: Pick<Author, 'did' | 'say' | 'saw'>
  readonly registration: Registration
  readonly saltOf: SaltOf
  readonly switches: RoleSwitches
  readonly onEvent: (event: RoleEvent) => void
  /** Nothing can be said any more, or a defect: called once, and the roles stand still. */
  readonly onFault: (fault: unknown) => void
}
