import { isStoreGone } from '../../adapters/sqlite/sqlite-disk.ts'
import { verifyCertifiedBatch } from '../../core/certificate/certified-batch.ts'
import { extendChainAll, startChain, type VoterChain } from '../../core/certificate/voter-chain.ts'
import { firstVoters } from '../../core/witness/first-voters.ts'
import { groupOfMachine, machineOfGroup } from '../../core/witness/machine.ts'
import { FaultError } from '../../model/fault.ts'
import type { GroupId } from '../../model/raft.ts'
import { ok } from '../../model/result.ts'
import { CertifiedFeed } from '../../services/follower/certified-feed.ts'
import { CertifiedJudge, type JudgeKnown, takingNothing } from '../../services/follower/certified-judge.ts'
import type { GroupHost } from '../../services/heart/group-host.ts'
import { LogFetch } from '../../services/log-fetch/log-fetch.ts'
import { NewestCertificates } from '../../services/log-fetch/newest-certificates.ts'
import type { KnownCertificates } from '../../services/log-fetch/serve-logs.ts'
import { certificationOf } from '../../services/raft-host/certification.ts'
import { offline } from '../offline.ts'
import { certifiedOf, type FollowerPartOptions, openFollowerPart } from './follower-part.ts'
import type { GossipPart } from './gossip-part.ts'
import { openRaftPart, type RaftPart, type RaftPartOptions } from './raft-part.ts'

export interface GroupsPartOptions
  extends FollowerPartOptions,
    Omit<RaftPartOptions, 'feed' | 'heart' | 'tell'> {
  readonly gossip: GossipPart
  readonly tellRaft: RaftPartOptions['tell']
  readonly warn: (text: string) => void
}

/** What keeps the states of the groups on a node. */
export interface GroupsPart {
  /** Undefined on a node that is no voter. */
  readonly raft: RaftPart | undefined
  readonly host: GroupHost
  /** Something was given to the host. */
  readonly soon: () => void
  readonly linksAfter: KnownCertificates['links']
  /** Somebody asks for the newest certificate of a machine. */
  readonly onAsked?: (machine: number) => void
  /** After the heart was started: tells those who follow, or follows. */
  start(): void
  stop(): Promise<void>
}

/**
 * A voter takes part in deciding; any other node follows what the voters certified, and so does a voter that was restored: it
 * has forgotten what it promised (raft-host-catalogue B5). Faults as either; a voter that is alone and was restored has nobody
 * to follow, and does not start.
 */
export function openGroupsPart(options: GroupsPartOptions): GroupsPart {
  const { voters } = options.genesis.genesis
  const isVoter = voters.includes(options.key.did)
  const isRestored = isStoreGone(options.directory)
  if (isVoter && isRestored && voters.length === 1) throw new FaultError('restored-alone', RESTORED_ALONE)
  if (isVoter && isRestored) options.warn(RESTORED)
  return isVoter && !isRestored ? openVoting(options) : openFollowing(options)
}

const RESTORED =
  'this voter was restored without its raft store: it follows the others and does not vote, since it forgot what it promised'

const RESTORED_ALONE =
  'this home came out of a backup, without its raft store, and it is the only voter: nobody knows what it decided since, so that its network cannot go on'

function openVoting(options: GroupsPartOptions): GroupsPart {
  const { mesh, heart, gossip, tellRaft } = options
  const { sha256 } = offline.crypto
  let host: RaftPart['host'] | undefined
  const feed = new CertifiedFeed({
    mesh,
    topics: gossip.topics,
    sha256,
    leads(id) {
      const group = host?.group(id)
      return group?.role === 'leader' ? group.replica?.sealed?.tree : undefined
    },
    later: setImmediate,
  })
  const raft = openRaftPart({ ...options, heart: heart.heart, feed, tell: tellRaft })
  host = raft.host
  const chains = chainsOf(options, raft)
  const judge = judgeAlone(options, raft, chains)
  const newest = newestOf(options, raft, chains)
  const certified = new CertifiedJudge(takingNothing(judge), judge)
  return {
    raft,
    host: raft.host,
    soon: () => raft.loop.soon(),
    linksAfter: raft.linksAfter,
    onAsked: (machine) => newest.wanted(machine),
    start: () =>
      gossip.start(
        (_, batches) => certified.judge(batches).validity,
        () => feed.look(),
      ),
    stop: () => raft.stop(),
  }
}

type Chains = ReturnType<typeof chainsOf>

/** The voters of each group, as this voter knows them, and by which rules their certificates are judged. */
function chainsOf({ genesis, keys }: GroupsPartOptions, raft: RaftPart) {
  const { rules } = certificationOf(offline.crypto, keys, certifiedOf(genesis), undefined, () => undefined)
  const chainOf = (group: GroupId): VoterChain => {
    const first = startChain(firstVoters(genesis.genesis, machineOfGroup(group)))
    const links = raft.host.voterLinks(group)
    const extended = links.length === 0 ? ok(first) : extendChainAll(first, links, rules)
    return extended.ok ? extended.value : first
  }
  return { rules, chainOf }
}

/** A voter has the leaves itself: it judges what it passes on, and remembers the certificate for who asks. */
function judgeAlone({ heart }: GroupsPartOptions, raft: RaftPart, { rules, chainOf }: Chains): JudgeKnown {
  return (batch) => {
    const { group } = batch.certificate.head
    if (raft.host.group(group) === undefined)
      return { ok: false, error: { code: 'CONFLICT', message: 'no group of this network' } }
    const head = verifyCertifiedBatch(batch, chainOf(group), rules)
    if (!head.ok) return head
    heart.heart.onSeal({ kind: 'certificate', certificate: batch.certificate })
    return ok(undefined)
  }
}

/** For those who follow by way of this voter: certificates that are with other voters alone. */
function newestOf(
  options: GroupsPartOptions,
  raft: RaftPart,
  { rules, chainOf }: Chains,
): NewestCertificates {
  const { genesis, key, mesh, heart, onFault } = options
  const { clock, crypto } = offline
  const fetch = new LogFetch({ net: genesis.net.toString(), mesh, sha256: crypto.sha256, clock })
  return new NewestCertificates({
    clock,
    leaves: (machine) => heart.keeper.leaves(machine),
    certified: (machine) => heart.keeper.newest(machine)?.head.size ?? 0,
    leaderOf(machine) {
      const leader = heart.heart.leaderOf(machine)
      return leader === key.did ? undefined : leader
    },
    voters: genesis.genesis.voters.filter((voter) => voter !== key.did),
    isConnected: (peer) => mesh.isConnected(peer),
    async fetch(peer, machine) {
      const group = groupOfMachine(machine)
      if (raft.host.group(group) === undefined) return undefined
      return (await fetch.newest(peer, machine, chainOf(group), rules))?.certificate
    },
    keep: (certificate) => heart.heart.onSeal({ kind: 'certificate', certificate }),
    onDefect: onFault,
  })
}

function openFollowing(options: GroupsPartOptions): GroupsPart {
  const { gossip } = options
  const part = openFollowerPart(options)
  return {
    raft: undefined,
    host: part.host,
    soon: () => undefined,
    linksAfter: part.linksAfter,
    start() {
      gossip.start(part.judge)
      part.start()
    },
    stop: () => part.stop(),
  }
}
