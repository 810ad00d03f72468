import { openHomeLock } from '../../adapters/home-lock/home-lock.ts'
import { openLibp2pMesh } from '../../adapters/libp2p/mesh.ts'
import { acceptedKeys } from '../../codec/did/accepted-keys.ts'
import type { OpenedGenesis } from '../../codec/genesis/genesis.ts'
import { ok } from '../../model/result.ts'
import type { KeyPair } from '../../ports/keystore.ts'
import type { Mesh } from '../../ports/mesh.ts'
import type { NodeConfig } from '../config.ts'
import { homePaths } from '../home.ts'
import { requireGenesis } from '../network.ts'
import { offline } from '../offline.ts'
import { type ContentPart, openContentPart } from './content-part.ts'
import { type HeartPart, openHeartPart } from './heart-part.ts'
import { bucketsOf, openRaftPart, type RaftPart } from './raft-part.ts'
import { openSpeech, type Speech } from './speech.ts'
import { Stack } from './stack.ts'

export interface NodeOptions {
  readonly home: string
  readonly config: NodeConfig
  /** The node's key, opened. */
  readonly key: KeyPair
  /** What an operator may want to know, a line each. */
  readonly tell: (level: 'info' | 'warn' | 'error', text: string) => void
  /** The process must end; what is stored is right. */
  readonly onFault: (error: unknown) => void
}

/** The parts of a running node, in the order in which they were started. */
export interface NodeParts {
  readonly genesis: OpenedGenesis
  readonly key: KeyPair
  readonly mesh: Mesh
  readonly content: ContentPart
  readonly heart: HeartPart
  readonly raft: RaftPart
  readonly speech: Speech
  /** Stops all of them, the last one first. */
  stop(): Promise<void>
}

/**
 * Starts a node: its lock, its place in the mesh, its content, the raft host with hub and buckets, its voice. Whatever
 * was started is stopped again when the next part fails. Faults of the parts; `home-locked`, `home-missing`, `not-a-voter`.
 */
export async function startNode(options: NodeOptions): Promise<NodeParts> {
  const stack = new Stack()
  try {
    return await startParts(options, stack)
  } catch (error) {
    await stack.unwind()
    throw error
  }
}

async function startParts(options: NodeOptions, stack: Stack): Promise<NodeParts> {
  const { home, config, key, tell, onFault } = options
  const { crypto } = offline
  const lock = openHomeLock(home)
  stack.push(() => lock.release())
  const genesis = requireGenesis(home)
  const keys = acceptedKeys(crypto)
  const { mesh, libp2p } = await openMesh(options, genesis)
  stack.push(() => mesh.stop())
  const content = await openContentPart(home, libp2p, (fault) => tell('warn', `content: ${fault.message}`))
  stack.push(() => content.stop())
  const heart = openHeartPart({
    home,
    genesis,
    key,
    keys,
    mesh,
    judge: () => ok(undefined),
    fetch: content.keep,
    release: content.over,
  })
  stack.push(() => heart.stop())
  const raft = openRaftPart({
    directory: homePaths(home).raft,
    genesis,
    key,
    keys,
    mesh,
    heart: heart.heart,
    buckets: bucketsOf(genesis),
    tickMs: config.raftTickMs,
    tell: (event) => tell(event.kind === 'dropped' ? 'info' : 'warn', `raft: ${JSON.stringify(event)}`),
    onFault,
  })
  stack.push(() => raft.stop())
  heart.heart.start(raft.host, () => raft.loop.soon())
  heart.listen()
  content.follow(heart.heart)
  const speech = await openSpeech({ home, config, key, net: genesis.net, heart: heart.heart, onFault })
  stack.push(() => speech.stop())
  speech.resume()
  return { genesis, key, mesh, content, heart, raft, speech, stop: () => stack.unwind() }
}

async function openMesh({ home, config, key, tell }: NodeOptions, { net, genesis }: OpenedGenesis) {
  const opened = await openLibp2pMesh({
    network: net.toString(),
    secret: key.secret,
    clock: offline.clock,
    listen: listOf(config.meshListen),
    ...(config.meshAnnounce === '' ? {} : { announce: listOf(config.meshAnnounce) }),
    bootstrap: listOf(config.meshBootstrap),
    peerFile: homePaths(home).peers,
    discovery: { mdns: config.meshMdns, dht: config.meshDht },
    tell: (text) => tell('info', `mesh: ${text}`),
  })
  opened.mesh.protect(new Set(genesis.voters.filter((did) => did !== key.did)))
  return opened
}

function listOf(addresses: string): readonly string[] {
  return addresses === '' ? [] : addresses.split(',')
}
