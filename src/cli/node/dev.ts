import { existsSync } from 'node:fs'
import { homePaths } from '../../node/home.ts'
import { initHome } from '../../node/init-home.ts'
import { defineCommand } from '../command.ts'
import { unwrap } from '../failure.ts'

export const dev = defineCommand({
  path: 'dev',
  about: 'A development network of this one node: makes the home if there is none, and runs it',
  examples: ['canswarm dev', 'canswarm dev --home dev-home'],
  arguments: [],
  options: {},
  async run(context) {
    const { home } = context
    if (!existsSync(homePaths(home).genesis)) {
      unwrap(await initHome({ home, label: 'dev', class: 'development' }), 'the new network')
      process.stderr.write(`made ${home}: a development network of one node\n`)
    }
    const { runNode } = await import('./run-node.ts')
    return await runNode(context, undefined)
  },
})
