import { openHomeLock } from '../../adapters/home-lock/home-lock.ts'
import { openLibp2pMesh } from '../../adapters/libp2p/mesh.ts'
import { acceptedKeys } from '../../codec/did/accepted-keys.ts'
import type { OpenedGenesis } from '../../codec/genesis/genesis.ts'
import { MICRO_PER_CREDIT } from '../../model/micro.ts'
import type { KeyPair } from '../../ports/keystore.ts'
import type { NodeConfig } from '../config.ts'
import { serveGenesis } from '../founding/fetch-genesis.ts'
import { homePaths } from '../home.ts'
import { requireGenesis } from '../network.ts'
import { offline } from '../offline.ts'
import { openApiPart } from './api-part.ts'
import { openContentPart } from './content-part.ts'
import { openGossipPart } from './gossip-part.ts'
import { openGroupsPart } from './groups-part.ts'
import { openHeartPart } from './heart-part.ts'
import { castOf, keysOf } from './hosted-keys.ts'
import type { NodeOptions, RunningParts } from './node-parts.ts'
import { openPolicyPart } from './policy-part.ts'
import { bucketsOf } from './raft-part.ts'
import { openRolesPart } from './roles-part.ts'
import type { RunningNode } from './running-node.ts'
import { openSaidPart, openSpeech } from './speech.ts'
import { Stack } from './stack.ts'
import { openThreadsPart } from './threads-part.ts'

type Tell = (level: 'info' | 'warn' | 'error', text: string) => void

/**
 * Starts a node: its lock, its place in the mesh, its content, hub and buckets (of which it is a voter, or which it
 * follows), its voice, its agents, its API. Whatever was started is stopped again when the next part fails. Faults of the
 * parts; `home-locked`, `home-missing`.
 */
export async function startNode(options: NodeOptions): Promise<RunningNode> {
  const stack = new Stack()
  try {
    const parts = await startParts(options, stack)
    const services = await openApiPart(options, parts, stack)
    parts.content.join()
    return { services, stop: () => stack.unwind() }
  } catch (error) {
    await stack.unwind()
    throw error
  }
}

async function startParts(options: NodeOptions, stack: Stack): Promise<RunningParts> {
  const { home, resolved, key, onStop } = options
  const { config } = resolved
  const tell: Tell = (level, text) => options.log.log[level](text)
  const onFault = (fault: unknown): void => onStop('a fault', fault)
  const lock = openHomeLock(home)
  stack.push(() => lock.release())
  const genesis = requireGenesis(home)
  const buckets = bucketsOf(genesis)
  const keys = acceptedKeys(offline.crypto)
  const { mesh, libp2p } = await openMesh(home, config, key, genesis, tell)
  stack.push(() => mesh.stop())
  serveGenesis(mesh, genesis)
  const content = await openContentPart(home, libp2p, (fault) => tell('warn', `content: ${fault.message}`))
  stack.push(() => content.stop())
  const policy = openPolicyPart(genesis)
  stack.push(() => policy.close())
  const { keep: fetch, over: release } = content
  const trace = (text: string): void => options.log.log.debug(text)
  const heart = openHeartPart({ home, genesis, key, keys, mesh, policy, fetch, release, trace, onFault })
  stack.push(() => heart.stop())
  const voters = new Set(genesis.genesis.voters)
  const net = genesis.net.toString()
  const threads = openThreadsPart({
    home,
    net,
    capsule: genesis.genesis.capsule ?? '',
    mesh,
    heart,
    tell: trace,
    onFault,
  })
  stack.push(() => threads.stop())
  const { onThreadOnly, onBrought } = threads
  const gossip = openGossipPart({ net, voters, mesh, heart, onBrought })
  stack.push(() => gossip.stop())
  heart.spreadTo({ spread: gossip.spread, onThreadOnly })
  const groups = openGroupsPart({
    home,
    directory: homePaths(home).raft,
    genesis,
    key,
    keys,
    mesh,
    heart,
    gaps: heart.gaps,
    gossip,
    buckets,
    tickMs: config.raftTickMs,
    settings: { checkpointEntries: config.raftCheckpointEntries, tailEntries: config.raftTailEntries },
    tell: trace,
    warn: (text) => tell('warn', text),
    tellRaft: (event) => tell(event.kind === 'dropped' ? 'info' : 'warn', `raft: ${JSON.stringify(event)}`),
    onFault,
  })
  stack.push(() => groups.stop())
  const said = openSaidPart(home, heart.heart, onFault)
  stack.push(() => said.stop())
  heart.heart.start(groups.host, groups.soon)
  heart.listen(groups.linksAfter, groups.onAsked)
  groups.start()
  threads.start()
  content.follow(heart.heart, heart.archive)
  const speech = await openSpeech({
    home,
    config,
    keys: keysOf(options),
    net: genesis.net,
    heart: heart.heart,
    said,
    ...(policy.gates === undefined ? {} : { policy: policy.gates.author }),
    onFault,
  })
  stack.push(() => speech.stop())
  policy.readTo((lines) => speech.journal.appendAll(lines))
  // Peers speak until the mesh stops: what is judged then finds the journal closed.
  stack.push(() => policy.readTo(() => undefined))
  const roles = await openRolesPart({
    home,
    voices: speech.voices,
    cast: castOf(options),
    heart: heart.heart,
    content: content.store,
    ...(policy.gates === undefined ? {} : { gate: policy.gates.commit }),
    stake: BigInt(config.verifierStakeCredits) * MICRO_PER_CREDIT,
    challenger: {
      bondMax: BigInt(config.challengeBondMaxCredits) * MICRO_PER_CREDIT,
      sharePpm: config.challengePercent * PPM_PER_PERCENT,
    },
    tell,
    onFault,
  })
  stack.push(() => roles.stop())
  speech.resume()
  return { genesis, buckets, key, mesh, content, heart, groups, threads, speech, roles }
}

const PPM_PER_PERCENT = 10_000

async function openMesh(
  home: string,
  config: NodeConfig,
  { did, secret }: KeyPair,
  { net, genesis }: OpenedGenesis,
  tell: Tell,
) {
  const opened = await openLibp2pMesh({
    network: net.toString(),
    secret,
    clock: offline.clock,
    listen: listOf(config.meshListen),
    ...(config.meshAnnounce === '' ? {} : { announce: listOf(config.meshAnnounce) }),
    bootstrap: listOf(config.meshBootstrap),
    peerFile: homePaths(home).peers,
    discovery: { mdns: config.meshMdns, dht: config.meshDht },
    tell: (text) => tell('info', `mesh: ${text}`),
  })
  opened.mesh.protect(new Set(genesis.voters.filter((voter) => voter !== did)))
  return opened
}

function listOf(addresses: string): readonly string[] {
  return addresses === '' ? [] : addresses.split(',')
}
