import type { InputOf } from '../../sdk/client.ts'
import { defineCommand } from '../command.ts'
import { asked, nodeOf } from '../daemon.ts'
import { report } from '../report.ts'

export const cancel = defineCommand({
  path: 'cancel',
  about: 'Take a need of this node back while nobody works on it: it waits, or is open to bids',
  examples: ['canswarm cancel bafyrei…'],
  arguments: [{ name: 'NEED', about: 'id of the NEED' }],
  options: {},
  async run(context, [id]) {
    const data = await asked(nodeOf(context).call('cancel', { need: id as InputOf<'cancel'>['need'] }))
    return report(
      'canswarm.cancel/1',
      data,
      data.done
        ? 'taken back: what was escrowed is free again'
        : `asked for: "canswarm need show ${id}" tells when it is CANCELLED`,
    )
  },
})
