import type { HubCommandOf } from '../../../codec/entry/hub-command.ts'
import type { Parameters } from '../../../model/parameters.ts'
import { ok } from '../../../model/result.ts'
import { recencyAfterDay, reputationAfter } from '../../market/reputation.ts'
import type { SlotFacts } from '../../records/world.ts'
import type { Agent } from '../tables.ts'
import type { Turn } from '../turn.ts'

const DAY = 86_400_000
const WEEK = 7 * DAY
/** Days and weeks that are counted one by one for an account that was left alone for long. */
const STEPS_MAX = 64

/**
 * Recency by days and reputation by weeks, up to now, for as many accounts as it says, in the order of their DIDs, from where the last one
 * stopped. Who is not due is left as it is. Never refused. Source: economy.md, "Pools, reputation, committees".
 */
export function applyAge(
  turn: Turn,
  { limit }: HubCommandOf<'age'>,
  now: SlotFacts,
): ReturnType<typeof ok<undefined>> {
  const dids = turn.draft.keys('agents')
  const { ageAfter } = turn.network
  const first = dids.findIndex((did) => did > ageAfter)
  const chosen = first < 0 ? [] : dids.slice(first, first + limit)
  for (const did of chosen) ageOne(turn, did, now)
  const isAtEnd = chosen.at(-1) === undefined || chosen.at(-1) === dids.at(-1)
  turn.patchNetwork({ ageAfter: isAtEnd ? '' : (chosen.at(-1) ?? '') })
  return ok(undefined)
}

function ageOne(turn: Turn, did: string, now: SlotFacts): void {
  const agent = turn.agent(did)
  if (agent === undefined) return
  const aged = agedAgent(agent, now.time, turn.settings.parameters)
  if (aged !== agent) turn.putAgent(did, aged)
}

/** True where a day of slot time is over that was not counted yet. */
export function isAgeDue({ dayAt }: Agent, time: number): boolean {
  return time - dayAt >= DAY
}

/** The agent at that slot time: each day that is over since the last one that was counted, and each week. */
function agedAgent(agent: Agent, time: number, parameters: Parameters): Agent {
  const days = Math.floor((time - agent.dayAt) / DAY)
  const weeks = Math.floor((time - agent.weekAt) / WEEK)
  if (days <= 0 && weeks <= 0) return agent
  return { ...agent, ...afterDays(agent, days, parameters), ...afterWeeks(agent, weeks, parameters) }
}

function afterDays(agent: Agent, days: number, parameters: Parameters): Partial<Agent> {
  let { recencyPpm } = agent
  for (let day = 0; day < Math.min(days, STEPS_MAX); day++) {
    recencyPpm = recencyAfterDay(recencyPpm, day === 0 && agent.hasWorkedToday, parameters)
  }
  if (days <= 0) return {}
  return { recencyPpm, dayAt: agent.dayAt + days * DAY, hasWorkedToday: false }
}

function afterWeeks(agent: Agent, weeks: number, parameters: Parameters): Partial<Agent> {
  let { reputationPpm } = agent
  for (let week = 0; week < Math.min(weeks, STEPS_MAX); week++) {
    if (week === 0 && agent.hasWorkedThisWeek) continue
    reputationPpm = reputationAfter(reputationPpm, 'idle-week', parameters)
  }
  if (weeks <= 0) return {}
  return { reputationPpm, weekAt: agent.weekAt + weeks * WEEK, hasWorkedThisWeek: false }
}
