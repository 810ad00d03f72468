import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import type { OpenedGenesis } from '../codec/genesis/genesis.ts'
import { FaultError } from '../model/fault.ts'
import type { Did } from '../model/ids.ts'
import { MICRO_PER_CREDIT } from '../model/micro.ts'
import type { NetworkClass } from '../model/parameters.ts'
import type { Rejection } from '../model/rejection.ts'
import { ok, type Result } from '../model/result.ts'
import { configTemplate, type NodeConfig } from './config.ts'
import { makeGenesis } from './founding/make-genesis.ts'
import { NODE_KEY, nodeKeys, VERIFIER_KEY, WORKER_KEY } from './founding/node-keys.ts'
import { type VoterCard, voterCard } from './founding/voter-card.ts'
import { homePaths } from './home.ts'
import { genesisText } from './network.ts'
import { offline } from './offline.ts'

/** A new network. */
export interface NewNetwork {
  readonly label: string
  readonly class: NetworkClass
  /** Of its voters beside this node. */
  readonly others: readonly VoterCard[]
  /** What every account of a card begins with, micro-credits. */
  readonly credits: bigint
}

export interface InitRequest {
  readonly home: string
  /** A network to belong to, or one to found. */
  readonly network: OpenedGenesis | NewNetwork
  /** Opens keys that are there, and seals those that are made. */
  readonly passphrase?: string
  /** What is to differ from the defaults. */
  readonly settings?: Partial<NodeConfig>
}

export interface MadeHome {
  readonly did: Did
  readonly network: OpenedGenesis
}

/**
 * Makes a node's home: keys, genesis and settings; a place that holds nothing but keys (`canswarm card`) is one too. It is
 * built beside and moved into place, the genesis last, so that a crash leaves nothing that looks like a home. Rejects
 * MALFORMED for a label or a voter that is named twice. Faults `home-exists` when there is anything else at that place,
 * `passphrase`, `store-io`.
 */
export async function initHome(request: InitRequest): Promise<Result<MadeHome, Rejection>> {
  const home = resolve(request.home)
  const hasKeys = await holdsKeysAlone(home)
  const building = `${home}.init-${Buffer.from(offline.random.bytes(6)).toString('hex')}`
  await mkdir(dirname(home), { recursive: true })
  await mkdir(building, { mode: 0o700 })
  try {
    const made = await build(building, hasKeys ? home : building, request)
    if (made.ok) await moveInto(building, home, hasKeys)
    return made
  } finally {
    await rm(building, { recursive: true, force: true })
  }
}

/** `home`: where the keys are, or will be. */
async function build(
  building: string,
  home: string,
  { network, passphrase, settings }: InitRequest,
): Promise<Result<MadeHome, Rejection>> {
  const made =
    'others' in network ? await found(network, home, passphrase) : await joined(network, home, passphrase)
  if (!made.ok) return made
  const paths = homePaths(building)
  const config = configTemplate({ ...(await hostedIn(home)), ...settings })
  await writeFile(paths.genesis, genesisText(made.value.network.genesis), { flag: 'wx', flush: true })
  await writeFile(paths.config, config, { flag: 'wx', flush: true })
  return made
}

/** Of the insurance account of a development network: micro-credits. */
const INSURANCE = 1_000n * MICRO_PER_CREDIT

async function found(
  { label, class: networkClass, others, credits }: NewNetwork,
  home: string,
  passphrase: string | undefined,
): Promise<Result<MadeHome, Rejection>> {
  const isDevelopment = networkClass === 'development'
  const [own, ...hosted] = await nodeKeys({ home, hosts: isDevelopment, passphrase })
  const card = voterCard(
    own,
    hosted.map(({ did }) => did),
  )
  const insurance = isDevelopment ? INSURANCE : 0n
  const cards = [card, ...others] as const
  const network = await makeGenesis({ label, class: networkClass, cards, credits, insurance })
  return network.ok ? ok({ did: own.did, network: network.value }) : network
}

async function joined(
  network: OpenedGenesis,
  home: string,
  passphrase: string | undefined,
): Promise<Result<MadeHome, Rejection>> {
  const did = (await ownDid(home)) ?? (await nodeKeys({ home, hosts: false, passphrase }))[0].did
  return ok({ did, network })
}

/** Of a key that is there: nothing is to be opened where nothing is signed. */
async function ownDid(home: string): Promise<Did | undefined> {
  const listed = (await offline.keystore(home).list()).find(({ name }) => name === NODE_KEY)
  if (listed?.kind === 'fault') throw listed.fault
  return listed?.did
}

/** The settings by which accounts of their own work and judge, where there are keys for them. */
async function hostedIn(home: string): Promise<Partial<NodeConfig>> {
  const names = new Set((await offline.keystore(home).list()).map(({ name }) => name))
  return {
    ...(names.has(WORKER_KEY) ? { workerKey: WORKER_KEY } : {}),
    ...(names.has(VERIFIER_KEY) ? { verifierKey: VERIFIER_KEY } : {}),
  }
}

/** True where there are keys and nothing else; false where there is nothing. */
async function holdsKeysAlone(home: string): Promise<boolean> {
  const names = await readdir(home).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return []
    throw new FaultError('home-exists', `${home} cannot be a home`, { cause })
  })
  if (names.some((name) => name !== 'keys')) {
    throw new FaultError('home-exists', `${home} is there already, and not empty`)
  }
  return names.length > 0
}

async function moveInto(building: string, home: string, hasKeys: boolean): Promise<void> {
  try {
    if (!hasKeys) return await rename(building, home)
    for (const name of ['config.toml', 'genesis.json']) await rename(join(building, name), join(home, name))
  } catch (cause) {
    throw new FaultError('home-exists', `${home} could not be put into its place`, { cause })
  }
}
