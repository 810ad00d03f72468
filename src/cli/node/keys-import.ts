import { offline } from '../../node/offline.ts'
import { defineCommand } from '../command.ts'
import { report } from '../report.ts'
import { readInput } from './input.ts'
import { keyNameOf } from './key-access.ts'
import { newPassphrase, PASSPHRASE_OPTION, passphraseOf } from './passphrase.ts'

const KEY_FILE_BYTES_MAX = 4_096

export const keysImport = defineCommand({
  path: 'keys import',
  about:
    'Keep a key that "keys export" wrote; it stays sealed under the same passphrase unless you say otherwise',
  examples: ['canswarm keys import alice alice.key', 'canswarm keys import alice alice.key --plain'],
  arguments: [
    { name: 'name', about: 'name of the key in this home' },
    { name: 'file', about: 'file to read; - for standard input' },
  ],
  options: {
    plain: { type: 'boolean', about: 'keep the secret in plain, in a file of mode 0600' },
    sealWithFile: { type: 'string', value: 'FILE', about: 'file with a new passphrase to keep it under' },
    overwrite: { type: 'boolean', about: 'replace a key of the same name, for good' },
    ...PASSPHRASE_OPTION,
  },
  async run(context, [name, file], { plain, sealWithFile, overwrite, passphraseFile }) {
    const key = keyNameOf(context, name)
    const text = Buffer.from(await readInput(context, file, KEY_FILE_BYTES_MAX)).toString('utf8')
    const from = looksSealed(text) ? await passphraseOf(context, file, passphraseFile) : undefined
    const to = plain
      ? undefined
      : sealWithFile === undefined
        ? from
        : await newPassphrase(context, sealWithFile)
    const { did } = await offline.keystore(context.home).importText(key, text, {
      overwrite,
      ...(from !== undefined && { textPassphrase: from }),
      ...(to !== undefined && { passphrase: to }),
    })
    return report('canswarm.keys.import/1', { name: key, did, sealed: to !== undefined }, did)
  },
})

/** Whether to ask for a passphrase; the keystore judges the text itself. */
function looksSealed(text: string): boolean {
  return text.includes('"sealed"')
}
