import { initHome } from '../../node/init-home.ts'
import { parseGenesis } from '../../node/network.ts'
import { defineCommand } from '../command.ts'
import type { Context } from '../context.ts'
import { EXIT } from '../exit.ts'
import { CommandError, unwrap, usageError } from '../failure.ts'
import { report } from '../report.ts'
import { fields } from '../table.ts'
import { readInput } from './input.ts'
import { newPassphrase, PASSPHRASE_OPTION } from './passphrase.ts'

const GENESIS_FILE_BYTES_MAX = 131_072

export const init = defineCommand({
  path: 'init',
  about: "Make this node's home: its key and settings, and a network of its own or one to belong to",
  examples: [
    'canswarm init --dev',
    'canswarm init --label work',
    'canswarm init --network genesis.json --seal',
  ],
  arguments: [],
  options: {
    network: {
      type: 'string',
      value: 'FILE',
      about: 'genesis of the network to belong to (else a new one is founded)',
    },
    join: { type: 'string', value: 'ADDR', about: 'address of a node of the network to belong to' },
    dev: { type: 'boolean', about: 'found a development network: short times, no caps' },
    label: { type: 'string', value: 'TEXT', about: 'name of the new network, for people' },
    seal: { type: 'boolean', about: "seal the node's key with a passphrase" },
    ...PASSPHRASE_OPTION,
  },
  async run(context, _args, { network, join, dev, label, seal, passphraseFile }) {
    if (join !== undefined) throw noMesh()
    if (network !== undefined && (dev || label !== undefined)) {
      throw usageError('--network says which network: --dev and --label are for a new one')
    }
    const sealed = seal || passphraseFile !== undefined
    const made = await initHome({
      home: context.home,
      label: label ?? 'canswarm',
      class: dev ? 'development' : 'production',
      ...(network !== undefined && { joined: await joinedBy(context, network) }),
      ...(sealed && { passphrase: await newPassphrase(context, passphraseFile) }),
    })
    const { did, network: opened } = unwrap(made, 'the new network')
    const data = {
      home: context.home,
      did,
      network: opened.net.toString(),
      label: opened.genesis.label,
      class: opened.genesis.class,
      sealed,
    }
    return report(
      'canswarm.init/1',
      data,
      fields(Object.entries(data).map(([name, value]) => [name, String(value)])),
    )
  },
})

async function joinedBy(context: Context, path: string) {
  return unwrap(parseGenesis(await readInput(context, path, GENESIS_FILE_BYTES_MAX)), path)
}

function noMesh(): CommandError {
  return new CommandError({
    exit: EXIT.failed,
    code: 'unsupported',
    message: 'this version cannot fetch a genesis from another node: it has no mesh yet',
    todo: 'get the file genesis.json out of that node\'s home, and run "canswarm init --network genesis.json"',
  })
}
