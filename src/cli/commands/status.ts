import type { OutputOf } from '../../sdk/client.ts'
import { defineCommand } from '../command.ts'
import { creditsOf } from '../credits.ts'
import { asked, nodeOf } from '../daemon.ts'
import { EXIT } from '../exit.ts'
import { report } from '../report.ts'
import { fields, table } from '../table.ts'
import { duration, short } from '../words.ts'

type Status = OutputOf<'status'>

export const status = defineCommand({
  path: 'status',
  about: 'Health of the running node at a glance: what it is, how its parts are, what it does',
  examples: ['canswarm status', 'canswarm status --json'],
  arguments: [],
  options: {},
  async run(context) {
    const data = await asked(nodeOf(context).call('status', {}))
    const exit = data.state === 'failing' ? EXIT.failed : EXIT.done
    return report('canswarm.status/1', data, textOf(data), { notes: todosOf(data), exit })
  },
})

function textOf(data: Status): string {
  const parts = data.subsystems.map(({ name, state, detail }) => [name, state, detail])
  return `${fields(pairsOf(data))}\n\n${table(['part', 'state', 'detail'], parts)}`
}

function pairsOf(data: Status): [string, string][] {
  const { network, peers, hub, buckets, agents } = data
  const modes = [...(data.bootstrap ? ['bootstrap'] : []), ...(data.paused ? ['paused'] : [])]
  const leader = hub.is_leader ? 'this node' : hub.leader === null ? 'nobody' : short(hub.leader)
  return [
    ['state', data.state],
    ['node', data.did],
    ['network', `${network.label} (${[network.class, ...modes].join(', ')})`],
    ['', network.cid],
    ['up', `${duration(data.uptime_ms)}, pid ${data.pid}, version ${data.version}`],
    ['slot', String(data.slot.n)],
    ['peers', `${peers.connected} connected, ${peers.relayed} relayed, ${peers.banned} banned`],
    data.votes
      ? ['leads', `${buckets.led} of ${buckets.total} buckets; the hub: ${leader}`]
      : ['votes', 'no: it follows what the voters certify'],
    ['needs', `${data.needs.open} open`],
    ['agents', `${agents.attached} attached, ${agents.running} tasks running`],
    ...accountsOf(data),
    ['address', data.addresses[0] ?? 'none'],
  ]
}

/** The node's own credits, then those of accounts that work or judge for it. */
function accountsOf({ accounts }: Status): [string, string][] {
  return accounts.map(({ name, did, works, judges, balance }, at) => {
    const doings = [...(works ? ['works'] : []), ...(judges ? ['judges'] : [])].join(', ')
    const free = `${creditsOf(balance)} credits free`
    return at === 0 ? ['balance', free] : ['', `${free}: ${name} ${short(did)}, which ${doings}`]
  })
}

function todosOf({ subsystems }: Status): string[] {
  return subsystems.flatMap(({ name, todo }) => (todo === undefined ? [] : [`${name}: ${todo}`]))
}
