import { resolve } from 'node:path'
import { defineCommand } from '../command.ts'
import { asked, nodeOf } from '../daemon.ts'
import { report } from '../report.ts'

export const backup = defineCommand({
  path: 'backup',
  about:
    'Write a consistent copy of the home of the running node into an empty directory; it holds the keys, too',
  examples: ['canswarm backup /mnt/backup/node-1'],
  arguments: [{ name: 'DIR', about: 'a directory that is not there, or empty' }],
  options: {},
  async run(context, [directory]) {
    const data = await asked(nodeOf(context).call('backup', { directory: resolve(directory) }))
    return report('canswarm.backup/1', data, `${data.files} files, ${data.bytes} bytes in ${data.directory}`)
  },
})
