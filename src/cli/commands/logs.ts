import type { ApiClient } from '../../sdk/client.ts'
import { defineCommand } from '../command.ts'
import { asked, daemonError, nodeOf } from '../daemon.ts'
import { type LogShown, prettyLine } from '../log-line.ts'
import { type Listing, listing } from '../report.ts'

export const logs = defineCommand({
  path: 'logs',
  about: "The last lines of the running node's log; with --follow as they come",
  examples: ['canswarm logs', 'canswarm logs --follow', 'canswarm logs --last 500 --json'],
  arguments: [],
  options: {
    last: { type: 'integer', value: 'N', about: 'how many; 100 unless it is said' },
    follow: { type: 'boolean', about: 'go on until Ctrl-C' },
  },
  async run(context, _args, { last, follow }) {
    return listing('canswarm.logs/1', linesOf(nodeOf(context), last, follow))
  },
})

async function* linesOf(node: ApiClient, last: number | undefined, follow: boolean): Listing['rows'] {
  const { lines } = await asked(node.call('logs', last === undefined ? {} : { last }))
  for (const line of lines) yield rowOf(line)
  if (!follow) return
  try {
    for await (const event of node.logLines(undefined, new AbortController().signal)) {
      if (event.kind === 'log') yield rowOf(event.data)
    }
  } catch (error) {
    throw daemonError(error)
  }
}

function rowOf(line: LogShown) {
  return { data: line, text: prettyLine(line, process.stdout) }
}
