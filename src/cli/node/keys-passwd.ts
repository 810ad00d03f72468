import { offline } from '../../node/offline.ts'
import { defineCommand } from '../command.ts'
import { report } from '../report.ts'
import { keyNameOf, openingPassphrase } from './key-access.ts'
import { newPassphrase, PASSPHRASE_OPTION } from './passphrase.ts'

export const keysPasswd = defineCommand({
  path: 'keys passwd',
  about: 'Seal a key with a passphrase, change the passphrase, or take it away',
  examples: ['canswarm keys passwd node', 'canswarm keys passwd node --plain'],
  arguments: [{ name: 'name', about: 'name of the key' }],
  options: {
    plain: { type: 'boolean', about: 'keep the secret in plain from now on' },
    newPassphraseFile: { type: 'string', value: 'FILE', about: 'file with the new passphrase' },
    ...PASSPHRASE_OPTION,
  },
  async run(context, [name], { plain, newPassphraseFile, passphraseFile }) {
    const key = keyNameOf(context, name)
    const { passphrase: from } = await openingPassphrase(context, key, passphraseFile)
    const to = plain ? undefined : await newPassphrase(context, newPassphraseFile)
    await offline.keystore(context.home).changePassphrase(key, {
      ...(from !== undefined && { from }),
      ...(to !== undefined && { to }),
    })
    const text = plain ? `${key} is in plain now` : `${key} is sealed with the new passphrase`
    return report('canswarm.keys.passwd/1', { name: key, sealed: !plain }, text)
  },
})
