import { offline } from '../../node/offline.ts'
import { defineCommand } from '../command.ts'
import { report } from '../report.ts'
import { keyNameOf } from './key-access.ts'
import { newPassphrase, PASSPHRASE_OPTION } from './passphrase.ts'

export const keysCreate = defineCommand({
  path: 'keys create',
  about: 'Make a new key in this home, for an agent or an account',
  examples: ['canswarm keys create alice', 'canswarm keys create alice --seal'],
  arguments: [{ name: 'name', about: 'name of the key: a-z, 0-9 and hyphen' }],
  options: {
    seal: { type: 'boolean', about: 'seal it with a passphrase' },
    ...PASSPHRASE_OPTION,
  },
  async run(context, [name], { seal, passphraseFile }) {
    const key = keyNameOf(context, name)
    const sealed = seal || passphraseFile !== undefined
    const options = sealed ? { passphrase: await newPassphrase(context, passphraseFile) } : {}
    const { did } = await offline.keystore(context.home).create(key, options)
    return report('canswarm.keys.create/1', { name: key, did, sealed }, did)
  },
})
