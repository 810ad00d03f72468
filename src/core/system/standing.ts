/** Reputation and recency. Source: economy.md, "Pools, reputation, committees". */
import type { ToHubOf } from '../../codec/entry/effect.ts'
import { type ReputationEvent, reputationAfter } from '../market/reputation.ts'
import type { Need } from './tables.ts'
import type { Turn } from './turn.ts'

/** Who is not in the registry has no reputation. */
export function noteEvent(turn: Turn, did: string, event: ReputationEvent): void {
  const agent = turn.agent(did)
  if (agent === undefined) return
  const reputationPpm = reputationAfter(agent.reputationPpm, event, turn.settings.parameters)
  turn.putAgent(did, { ...agent, reputationPpm })
}

/** Confirmed work: reputation, and activity of the day and the week. */
function noteConfirmed(turn: Turn, did: string): void {
  noteEvent(turn, did, 'confirmed-attestation')
  const agent = turn.agent(did)
  if (agent === undefined) return
  turn.putAgent(did, { ...agent, hasWorkedToday: true, hasWorkedThisWeek: true })
}

/** At a need's end: seats whose verdict stood, and the worker, if it had something at stake and could be challenged. */
export function creditWork(turn: Turn, need: Need, { outcome, worker, confirmed }: ToHubOf<'end'>): void {
  for (const did of new Set(confirmed)) noteConfirmed(turn, did)
  if (outcome !== 'settled' || worker === undefined) return
  const hasStaked = need.bonds.some(({ account, of }) => account === worker && of > 0n)
  if (hasStaked) noteEvent(turn, worker, 'work-final')
}
