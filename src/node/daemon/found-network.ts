import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { capsuleCid } from '../../codec/capsule/capsule.ts'
import {
  decodeGenesis,
  encodeGenesis,
  faultsOf,
  type Genesis,
  type OpenedGenesis,
} from '../../codec/genesis/genesis.ts'
import { assert, FaultError } from '../../model/fault.ts'
import type { Did } from '../../model/ids.ts'
import { parseKeyName } from '../../model/key-name.ts'
import type { MicroText } from '../../model/micro.ts'
import type { KeyPair } from '../../ports/keystore.ts'
import { firstChain } from '../../services/heart/beacon-chain.ts'
import { homePaths } from '../home.ts'
import { genesisText } from '../network.ts'
import { offline } from '../offline.ts'
import { defaultCapsule } from '../policy/genesis-capsule.ts'
import { openPolicyEngine } from '../policy/runtime.ts'

/** A development network that is founded whole: all its nodes on this machine. */
export interface FoundRequest {
  /** The homes are made below it, `node-1` and so on. It must not hold any of them. */
  readonly directory: string
  readonly label: string
  /** 1 to 7. */
  readonly nodes: number
  /** TCP port of each node, on loopback. */
  readonly ports: readonly number[]
  /** Which nodes judge, by their place from 0 on: they have stake in the genesis. */
  readonly verifiers: readonly number[]
  readonly capabilities: readonly string[]
  readonly parameters?: Genesis['parameters']
}

export interface FoundNetwork {
  readonly genesis: OpenedGenesis
  readonly homes: readonly { readonly home: string; readonly did: Did }[]
}

/** Enough to spread the work over the nodes, few enough for a small machine to run them all. */
export const SMALL_NETWORK_BUCKETS = 16
const CREDITS = '10000000000' as MicroText
const STAKE = '1000000000' as MicroText

/** Makes keys, one genesis for all, and settings by which the nodes find each other. Faults `home-exists`, `store-io`. */
export async function foundNetwork(request: FoundRequest): Promise<FoundNetwork> {
  const { directory, nodes, ports } = request
  assert(ports.length === nodes, 'each node has a port')
  const homes = Array.from({ length: nodes }, (_, at) => join(directory, `node-${at + 1}`))
  const keys: KeyPair[] = []
  for (const home of homes) keys.push(await makeKey(home))
  const founder = keys[0]?.did
  assert(founder !== undefined, 'a network has a node')
  const genesis = { ...genesisFor(request, keys), capsule: await capsuleFor(founder) }
  const opened = decodeGenesis(encodeGenesis(genesis), offline.crypto.sha256)
  assert(opened.ok, 'a genesis of ours is lawful')
  for (const [at, home] of homes.entries()) {
    const paths = homePaths(home)
    writeFileSync(paths.genesis, genesisText(genesis), { flag: 'wx' })
    writeFileSync(paths.config, settingsOf(ports, at), { flag: 'wx' })
  }
  const dids = keys.map(({ did }) => did)
  return { genesis: opened.value, homes: homes.map((home, at) => ({ home, did: dids[at] as Did })) }
}

async function makeKey(home: string): Promise<KeyPair> {
  try {
    mkdirSync(home, { recursive: false, mode: 0o700 })
  } catch (cause) {
    throw new FaultError('home-exists', `${home} cannot be made`, { cause })
  }
  const name = parseKeyName('node')
  assert(name.ok, 'the default name of a key is one')
  return await offline.keystore(home).create(name.value)
}

function genesisFor(request: FoundRequest, keys: readonly KeyPair[]): Genesis {
  const { label, nodes, verifiers, capabilities, parameters = {} } = request
  const { crypto, clock, random } = offline
  const dids = keys.map(({ did }) => did)
  return {
    v: 1,
    label,
    class: 'development',
    nonce: random.bytes(16),
    created: clock.nowMs(),
    voters: dids,
    f: faultsOf(nodes),
    governance: dids,
    parameters,
    buckets: SMALL_NETWORK_BUCKETS,
    accounts: dids.map((did) => ({ did, amount: CREDITS })),
    insurance: STAKE,
    verifiers: verifiers.map((at) => ({
      did: dids[at] as Did,
      stake: STAKE,
      capabilities: [...capabilities],
    })),
    chains: keys.map(({ did, secret }) => firstChain(did, secret, crypto.sha256)),
  }
}

function settingsOf(ports: readonly number[], at: number): string {
  const others = ports.filter((_, n) => n !== at).map((port) => `/ip4/127.0.0.1/tcp/${port}`)
  return [
    '[mesh]',
    `listen = "/ip4/127.0.0.1/tcp/${ports[at]}"`,
    `bootstrap = "${others.join(',')}"`,
    'mdns = false',
    'dht = false',
    '',
  ].join('\n')
}

/** Text of the CID of the default policy as the founder's capsule. */
async function capsuleFor(founder: Did): Promise<string> {
  const engine = openPolicyEngine()
  try {
    const bundle = defaultCapsule(founder, engine)
    assert(bundle.ok, 'the default policy is part of the installation')
    return capsuleCid(bundle.value.capsule, offline.crypto.sha256).toString()
  } finally {
    await engine.close()
  }
}
