import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import {
  checkGenesis,
  decodeGenesis,
  encodeGenesis,
  type Genesis,
  type OpenedGenesis,
} from '../codec/genesis/genesis.ts'
import { assert, FaultError } from '../model/fault.ts'
import type { Did } from '../model/ids.ts'
import { parseKeyName } from '../model/key-name.ts'
import type { MicroText } from '../model/micro.ts'
import type { NetworkClass } from '../model/parameters.ts'
import type { Rejection } from '../model/rejection.ts'
import { ok, type Result } from '../model/result.ts'
import type { KeyPair } from '../ports/keystore.ts'
import { firstChain } from '../services/heart/beacon-chain.ts'
import { configTemplate } from './config.ts'
import { SMALL_NETWORK_BUCKETS } from './daemon/found-network.ts'
import { homePaths } from './home.ts'
import { genesisText } from './network.ts'
import { offline } from './offline.ts'

export interface InitRequest {
  readonly home: string
  /** The network to belong to; else a new one is founded. */
  readonly joined?: OpenedGenesis
  readonly label: string
  readonly class: NetworkClass
  readonly passphrase?: string
}

export interface MadeHome {
  readonly did: Did
  readonly network: OpenedGenesis
}

/**
 * Makes a node's home: key, genesis and settings. It is built beside and moved into place whole, so that a crash leaves no half of one. Rejects MALFORMED for a label.
 * Faults `home-exists` when there is anything at that place, `store-io`.
 */
export async function initHome(request: InitRequest): Promise<Result<MadeHome, Rejection>> {
  const home = resolve(request.home)
  await refuseOccupied(home)
  const building = `${home}.init-${Buffer.from(offline.random.bytes(6)).toString('hex')}`
  await mkdir(dirname(home), { recursive: true })
  await mkdir(building, { mode: 0o700 })
  try {
    const made = await build(building, request)
    if (made.ok) await moveInto(building, home)
    return made
  } finally {
    await rm(building, { recursive: true, force: true })
  }
}

async function build(home: string, request: InitRequest): Promise<Result<MadeHome, Rejection>> {
  const name = parseKeyName('node')
  assert(name.ok, 'the default name of a key is one')
  const { passphrase } = request
  const key = await offline.keystore(home).create(name.value, passphrase === undefined ? {} : { passphrase })
  const network = request.joined === undefined ? found(request, key) : ok(request.joined)
  if (!network.ok) return network
  const paths = homePaths(home)
  await writeFile(paths.genesis, genesisText(network.value.genesis), { flag: 'wx', flush: true })
  await writeFile(paths.config, configTemplate(), { flag: 'wx', flush: true })
  return ok({ did: key.did, network: network.value })
}

/** Credits that a development network gives to its founder: micro-credits. */
const FAUCET = '10000000000' as MicroText

/** A network of one voter, which governs itself. */
function found({ label, class: networkClass }: InitRequest, key: KeyPair): Result<OpenedGenesis, Rejection> {
  const { did, secret } = key
  const { crypto } = offline
  const genesis: Genesis = {
    v: 1,
    label,
    class: networkClass,
    nonce: offline.random.bytes(16),
    created: offline.clock.nowMs(),
    voters: [did],
    f: 0,
    governance: [did],
    parameters: {},
    buckets: SMALL_NETWORK_BUCKETS,
    chains: [firstChain(did, secret, crypto.sha256)],
    ...(networkClass === 'development' ? { accounts: [{ did, amount: FAUCET }] } : {}),
  }
  const checked = checkGenesis(genesis)
  return checked.ok ? decodeGenesis(encodeGenesis(genesis), crypto.sha256) : checked
}

async function refuseOccupied(home: string): Promise<void> {
  const names = await readdir(home).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return []
    throw new FaultError('home-exists', `${home} cannot be a home`, { cause })
  })
  if (names.length > 0) throw new FaultError('home-exists', `${home} is there already, and not empty`)
}

async function moveInto(building: string, home: string): Promise<void> {
  try {
    await rename(building, home)
  } catch (cause) {
    throw new FaultError('home-exists', `${home} could not be put into its place`, { cause })
  }
}
