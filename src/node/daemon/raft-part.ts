import { crc32 } from 'node:zlib'
import { EtcdRaft } from '../../adapters/etcd-raft/engine.ts'
import { compileEngine, readEngineFiles } from '../../adapters/etcd-raft/engine-module.ts'
import { openSqliteDisk } from '../../adapters/sqlite/sqlite-disk.ts'
import type { AcceptedKeys } from '../../codec/did/accepted-keys.ts'
import { BUCKETS_MAX, type OpenedGenesis } from '../../codec/genesis/genesis.ts'
import { groupOfMachine, machineOfGroup } from '../../core/witness/machine.ts'
import { FaultError } from '../../model/fault.ts'
import type { Did } from '../../model/ids.ts'
import type { GroupId, RaftId } from '../../model/raft.ts'
import type { KeyPair } from '../../ports/keystore.ts'
import type { Mesh } from '../../ports/mesh.ts'
import type { TurnStore } from '../../ports/turn-store.ts'
import type { CertifiedFeed } from '../../services/follower/certified-feed.ts'
import { bucketGroups } from '../../services/heart/group-access.ts'
import type { Heart } from '../../services/heart/heart.ts'
import type { LogGaps } from '../../services/heart/log-gaps.ts'
import type { KnownCertificates } from '../../services/log-fetch/serve-logs.ts'
import { certificationOf } from '../../services/raft-host/certification.ts'
import { RaftHost } from '../../services/raft-host/host.ts'
import type { HostEvent } from '../../services/raft-host/host-core.ts'
import { HostLoop } from '../../services/raft-host/host-loop.ts'
import { meshStreams } from '../../services/raft-host/mesh-streams.ts'
import { HOST_SETTINGS, type HostSettings } from '../../services/raft-host/settings.ts'
import { StreamTransport } from '../../services/raft-host/stream-transport.ts'
import { openTurnStore } from '../../services/turn-store/turn-store.ts'
import { offline } from '../offline.ts'

export interface RaftPartOptions {
  readonly directory: string
  readonly genesis: OpenedGenesis
  readonly key: KeyPair
  readonly keys: AcceptedKeys
  readonly mesh: Mesh
  readonly heart: Heart
  readonly gaps: LogGaps
  /** Tells those who are no voters what was applied. */
  readonly feed: Pick<CertifiedFeed, 'onLeaf' | 'onCertificate'>
  readonly buckets: number
  readonly tickMs: number
  /** What differs from the defaults. */
  readonly settings: Partial<HostSettings>
  readonly tell: (event: HostEvent) => void
  /** The process must end; what is stored is right. */
  readonly onFault: (error: unknown) => void
}

export interface RaftPart {
  readonly host: RaftHost
  readonly store: TurnStore
  readonly loop: HostLoop
  /** Certified changes of a machine's voters behind a config. */
  readonly linksAfter: KnownCertificates['links']
  /** Gives leaderships away, then closes everything. */
  stop(): Promise<void>
}

const QUEUE_BYTES_MAX = 16_777_216
/** Two election timeouts. */
const STOP_TICKS_MAX = 20
/** A node is gone within 10 s of being told. */
const STORE_MS_MAX = 5_000

/** Buckets of a network. */
export function bucketsOf({ genesis }: OpenedGenesis): number {
  return genesis.buckets ?? BUCKETS_MAX
}

/** The voters of genesis by their raft ids, which are their places in it, from 1 on. */
export function raftIds({ genesis }: OpenedGenesis) {
  const byDid = new Map(genesis.voters.map((did, at): [Did, RaftId] => [did, (at + 1) as RaftId]))
  return {
    ids: [...byDid.values()],
    idOf: (did: Did): RaftId | undefined => byDid.get(did),
    didOf: (id: RaftId): Did | undefined => genesis.voters[id - 1],
  }
}

/**
 * Opens the raft host of a voter: its store, the engine, its groups, and frames over the mesh's streams, which say who
 * opened them. Faults as the store; `not-a-voter`.
 */
export function openRaftPart(options: RaftPartOptions): RaftPart {
  const { directory, genesis, key, keys, mesh, heart, gaps, feed, buckets, tickMs, tell, onFault } = options
  const { crypto, clock, random } = offline
  const { ids, idOf, didOf } = raftIds(genesis)
  const self = idOf(key.did)
  if (self === undefined) throw new FaultError('not-a-voter', `${key.did} is no voter of this network`)
  const store = openTurnStore(openSqliteDisk({ directory, random }), crc32)
  const streams = meshStreams({ mesh, network: genesis.net.toString(), didOf, raftIdOf: idOf })
  const transport = new StreamTransport({
    self,
    incarnation: store.origin.incarnation,
    network: genesis.net.multihash.digest,
    clock,
    dial: (peer) => streams.dial(peer),
    knows: (peer) => didOf(peer) !== undefined,
    listener: {
      onFrame(from, frame) {
        host.onFrame(from, frame)
        loop.soon()
      },
    },
    queueBytesMax: QUEUE_BYTES_MAX,
  })
  const engine = new EtcdRaft({
    module: compileEngine(readEngineFiles()),
    seed: random.bytes(32),
    log: () => undefined,
  })
  const certified = {
    net: genesis.net,
    liars: genesis.genesis.f,
    generation: 0,
    votersOf: () => genesis.genesis.voters,
  }
  const host = new RaftHost({
    self,
    engine,
    store,
    transport: streams.scored(transport),
    directory: { isExpected: () => false, replicas: () => ids },
    sha256: crypto.sha256,
    settings: { ...HOST_SETTINGS, ...options.settings },
    machineOf: (group) => heart.machineOf(group),
    certification: certificationOf(crypto, keys, certified, key, didOf),
    nowMs: () => clock.monotonicMs(),
    tell,
    onLeaf(notice) {
      heart.onLeaf(notice)
      feed.onLeaf(notice)
    },
    onSeal(notice) {
      heart.onSeal(notice)
      if (notice.kind === 'certificate') feed.onCertificate(notice.certificate)
    },
    mayApply: (group) => gaps.mayApply(machineOfGroup(group)),
    onInstalled(group) {
      const position = host.group(group)?.replica?.position ?? 0
      const isLacking = noteTree(host, gaps, group)
      if (!isLacking && position > 0) setImmediate(() => heart.takeUp(machineOfGroup(group), position))
    },
    beforeCheckpoint: (group) => heart.beforeCheckpoint(machineOfGroup(group)),
  })
  openGroups(host, bucketGroups(buckets), ids)
  for (const group of bucketGroups(buckets)) noteTree(host, gaps, group)
  const loop = new HostLoop(host, { clock, tickMs, later: setImmediate, onFault })
  streams.serve(transport)
  return {
    host,
    store,
    loop,
    linksAfter: (machine, after) =>
      host.voterLinks(groupOfMachine(machine)).filter(({ config }) => config.version > after),
    async stop() {
      // Nobody takes over from an only voter: what is under way ends, and no more.
      await loop.handOver(genesis.genesis.voters.length === 1 ? 1 : STOP_TICKS_MAX)
      await loop.storeStates(Math.ceil(STORE_MS_MAX / tickMs))
      loop.stop()
      transport.close()
      store.close()
    },
  }
}

/**
 * How far a group's state is that did not come there by applying: it was opened, or a snapshot came. True: its log lacks
 * what led to it.
 */
function noteTree(host: RaftHost, gaps: LogGaps, group: GroupId): boolean {
  const sealed = host.group(group)?.replica?.sealed
  if (sealed === undefined) return false
  const { size } = sealed.tree
  const changes = sealed.links.flatMap(({ certificate }) => certificate ?? [])
  return gaps.note(machineOfGroup(group), { size, root: sealed.tree.root(), changes })
}

function openGroups(host: RaftHost, groups: readonly GroupId[], ids: readonly RaftId[]): void {
  const started = host.start()
  if (!started.ok) throw new FaultError('store-damaged', started.error)
  const missing = groups.filter((group) => host.group(group) === undefined)
  if (!host.foundAll(missing, ids))
    throw new FaultError('store-full', 'no room for the groups of this network')
}
