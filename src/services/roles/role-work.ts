import type { Delivery, Judgement } from '../../core/agent/work.ts'
import type { Capability } from './capability.ts'
import type { Lane } from './job-desk.ts'

/** Finding that nothing here can judge takes no room. */
export const IDLE_LANE: Lane = { name: 'none', parallelMax: 64 }

export function laneOf(what: 'work' | 'judge', { name, parallelMax }: Capability): Lane {
  return { name: `${what} ${name}`, parallelMax }
}

export function failureOf(delivery: Delivery): string | undefined {
  if (delivery.kind !== 'failed') return undefined
  const { reason, detail = '' } = delivery
  return detail === '' ? reason : `${reason}: ${detail}`
}

export function lackOf({ verdict, reason }: Judgement): string | undefined {
  return verdict === 'unavailable' ? reason : undefined
}
