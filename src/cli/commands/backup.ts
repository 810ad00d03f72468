import { resolve } from 'node:path'
import { defineCommand } from '../command.ts'
import { asked, nodeOf } from '../daemon.ts'
import { EXIT } from '../exit.ts'
import { CommandError } from '../failure.ts'
import { report } from '../report.ts'

export const backup = defineCommand({
  path: 'backup',
  about:
    'Write a consistent copy of the home of the running node into an empty directory; it holds the keys, too',
  examples: ['canswarm backup /mnt/backup/node-1'],
  arguments: [{ name: 'DIR', about: 'a directory that is not there, or empty' }],
  options: {},
  async run(context, [directory]) {
    const data = await written(asked(nodeOf(context).call('backup', { directory: resolve(directory) })))
    return report('canswarm.backup/1', data, `${data.files} files, ${data.bytes} bytes in ${data.directory}`)
  },
})

/** It is the place of the backup that failed, not the node's own store. */
async function written<Data>(answer: Promise<Data>): Promise<Data> {
  try {
    return await answer
  } catch (error) {
    const isOfPlace = error instanceof CommandError && error.failure.code.startsWith('store-')
    if (!isOfPlace) throw error
    const todo = 'see that the user of the node may write there, and that there is room'
    throw new CommandError({ ...error.failure, exit: EXIT.failed, todo })
  }
}
