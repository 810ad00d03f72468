import type { NodeConfig } from '../../node/config.ts'
import { NODE_KEY } from '../../node/founding/node-keys.ts'
import { peerAddress } from '../../node/founding/peer-address.ts'
import { parseVoterCard, type VoterCard } from '../../node/founding/voter-card.ts'
import { type InitRequest, initHome, type MadeHome, type NewNetwork } from '../../node/init-home.ts'
import { parseGenesis } from '../../node/network.ts'
import { defineCommand } from '../command.ts'
import type { Context } from '../context.ts'
import { microOf } from '../credits.ts'
import { unwrap, usageError } from '../failure.ts'
import { type Report, report } from '../report.ts'
import { fields } from '../table.ts'
import { readInput } from './input.ts'
import { openingPassphrase } from './key-access.ts'
import { newPassphrase, PASSPHRASE_OPTION } from './passphrase.ts'

const GENESIS_FILE_BYTES_MAX = 131_072
const CARD_FILE_BYTES_MAX = 4_096
/** What each account of a development network begins with. */
const DEVELOPMENT_CREDITS = '10000'

export const init = defineCommand({
  path: 'init',
  about: "Make this node's home: its keys and settings, and a network of its own or one to belong to",
  examples: [
    'canswarm init --dev',
    'canswarm init --label work --voters b.card,c.card --credits 1000',
    'canswarm init --join 192.0.2.7',
    'canswarm init --network genesis.json --join 192.0.2.7:4001 --seal',
  ],
  arguments: [],
  options: {
    network: { type: 'string', value: 'FILE', about: 'genesis of the network to belong to' },
    join: {
      type: 'string',
      value: 'ADDR',
      about: 'a node of the network to belong to: HOST, HOST:PORT or a multiaddr; it gives the genesis',
    },
    dev: { type: 'boolean', about: 'found a development network: short times, no caps, credits for all' },
    label: { type: 'string', value: 'TEXT', about: 'name of the new network, for people' },
    voters: {
      type: 'string',
      value: 'FILES',
      about: 'cards of further voters of the new network, with commas between ("canswarm card")',
    },
    credits: {
      type: 'string',
      value: 'N',
      about: `what each account of the cards begins with; ${DEVELOPMENT_CREDITS} with --dev, else nothing`,
    },
    listen: { type: 'string', value: 'ADDRS', about: 'multiaddrs to listen on, with commas between' },
    seal: { type: 'boolean', about: 'seal the keys with a passphrase' },
    ...PASSPHRASE_OPTION,
  },
  async run(context, _args, options) {
    const { home } = context
    const joins = options.network !== undefined || options.join !== undefined
    const passphrase = await passphraseFor(context, options)
    const request = {
      home,
      network: joins ? await joinedBy(context, options) : await newNetwork(context, options),
      settings: settingsOf(options),
      ...(passphrase === undefined ? {} : { passphrase }),
    } satisfies InitRequest
    const made = unwrap(await initHome(request), 'the network')
    return madeReport(home, made, passphrase !== undefined, 'credits' in request.network && request.network)
  },
})

interface InitOptions {
  readonly network: string | undefined
  readonly join: string | undefined
  readonly dev: boolean
  readonly label: string | undefined
  readonly voters: string | undefined
  readonly credits: string | undefined
  readonly listen: string | undefined
  readonly seal: boolean
  readonly passphraseFile: string | undefined
}

/** Undefined where nothing is sealed. */
async function passphraseFor(
  context: Context,
  { seal, passphraseFile }: InitOptions,
): Promise<string | undefined> {
  const { passphrase } = await openingPassphrase(context, NODE_KEY, passphraseFile)
  if (passphrase !== undefined) return passphrase
  return seal || passphraseFile !== undefined ? await newPassphrase(context, passphraseFile) : undefined
}

async function joinedBy(context: Context, { network, join, dev, ...options }: InitOptions) {
  const { label, voters, credits } = options
  if (dev || [label, voters, credits].some((one) => one !== undefined)) {
    throw usageError(
      '--dev, --label, --voters and --credits are for a new network: --network and --join say which it is',
    )
  }
  if (network !== undefined) {
    return unwrap(parseGenesis(await readInput(context, network, GENESIS_FILE_BYTES_MAX)), network)
  }
  // The libraries of the mesh are loaded by who asks another node.
  const { fetchGenesis } = await import('../../node/founding/fetch-genesis.ts')
  return await fetchGenesis(peerAddress(join ?? ''))
}

async function newNetwork(
  context: Context,
  { dev, label, voters = '', credits }: InitOptions,
): Promise<NewNetwork> {
  const files = voters.split(',').filter((file) => file !== '')
  const others: VoterCard[] = []
  for (const file of files) {
    const bytes = await readInput(context, file, CARD_FILE_BYTES_MAX)
    others.push(unwrap(parseVoterCard(Buffer.from(bytes).toString('utf8')), file))
  }
  return {
    label: label ?? (dev ? 'dev' : 'canswarm'),
    class: dev ? 'development' : 'production',
    others,
    credits: BigInt(microOf(credits ?? (dev ? DEVELOPMENT_CREDITS : '0'), '--credits')),
  }
}

function settingsOf({ join, listen }: InitOptions): Partial<NodeConfig> {
  return {
    ...(listen === undefined ? {} : { meshListen: listen }),
    ...(join === undefined ? {} : { meshBootstrap: peerAddress(join) }),
  }
}

function madeReport(
  home: string,
  { did, network: { net, genesis } }: MadeHome,
  sealed: boolean,
  founded: NewNetwork | false,
): Report {
  const data = {
    home,
    did,
    network: net.toString(),
    label: genesis.label,
    class: genesis.class,
    voters: genesis.voters.length,
    votes: genesis.voters.includes(did),
    sealed,
  }
  const notes = [
    ...(founded !== false && founded.credits === 0n
      ? ['nobody has credits in this network, so nobody can ask for anything: --credits N gives some']
      : []),
    'next: canswarm start --detach',
  ]
  return report(
    'canswarm.init/1',
    data,
    fields(Object.entries(data).map(([name, value]) => [name, String(value)])),
    { notes },
  )
}
