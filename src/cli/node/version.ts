import { defineCommand } from '../command.ts'
import { report } from '../report.ts'
import { fields } from '../table.ts'
import { VERSION } from '../version.ts'

export const version = defineCommand({
  path: 'version',
  about: 'Show the version of canswarm and of the formats and rules that it speaks',
  examples: ['canswarm version', 'canswarm version --json'],
  arguments: [],
  options: {},
  async run() {
    const data = {
      version: VERSION,
      node: process.versions.node,
      platform: `${process.platform}-${process.arch}`,
    }
    return report('canswarm.version/1', data, fields(Object.entries(data)))
  },
})
