import { aboutThis } from '../../node/about.ts'
import { defineCommand } from '../command.ts'
import { report } from '../report.ts'
import { fields } from '../table.ts'

export const version = defineCommand({
  path: 'version',
  about:
    'Show the version of canswarm, of the formats and rules that it speaks, and of the code that it carries',
  examples: ['canswarm version', 'canswarm version --json'],
  arguments: [],
  options: {},
  async run() {
    const data = aboutThis()
    const rows = Object.entries(data).map(
      ([name, value]) => [name.replaceAll('_', ' '), String(value)] as const,
    )
    return report('canswarm.version/1', { ...data }, fields(rows))
  },
})
