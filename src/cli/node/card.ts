import { writeFile } from 'node:fs/promises'
import { NODE_KEY, nodeKeys } from '../../node/founding/node-keys.ts'
import { voterCard, voterCardText } from '../../node/founding/voter-card.ts'
import { defineCommand } from '../command.ts'
import { report } from '../report.ts'
import { openingPassphrase } from './key-access.ts'
import { newPassphrase, PASSPHRASE_OPTION } from './passphrase.ts'

export const card = defineCommand({
  path: 'card',
  about:
    'What the founder of a network must know of this node to make it a voter; makes its keys if there are none',
  examples: ['canswarm card > b.card', 'canswarm card --dev --out b.card'],
  arguments: [],
  options: {
    dev: {
      type: 'boolean',
      about: 'for a development network: with accounts of their own for work and for verdicts',
    },
    out: { type: 'string', value: 'FILE', about: 'write it there' },
    seal: { type: 'boolean', about: 'seal the keys with a passphrase' },
    ...PASSPHRASE_OPTION,
  },
  async run(context, _args, { dev, out, seal, passphraseFile }) {
    const { home } = context
    const opening = await openingPassphrase(context, NODE_KEY, passphraseFile)
    const passphrase =
      opening.passphrase ??
      (seal || passphraseFile !== undefined ? await newPassphrase(context, passphraseFile) : undefined)
    const [own, ...others] = await nodeKeys({ home, hosts: dev, passphrase })
    const made = voterCard(
      own,
      others.map(({ did }) => did),
    )
    const text = voterCardText(made)
    if (out !== undefined) await writeFile(out, text)
    const notes = [
      'give the card to the founder: "canswarm init --voters CARD"; then come back: "canswarm init --join FOUNDER"',
    ]
    return report('canswarm.card/1', { ...made }, out === undefined ? text.trimEnd() : `${out}: ${own.did}`, {
      notes,
    })
  },
})
