/**
 * One node as a process: `node node.ts DIRECTORY ID PORT PORT PORT`: the ports of nodes 1, 2, 3. Reads lines of JSON
 * {n, kind: 'put'|'read', cell, value, key, born} and answers with lines {n, ...}. A fault of the store ends it with 70.
 */
import { createInterface } from 'node:readline'
import type { GroupId, RaftId } from '../../../src/model/raft.ts'
import { HOST_SETTINGS } from '../../../src/services/raft-host/settings.ts'
import { type Board, boardMachine, encodeBoardCommand } from '../../../src/sim/raft/machines.ts'
import { startRaftNode } from '../../setup/raft-node.ts'

const [, , directory = '', id = '', ...ports] = process.argv
const G = 0 as GroupId
const { host, loop } = await startRaftNode({
  directory,
  self: Number(id) as RaftId,
  ports: ports.map(Number),
  groups: [G],
  settings: { ...HOST_SETTINGS, reserveBytes: 0, spreadTicks: 0, checkpointEntries: 500, tailEntries: 200 },
  tickMs: 50,
  machine: boardMachine,
})

const say = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`)
say({ ready: true, born: host.ticket(G, Uint8Array.of(1)).born })
createInterface({ input: process.stdin }).on('line', (line) => {
  const { n, kind, cell, value, key, born } = JSON.parse(line)
  if (kind === 'put') {
    const ticket = { born, key: new TextEncoder().encode(key) }
    host.propose(G, ticket, encodeBoardCommand({ kind: 'put', cell, value }), 40, (outcome) => {
      if (outcome.kind !== 'settled') say({ n, outcome: outcome.kind })
      else if (outcome.verdict.kind === 'applied') say({ n, outcome: 'took' })
      else say({ n, outcome: 'seen', value: outcome.verdict.message })
    })
  } else if (kind === 'read') {
    host.read(G, 40, (outcome) => {
      if (outcome.kind !== 'served') say({ n, outcome: outcome.kind })
      else say({ n, outcome: 'seen', value: (outcome.state as Board).cells.get(cell) ?? null })
    })
  } else if (kind === 'leads') say({ n, leads: host.leads().length > 0 })
  else if (kind === 'cells') {
    say({ n, cells: [...((host.readStale(G)?.state as Board | undefined)?.cells ?? [])] })
  }
  loop.soon()
})
