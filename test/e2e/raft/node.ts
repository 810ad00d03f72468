/**
 * One node as a process: `node node.ts JSON`, of `NodePlan`. Reads lines of JSON { n, kind, ... } and answers with lines
 * { n, ... }. SIGTERM gives its leaderships away and ends it with 0; a fault of the store ends it with 70.
 */
import { createInterface } from 'node:readline'
import type { GroupId, RaftId } from '../../../src/model/raft.ts'
import { HOST_SETTINGS } from '../../../src/services/raft-host/settings.ts'
import { type Board, boardMachine, encodeBoardCommand } from '../../../src/sim/raft/machines.ts'
import { startRaftNode } from '../../setup/raft-node.ts'
import { FaultyStreams } from './faulty-streams.ts'
import type { NodePlan } from './node-process.ts'

const plan = JSON.parse(process.argv[2] ?? '{}') as NodePlan
const groups = Array.from({ length: plan.groups }, (_, at) => at as GroupId)
const faults = new FaultyStreams()
const node = await startRaftNode({
  directory: plan.directory,
  self: plan.self as RaftId,
  ports: plan.ports,
  groups,
  settings: { ...HOST_SETTINGS, reserveBytes: 0, checkpointEntries: 500, tailEntries: 200, ...plan.settings },
  tickMs: 50,
  machine: boardMachine,
  // Two of three as on a disk that is waited for in place, one as on a slow one.
  ...(plan.self === 3 && { slowMs: 0 }),
  onDialled: (peer, stream) => faults.wrap(peer, stream),
})
const { host, loop } = node
process.once('SIGTERM', () => void node.stop().then(() => process.exit(0)))

const say = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`)
say({ halted: groups.filter((group) => host.group(group)?.condition !== 'running') })
createInterface({ input: process.stdin }).on('line', (line) => {
  const { n, kind, group, cell, value, key, born, peers } = JSON.parse(line)
  if (kind === 'put') {
    const ticket = { born, key: new TextEncoder().encode(key) }
    host.propose(group, ticket, encodeBoardCommand({ kind: 'put', cell, value }), 40, (outcome) => {
      if (outcome.kind !== 'settled') say({ n, outcome: outcome.kind })
      else if (outcome.verdict.kind === 'applied') say({ n, outcome: 'took' })
      else say({ n, outcome: 'seen', value: outcome.verdict.message })
    })
  } else if (kind === 'read') {
    host.read(group, 40, (outcome) => {
      if (outcome.kind !== 'served') say({ n, outcome: outcome.kind })
      else say({ n, outcome: 'seen', value: (outcome.state as Board).cells.get(cell) ?? null })
    })
  } else if (kind === 'status') {
    const asleep = groups.filter((one) => host.group(one)?.asleep === true)
    const halted = groups.filter((one) => host.group(one)?.condition !== 'running')
    say({ n, leads: host.leads(), asleep, halted })
  } else if (kind === 'cut') {
    faults.cut(peers)
    say({ n })
  } else if (kind === 'cells') {
    say({
      n,
      cells: groups.map((one) => [...((host.readStale(one)?.state as Board | undefined)?.cells ?? [])]),
    })
  }
  loop.soon()
})
