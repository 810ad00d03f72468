import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Genesis, OpenedGenesis } from '../../codec/genesis/genesis.ts'
import { assert, FaultError } from '../../model/fault.ts'
import type { Did } from '../../model/ids.ts'
import { parseKeyName } from '../../model/key-name.ts'
import { MICRO_PER_CREDIT, type MicroText } from '../../model/micro.ts'
import type { KeyPair } from '../../ports/keystore.ts'
import { homePaths } from '../home.ts'
import { genesisText } from '../network.ts'
import { offline } from '../offline.ts'
import { makeGenesis } from './make-genesis.ts'
import { type VoterCard, voterCard } from './voter-card.ts'

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
  readonly liars?: number
  /** Multiaddr by which one node finds another, by their places; its port by default. */
  readonly wayTo?: (from: number, to: number) => string
  /** What a node tells others of where it is, by its place; where it listens by default. */
  readonly announced?: (at: number) => string
  /** Further lines of every node's settings. */
  readonly settings?: readonly string[]
}

export interface FoundNetwork {
  readonly genesis: OpenedGenesis
  readonly homes: readonly { readonly home: string; readonly did: Did }[]
}

const CREDITS = 10_000n * MICRO_PER_CREDIT
const STAKE = 1_000n * MICRO_PER_CREDIT

/** Makes keys, one genesis for all, and settings by which the nodes find each other. Faults `home-exists`, `store-io`. */
export async function foundNetwork(request: FoundRequest): Promise<FoundNetwork> {
  const { directory, nodes, ports } = request
  assert(ports.length === nodes, 'each node has a port')
  const homes = Array.from({ length: nodes }, (_, at) => join(directory, `node-${at + 1}`))
  const keys: KeyPair[] = []
  for (const home of homes) keys.push(await makeKey(home))
  const opened = await genesisFor(request, keys)
  assert(opened.ok, 'a genesis of ours is lawful')
  for (const [at, home] of homes.entries()) {
    const paths = homePaths(home)
    writeFileSync(paths.genesis, genesisText(opened.value.genesis), { flag: 'wx' })
    writeFileSync(paths.config, settingsOf(request, at), { flag: 'wx' })
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

async function genesisFor(request: FoundRequest, keys: readonly KeyPair[]) {
  const { label, verifiers, capabilities, parameters = {}, liars } = request
  const cards = keys.map((key) => voterCard(key, [])) as unknown as readonly [VoterCard, ...VoterCard[]]
  return await makeGenesis({
    label,
    class: 'development',
    cards,
    credits: CREDITS,
    insurance: STAKE,
    verifiers: verifiers.map((at) => ({
      did: keys[at]?.did as Did,
      stake: String(STAKE) as MicroText,
      capabilities: [...capabilities],
    })),
    parameters,
    ...(liars === undefined ? {} : { liars }),
  })
}

function settingsOf({ ports, wayTo, announced, settings = [] }: FoundRequest, at: number): string {
  const portOf = (place: number): string => `/ip4/127.0.0.1/tcp/${ports[place]}`
  const others = [...ports.keys()].filter((place) => place !== at)
  return [
    '[mesh]',
    `listen = "${portOf(at)}"`,
    `bootstrap = "${others.map((place) => wayTo?.(at, place) ?? portOf(place)).join(',')}"`,
    ...(announced === undefined ? [] : [`announce = "${announced(at)}"`]),
    'mdns = false',
    'dht = false',
    '',
    ...settings,
    '',
  ].join('\n')
}
