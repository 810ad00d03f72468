import { defineCommand } from '../command.ts'
import { EXIT } from '../exit.ts'
import { report } from '../report.ts'
import { CID_ARGUMENT, cidOfText } from './cas-access.ts'
import { withContent } from './remote-content.ts'

export const casExists = defineCommand({
  path: 'cas exists',
  about: 'Say whether all blocks of a content are in this home (exit code 1: they are not)',
  examples: ['canswarm cas exists bafk…'],
  arguments: [CID_ARGUMENT],
  options: {},
  async run(context, [text]) {
    const cid = cidOfText(text)
    const exists = await withContent(context, (store) => store.has(cid))
    const exit = exists ? EXIT.done : EXIT.failed
    return report('canswarm.cas.exists/1', { cid: cid.toString(), exists }, exists ? 'yes' : 'no', { exit })
  },
})
