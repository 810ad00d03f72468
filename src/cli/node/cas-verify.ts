import { defineCommand } from '../command.ts'
import { EXIT } from '../exit.ts'
import { report } from '../report.ts'
import { fields } from '../table.ts'
import { withContent } from './remote-content.ts'

export const casVerify = defineCommand({
  path: 'cas verify',
  about: 'Read every block of this home and check its hash; what is damaged is dropped (exit code 6)',
  examples: ['canswarm cas verify'],
  arguments: [],
  options: {},
  async run(context) {
    const { blocks, damaged, incomplete } = await withContent(context, (store) => store.verify())
    const data = { blocks, damaged, incomplete: incomplete.map(String) }
    const rows: [string, string][] = [
      ['blocks', String(blocks)],
      ['damaged', String(damaged.length)],
      ['incomplete', String(incomplete.length)],
    ]
    const notes = data.incomplete.map(
      (cid) => `${cid} is not whole: a running node fetches it again when it is needed`,
    )
    const isRight = damaged.length === 0 && incomplete.length === 0
    return report('canswarm.cas.verify/1', data, fields(rows), {
      notes,
      exit: isRight ? EXIT.done : EXIT.mismatch,
    })
  },
})
