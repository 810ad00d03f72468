import { defineCommand } from '../command.ts'
import { creditsOf } from '../credits.ts'
import { asked, nodeOf } from '../daemon.ts'
import { report } from '../report.ts'
import { fields, table } from '../table.ts'
import { duration, short } from '../words.ts'
import { type NeedDetail, stepOf } from './need-progress.ts'

export const needShow = defineCommand({
  path: 'need show',
  about:
    'How a need stands: its bids, lease, committees, challenges, and what is left of the challenge window',
  examples: ['canswarm need show bafyrei…'],
  arguments: [{ name: 'NEED', about: 'id of the NEED' }],
  options: {},
  async run(context, [id]) {
    const data = await asked(nodeOf(context).call('needShow', { need: id as NeedDetail['need'] }))
    return report('canswarm.need.show/1', data, textOf(data))
  },
})

export const needLs = defineCommand({
  path: 'need ls',
  about: 'Needs that the node knows of, newest first',
  examples: ['canswarm need ls', 'canswarm need ls --all --json'],
  arguments: [],
  options: {
    all: { type: 'boolean', about: 'those too that are over' },
    capability: { type: 'string', value: 'NAME', about: 'only of this capability' },
    limit: { type: 'integer', value: 'N', about: 'most rows; 100 unless it is said' },
  },
  async run(context, _args, { all, capability, limit }) {
    const input = {
      state: all ? ('all' as const) : ('open' as const),
      ...(capability !== undefined && { capability }),
      ...(limit !== undefined && { limit }),
    }
    const data = await asked(nodeOf(context).call('needs', input))
    const rows = data.needs.map((one) => [
      one.need,
      one.state,
      one.capability ?? '',
      one.budget === null ? '' : creditsOf(one.budget),
      one.worker === null ? '' : short(one.worker),
    ])
    const notes = data.more ? ['there are more: --limit N shows them'] : []
    const text = table(['need', 'state', 'capability', 'budget', 'worker'], rows)
    return report('canswarm.need.ls/1', data, text, { notes })
  },
})

function textOf(data: NeedDetail): string {
  const parts = [fields(pairsOf(data))]
  if (data.ranking.length > 0) parts.push(table(['bid by', 'cost', 'eta', 'score', 'bond'], bidRows(data)))
  if (data.committees.length > 0)
    parts.push(table(['committee', 'attempt', 'seats', 'votes'], seatRows(data)))
  if (data.challenge_list.length > 0) {
    const rows = data.challenge_list.map(({ challenger, state, bond }) => [
      short(challenger),
      state,
      creditsOf(bond),
    ])
    parts.push(table(['challenge by', 'state', 'bond'], rows))
  }
  return parts.join('\n\n')
}

function pairsOf(data: NeedDetail): [string, string][] {
  const left = data.challenge_window_left_ms
  const all: [string, string | null][] = [
    ['need', data.need],
    ['label', data.label],
    ['state', `${data.state}: ${stepOf(data)}`],
    ['thread', data.thread],
    ['requester', data.requester],
    ['capability', data.capability],
    ['budget', data.budget === null ? null : `${creditsOf(data.budget)} credits`],
    ['bucket', data.bucket === null ? null : String(data.bucket)],
    ['worker', data.worker],
    ['artifact', data.artifact],
    ['window', left === null ? null : left === 0 ? 'closed' : `${duration(left)} left`],
  ]
  return all.filter((pair): pair is [string, string] => pair[1] !== null)
}

function bidRows({ ranking }: NeedDetail): string[][] {
  return ranking.map(({ bidder, cost, eta_ms: eta, score, reserved }) => [
    short(bidder),
    creditsOf(cost),
    duration(eta),
    String(score),
    reserved ? 'held' : '',
  ])
}

function seatRows({ committees }: NeedDetail): string[][] {
  return committees.map(({ role, attempt, seats, votes, quorum }) => [
    role,
    String(attempt),
    `${seats.length} (quorum ${quorum})`,
    votes.map(({ choice }) => choice).join(' '),
  ])
}
