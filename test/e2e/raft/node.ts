/**
 * One node as a process: `node node.ts DIRECTORY ID PORT PORT PORT`: the ports of nodes 1, 2, 3. Reads lines of JSON
 * {n, kind: 'put'|'read', cell, value, key, born} and answers with lines {n, ...}. A fault of the store ends it with 70.
 */
import { hash } from 'node:crypto'
import { createInterface } from 'node:readline'
import { crc32 } from 'node:zlib'
import { nodeCrypto } from '../../../src/adapters/crypto/node-crypto.ts'
import { EtcdRaft } from '../../../src/adapters/etcd-raft/engine.ts'
import { compileEngine, readEngineFiles } from '../../../src/adapters/etcd-raft/engine-module.ts'
import { openSqliteDisk } from '../../../src/adapters/sqlite/sqlite-disk.ts'
import { systemClock } from '../../../src/adapters/system/clock.ts'
import { systemRandom } from '../../../src/adapters/system/random.ts'
import { dialTcp, listenTcp } from '../../../src/adapters/tcp/tcp.ts'
import type { GroupId, RaftId } from '../../../src/model/raft.ts'
import { RaftHost } from '../../../src/services/raft-host/host.ts'
import { HostLoop } from '../../../src/services/raft-host/host-loop.ts'
import { HOST_SETTINGS } from '../../../src/services/raft-host/settings.ts'
import { StreamTransport } from '../../../src/services/raft-host/stream-transport.ts'
import { openTurnStore } from '../../../src/services/turn-store/turn-store.ts'
import { type Board, boardMachine, encodeBoardCommand } from '../../../src/sim/raft/machines.ts'

const [, , directory = '', idText = '', ...portTexts] = process.argv
const self = Number(idText) as RaftId
const ports = portTexts.map(Number)
const ids = ports.map((_, at) => (at + 1) as RaftId)
const G = 0 as GroupId
const LOOPBACK = '127.0.0.1'
const store = openTurnStore(openSqliteDisk({ directory, random: systemRandom }), crc32)
const transport = new StreamTransport({
  self,
  incarnation: store.origin.incarnation,
  network: hash('sha256', 'test', 'buffer'),
  clock: systemClock,
  dial: (peer) => dialTcp({ host: LOOPBACK, port: ports[peer - 1] ?? 0 }),
  knows: (peer) => ids.includes(peer),
  listener: {
    onFrame(from, frame) {
      host.onFrame(from, frame)
      loop.soon()
    },
  },
  queueBytesMax: 16_777_216,
})
const host = new RaftHost({
  self,
  engine: new EtcdRaft({
    module: compileEngine(readEngineFiles()),
    seed: systemRandom.bytes(32),
    log: () => undefined,
  }),
  store,
  transport,
  directory: { isExpected: () => false, replicas: () => ids },
  sha256: nodeCrypto.sha256,
  settings: { ...HOST_SETTINGS, reserveBytes: 0, spreadTicks: 0, checkpointEntries: 500, tailEntries: 200 },
  machineOf: () => boardMachine,
  nowMs: () => systemClock.monotonicMs(),
})
const started = host.start()
if (!started.ok) throw new Error(started.error)
if (host.group(G) === undefined) host.found(G, ids)
const loop = new HostLoop(host, {
  clock: systemClock,
  tickMs: 50,
  later: setImmediate,
  onFault(error) {
    console.error(error)
    process.exit(70)
  },
})
await listenTcp({ host: LOOPBACK, port: ports[self - 1] ?? 0 }, (stream) => void transport.accept(stream))

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
