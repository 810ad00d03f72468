import { hash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { nodeCrypto } from '../../src/adapters/crypto/node-crypto.ts'
import { EtcdRaft } from '../../src/adapters/etcd-raft/engine.ts'
import { compileEngine, readEngineFiles } from '../../src/adapters/etcd-raft/engine-module.ts'
import { openSqliteDisk } from '../../src/adapters/sqlite/sqlite-disk.ts'
import { systemClock } from '../../src/adapters/system/clock.ts'
import { systemRandom } from '../../src/adapters/system/random.ts'
import { dialTcp, listenTcp } from '../../src/adapters/tcp/tcp.ts'
import type { GroupId, RaftId } from '../../src/model/raft.ts'
import type { ByteStream } from '../../src/ports/raft-transport.ts'
import type { StateMachine } from '../../src/ports/state-machine.ts'
import type { TurnStore } from '../../src/ports/turn-store.ts'
import type { Certification } from '../../src/services/raft-host/certification.ts'
import { RaftHost } from '../../src/services/raft-host/host.ts'
import type { HostEvent } from '../../src/services/raft-host/host-core.ts'
import { HostLoop } from '../../src/services/raft-host/host-loop.ts'
import type { HostSettings } from '../../src/services/raft-host/settings.ts'
import { StreamTransport } from '../../src/services/raft-host/stream-transport.ts'
import { openTurnStore } from '../../src/services/turn-store/turn-store.ts'

/** What a node of a test is made of: the parts of a real one, on loopback. */
export interface RaftNodeOptions {
  readonly directory: string
  readonly self: RaftId
  /** Of nodes 1, 2, 3 and so on: all are voters of all groups. */
  readonly ports: readonly number[]
  readonly groups: readonly GroupId[]
  readonly settings: HostSettings
  readonly tickMs: number
  readonly machine: StateMachine
  readonly tell?: (event: HostEvent) => void
  /** Keys and rules of certificates; without them groups have none. */
  readonly certification?: Certification
  /** Milliseconds from which on its disk is slow; 0: it is told of every turn. */
  readonly slowMs?: number
  /** What becomes of a stream to another node; faults are put in here. */
  readonly onDialled?: (peer: RaftId, stream: ByteStream) => ByteStream
}

export interface RaftNode {
  readonly host: RaftHost
  readonly loop: HostLoop
  readonly store: TurnStore
  readonly engine: EtcdRaft
  /** Gives leaderships away, then everything back. Whatever waits is told that nobody can say. */
  stop(): Promise<void>
}

const LOOPBACK = '127.0.0.1'
/** Two election timeouts. */
const STOP_TICKS_MAX = 40

/** A node with SQLite on real files and TCP on loopback. A fault of its store ends the process with 70. */
export async function startRaftNode(options: RaftNodeOptions): Promise<RaftNode> {
  const { directory, self, ports, settings, groups, onDialled = (_, stream) => stream } = options
  const ids = ports.map((_, at) => (at + 1) as RaftId)
  const pace = options.slowMs === undefined ? {} : { slowMs: options.slowMs }
  const store = openTurnStore(openSqliteDisk({ directory, random: systemRandom, ...pace }), crc32)
  const transport = new StreamTransport({
    self,
    incarnation: store.origin.incarnation,
    network: hash('sha256', 'test', 'buffer'),
    clock: systemClock,
    dial: async (peer) => onDialled(peer, await dialTcp({ host: LOOPBACK, port: ports[peer - 1] ?? 0 })),
    knows: (peer) => ids.includes(peer),
    listener: {
      onFrame(from, frame) {
        host.onFrame(from, frame)
        loop.soon()
      },
    },
    queueBytesMax: 16_777_216,
  })
  const engine = new EtcdRaft({
    module: compileEngine(readEngineFiles()),
    seed: systemRandom.bytes(32),
    log: () => undefined,
  })
  const host = new RaftHost({
    self,
    engine,
    store,
    transport,
    directory: { isExpected: () => false, replicas: () => ids },
    sha256: nodeCrypto.sha256,
    settings,
    machineOf: () => options.machine,
    nowMs: () => systemClock.monotonicMs(),
    tell: options.tell ?? (() => undefined),
    certification: options.certification,
  })
  const started = host.start()
  if (!started.ok) throw new Error(started.error)
  for (const group of groups) if (host.group(group) === undefined) host.found(group, ids)
  const loop = new HostLoop(host, {
    clock: systemClock,
    tickMs: options.tickMs,
    later: setImmediate,
    onFault(error) {
      console.error(error)
      process.exit(70)
    },
  })
  const listener = await listenTcp(
    { host: LOOPBACK, port: ports[self - 1] ?? 0 },
    (stream) => void transport.accept(stream),
  )
  return {
    host,
    loop,
    store,
    engine,
    async stop() {
      await loop.handOver(STOP_TICKS_MAX)
      loop.stop()
      transport.close()
      await listener.close()
      store.close()
    },
  }
}
