import { writeFileSync } from 'node:fs'
import { FaultError } from '../../model/fault.ts'
import { offline } from '../../node/offline.ts'
import { defineCommand } from '../command.ts'
import { report } from '../report.ts'
import { keyNameOf, openingPassphrase } from './key-access.ts'
import { newPassphrase, PASSPHRASE_OPTION } from './passphrase.ts'

export const keysExport = defineCommand({
  path: 'keys export',
  about:
    'Write a key to a file that "keys import" takes: sealed with a passphrase, or in plain if you say so',
  examples: [
    'canswarm keys export node --out node.key',
    'canswarm keys export node --out node.key --seal-with-file pass.txt',
    'canswarm keys export node --out node.key --plain',
  ],
  arguments: [{ name: 'name', about: 'name of the key' }],
  options: {
    out: { type: 'string', value: 'FILE', about: 'where to write it (mode 0600; never over another file)' },
    plain: { type: 'boolean', about: 'write the secret in plain' },
    sealWithFile: { type: 'string', value: 'FILE', about: 'file with the passphrase of the written file' },
    ...PASSPHRASE_OPTION,
  },
  async run(context, [name], { out, plain, sealWithFile, passphraseFile }) {
    const key = keyNameOf(context, name)
    const path = out ?? `${key}.key`
    const opening = await openingPassphrase(context, key, passphraseFile)
    const sealing = plain ? {} : { sealWith: await newPassphrase(context, sealWithFile) }
    const text = await offline.keystore(context.home).exportText(key, { ...opening, ...sealing })
    writeNew(path, text)
    const notes = plain ? ['anybody who can read this file can sign as this key'] : []
    return report('canswarm.keys.export/1', { name: key, file: path, sealed: !plain }, path, { notes })
  },
})

function writeNew(path: string, text: string): void {
  try {
    writeFileSync(path, text, { flag: 'wx', mode: 0o600 })
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code === 'EEXIST' ? 'key-exists' : 'store-io'
    throw new FaultError(code, `cannot write ${path}`, { cause })
  }
}
