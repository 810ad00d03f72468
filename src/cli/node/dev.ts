import { existsSync } from 'node:fs'
import { MICRO_PER_CREDIT } from '../../model/micro.ts'
import { homePaths } from '../../node/home.ts'
import { initHome } from '../../node/init-home.ts'
import { defineCommand } from '../command.ts'
import { unwrap } from '../failure.ts'

const CREDITS = 10_000n * MICRO_PER_CREDIT

/** No other machine is to find it, and another one beside it does not matter. */
const ALONE = { meshListen: '/ip4/127.0.0.1/tcp/0', meshMdns: false, meshDht: false }

export const dev = defineCommand({
  path: 'dev',
  about:
    'A development network of this one node, which asks, works and judges: makes the home if there is none, and runs it',
  examples: ['canswarm dev', 'canswarm dev --home dev-home'],
  arguments: [],
  options: {},
  async run(context) {
    const { home } = context
    if (!existsSync(homePaths(home).genesis)) {
      const network = { label: 'dev', class: 'development', others: [], credits: CREDITS } as const
      unwrap(await initHome({ home, network, settings: ALONE }), 'the new network')
      process.stderr.write(`made ${home}: a development network of one node\n`)
    }
    const { runNode } = await import('./run-node.ts')
    return await runNode(context, undefined)
  },
})
