import { readFile } from 'node:fs/promises'
import { isAbsolute, resolve } from 'node:path'
import type { ApiClient, InputOf, OutputOf } from '../../sdk/client.ts'
import { defineCommand } from '../command.ts'
import { creditsOf, microOf } from '../credits.ts'
import { asked, daemonError, nodeOf } from '../daemon.ts'
import { usageError } from '../failure.ts'
import { type Listing, listing, report } from '../report.ts'
import { table } from '../table.ts'
import { short, time } from '../words.ts'

type Way = InputOf<'agentAdd'>['way']
type LogLine = OutputOf<'agentLogs'>['lines'][number]

export const agentAdd = defineCommand({
  path: 'agent add',
  about:
    'Attach a capability: from now on the node bids for its tasks, with --judges judges them, with --challenges looks for wrong results',
  examples: [
    "canswarm agent add stats --capability text/stats --exec 'python3 /opt/stats.py' --price 0.5",
    'canswarm agent add upper --capability text/upper --wasm upper.wasm --judges',
  ],
  arguments: [{ name: 'NAME', about: 'unique in the node' }],
  options: {
    capability: { type: 'string', value: 'NAME', about: 'what it can do' },
    exec: {
      type: 'string',
      value: 'CMD',
      about: 'a command: the task on standard input, the result on standard output',
    },
    wasm: {
      type: 'string',
      value: 'FILE',
      about: 'a WebAssembly module: deterministic, so that its work can be checked',
    },
    http: { type: 'string', value: 'URL', about: 'a service' },
    mcp: { type: 'string', value: 'CMD', about: 'an MCP server' },
    price: { type: 'string', value: 'N', about: 'what a bid asks for, in credits; 1 unless it is said' },
    parallel: { type: 'integer', value: 'N', about: 'tasks at once; 1 unless it is said' },
    judges: { type: 'boolean', about: "judges others' work, too" },
    judgesOnly: { type: 'boolean', about: 'does no work itself' },
    challenges: {
      type: 'boolean',
      about: 'does accepted tasks of others again, and challenges wrong results: a bond is at stake',
    },
    challengesOnly: { type: 'boolean', about: 'neither works nor judges' },
    unsafe: { type: 'boolean', about: 'with --exec: without a sandbox' },
  },
  async run(context, [name], options) {
    const { capability, price = '1', parallel, judges, judgesOnly, challenges, challengesOnly } = options
    if (capability === undefined) throw usageError('say what it can do', 'add --capability NAME')
    const node = nodeOf(context)
    const data = await asked(
      node.call('agentAdd', {
        name,
        capability,
        way: await wayOf(node, options, name),
        price: microOf(price, '--price'),
        ...(parallel !== undefined && { parallel }),
        works: !judgesOnly && !challengesOnly,
        judges: judges || judgesOnly,
        challenges: challenges || challengesOnly,
      }),
    )
    return report('canswarm.agent.add/1', data, `${name} is attached for ${capability}`)
  },
})

interface WayOptions {
  readonly exec: string | undefined
  readonly wasm: string | undefined
  readonly http: string | undefined
  readonly mcp: string | undefined
  readonly unsafe: boolean
}

async function wayOf(node: ApiClient, options: WayOptions, name: string): Promise<Way> {
  const { exec, wasm, http, mcp, unsafe } = options
  if ([exec, wasm, http, mcp].filter((one) => one !== undefined).length !== 1) {
    throw usageError('say how it does its work', 'one of --exec, --wasm, --http and --mcp')
  }
  if (exec !== undefined) return { kind: 'exec', command: wordsOf(exec), unsafe }
  if (http !== undefined) return { kind: 'http', url: http }
  if (mcp !== undefined) return { kind: 'mcp', command: wordsOf(mcp) }
  const { cid } = await asked(node.putContent(await moduleOf(wasm ?? ''), `agent/${name}`))
  return { kind: 'wasm', module: cid }
}

async function moduleOf(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path)
  } catch (error) {
    throw usageError(`cannot read ${path}: ${(error as NodeJS.ErrnoException).code ?? 'failed'}`)
  }
}

/** Words with spaces between; quotes keep spaces. A path that begins with a dot is meant from here. */
function wordsOf(command: string): string[] {
  const words = [...command.matchAll(/"(?<double>[^"]*)"|'(?<single>[^']*)'|(?<bare>\S+)/gu)].map(
    ({ groups }) => groups?.['double'] ?? groups?.['single'] ?? groups?.['bare'] ?? '',
  )
  if (words.length === 0) throw usageError('the command is empty')
  return words.map((word) => (/^\.{1,2}\//u.test(word) && !isAbsolute(word) ? resolve(word) : word))
}

export const agentLs = defineCommand({
  path: 'agent ls',
  about: 'Attached agents and what they do',
  examples: ['canswarm agent ls', 'canswarm agent ls --json'],
  arguments: [],
  options: {},
  async run(context) {
    const data = await asked(nodeOf(context).call('agents', {}))
    const rows = data.agents.map((one) => [
      one.name,
      one.capability,
      one.way.kind,
      doingsOf(one),
      creditsOf(one.price),
      one.state,
      `${one.running}/${one.parallel}`,
      String(one.done),
      String(one.failed),
    ])
    const headings = ['agent', 'capability', 'by', 'does', 'price', 'state', 'running', 'done', 'failed']
    const notes = data.agents.flatMap(({ name, last_error: why }) =>
      why === null ? [] : [`${name}: ${why}`],
    )
    return report('canswarm.agent.ls/1', data, table(headings, rows), { notes })
  },
})

function doingsOf({ works, judges, challenges }: OutputOf<'agents'>['agents'][number]): string {
  const all = [works && 'works', judges && 'judges', challenges && 'challenges']
  return all.filter((one) => one !== false).join(' ')
}

export const agentRm = defineCommand({
  path: 'agent rm',
  about: 'Detach an agent; what it works on is given up (YIELD)',
  examples: ['canswarm agent rm stats'],
  arguments: [{ name: 'NAME', about: 'of the agent' }],
  options: {},
  async run(context, [name]) {
    const data = await asked(nodeOf(context).call('agentRemove', { name }))
    return report('canswarm.agent.rm/1', data, `${name} is detached`)
  },
})

export const agentLogs = defineCommand({
  path: 'agent logs',
  about: 'What attached agents did and said; with --follow as it happens',
  examples: ['canswarm agent logs', 'canswarm agent logs stats --follow'],
  arguments: [{ name: 'NAME', about: 'of the agent; else of all', optional: true }],
  options: {
    last: { type: 'integer', value: 'N', about: 'how many; 100 unless it is said' },
    follow: { type: 'boolean', about: 'go on until Ctrl-C' },
  },
  async run(context, [name], { last, follow }) {
    return listing('canswarm.agent.logs/1', linesOf(nodeOf(context), name, last, follow))
  },
})

async function* linesOf(
  node: ApiClient,
  name: string | undefined,
  last: number | undefined,
  follow: boolean,
): Listing['rows'] {
  const input = { ...(name !== undefined && { name }), ...(last !== undefined && { last }) }
  const { lines } = await asked(node.call('agentLogs', input))
  for (const line of lines) yield rowOf(line)
  if (!follow) return
  try {
    for await (const event of node.events({ kinds: ['agent'] }, new AbortController().signal)) {
      if (event.kind === 'agent' && (name === undefined || event.data.agent === name)) yield rowOf(event.data)
    }
  } catch (error) {
    throw daemonError(error)
  }
}

function rowOf(line: LogLine) {
  const { agent, at, need, text } = line
  return { data: line, text: [time(at), agent, need === null ? '' : short(need), text].join('  ') }
}
