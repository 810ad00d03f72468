import { StateFiles } from '../../adapters/log-files/state-files.ts'
import type { AcceptedKeys } from '../../codec/did/accepted-keys.ts'
import type { OpenedGenesis } from '../../codec/genesis/genesis.ts'
import { startChain } from '../../core/certificate/voter-chain.ts'
import { firstVoters } from '../../core/witness/first-voters.ts'
import { groupOfMachine, machineOfGroup } from '../../core/witness/machine.ts'
import type { Did } from '../../model/ids.ts'
import type { Mesh } from '../../ports/mesh.ts'
import { CatchUp } from '../../services/follower/catch-up.ts'
import { CertifiedJudge } from '../../services/follower/certified-judge.ts'
import { FollowerHost } from '../../services/follower/follower-host.ts'
import { bucketGroups } from '../../services/heart/group-access.ts'
import { LogFetch } from '../../services/log-fetch/log-fetch.ts'
import type { KnownCertificates } from '../../services/log-fetch/serve-logs.ts'
import { certificationOf } from '../../services/raft-host/certification.ts'
import { homePaths } from '../home.ts'
import { offline } from '../offline.ts'
import type { JudgeCertified } from './gossip-part.ts'
import type { HeartPart } from './heart-part.ts'
import { bucketsOf } from './raft-part.ts'

export interface FollowerPartOptions {
  readonly home: string
  readonly genesis: OpenedGenesis
  readonly keys: AcceptedKeys
  readonly mesh: Mesh
  readonly heart: HeartPart
  readonly tell: (text: string) => void
  /** The process must end; what is stored is right. */
  readonly onFault: (error: unknown) => void
}

export interface FollowerPart {
  readonly host: FollowerHost
  readonly judge: JudgeCertified
  /** Certified changes of a machine's voters behind a config, as far as they were proved here. */
  readonly linksAfter: KnownCertificates['links']
  /** Begins to fetch; after the heart was started. */
  start(): void
  stop(): Promise<void>
}

/**
 * Opens the groups of a node that is no voter: it follows the hub and the buckets by what their voters certified, from any
 * peer. Faults `store-io`, `store-damaged`.
 */
export function openFollowerPart(options: FollowerPartOptions): FollowerPart {
  const { home, genesis, keys, mesh, heart, tell, onFault } = options
  const { crypto, clock } = offline
  const { sha256 } = crypto
  const groups = bucketGroups(bucketsOf(genesis))
  const { rules: context } = certificationOf(crypto, keys, certifiedOf(genesis), undefined, () => undefined)
  const host = FollowerHost.open({
    groups,
    machineOf: (group) => heart.heart.machineOf(group),
    firstChain: (group) => startChain(firstVoters(genesis.genesis, machineOfGroup(group))),
    context,
    archive: heart.archive,
    states: new StateFiles(homePaths(home).followed),
    onLeaf: (notice) => heart.heart.onLeaf(notice),
    onCertificate: (certificate) => heart.heart.onSeal({ kind: 'certificate', certificate }),
    onChange: (certificate) => heart.heart.onSeal({ kind: 'change-recorded', certificate }),
    beforeStore: () => heart.heart.beforeCheckpoint(),
    later: setImmediate,
    nowMs: () => clock.monotonicMs(),
    onFault,
  })
  const fetch = new LogFetch({ net: genesis.net.toString(), mesh, sha256, clock })
  const certified = new CertifiedJudge(
    (batch) => host.take(batch),
    (batch) => host.judge(batch),
  )
  let catchUp: CatchUp | undefined
  return {
    host,
    linksAfter: (machine, after) => host.linksAfter(groupOfMachine(machine), after),
    judge(from: Did, batches) {
      const { validity, behind } = certified.judge(batches)
      for (const group of behind) catchUp?.behind(group, from)
      return validity
    },
    start() {
      const onMiss = (fault: Error, peer: Did): void => tell(`follower: ${peer}: ${fault.message}`)
      const parts = { mesh, fetch, host, groups, context, clock, onFault: onMiss, onDefect: onFault }
      const opened = CatchUp.open(parts)
      catchUp = opened
      mesh.onPeer((_, isConnected) => isConnected && opened.soon())
    },
    async stop() {
      await catchUp?.close()
      host.stop()
    },
  }
}

/** What genesis says of certificates. */
export function certifiedOf({ net, genesis }: OpenedGenesis) {
  return { net, liars: genesis.f, generation: 0, votersOf: () => genesis.voters }
}
