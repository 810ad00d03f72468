import { existsSync, realpathSync, statSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { delimiter, isAbsolute, join, resolve } from 'node:path'
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
    "canswarm agent add book --capability book/stats --split './split.sh' --join './join.sh' --price 5",
    'canswarm agent add me --capability text/poem --by-hand',
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
    split: {
      type: 'string',
      value: 'CMD',
      about: 'with --join: a command that names the parts of a task, which others are asked for',
    },
    join: {
      type: 'string',
      value: 'CMD',
      about: "with --split: a command that makes the result of the parts'",
    },
    byHand: {
      type: 'boolean',
      about: 'somebody drives it: propose, claim, heartbeat, commit, yield, attest',
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
    unsafe: { type: 'boolean', about: 'commands run without a sandbox' },
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
    const notes = data.state === 'joining' ? [JOINING] : []
    return report('canswarm.agent.add/1', data, `${name} is attached for ${capability}`, { notes })
  },
})

const JOINING =
  'it gets no work before the registry names it, which takes an account with credits: "canswarm agent ls" tells'

interface WayOptions {
  readonly exec: string | undefined
  readonly wasm: string | undefined
  readonly http: string | undefined
  readonly mcp: string | undefined
  readonly split: string | undefined
  readonly join: string | undefined
  readonly byHand: boolean
  readonly unsafe: boolean
}

async function wayOf(node: ApiClient, options: WayOptions, name: string): Promise<Way> {
  const { exec, wasm, http, mcp, split, join: joint, byHand, unsafe } = options
  const ways = [exec, wasm, http, mcp, split, byHand ? '' : undefined]
  if (ways.filter((one) => one !== undefined).length !== 1) {
    throw usageError(
      'say how it does its work',
      'one of --exec, --wasm, --split with --join, --by-hand, --http and --mcp',
    )
  }
  if ((split === undefined) !== (joint === undefined)) throw usageError('--split and --join go together')
  if (split !== undefined) return { kind: 'parts', split: wordsOf(split), join: wordsOf(joint ?? ''), unsafe }
  if (byHand) return { kind: 'hand' }
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

/**
 * Words with spaces between; quotes keep spaces. The node runs elsewhere: words that name a file from here, or a path that begins
 * with a dot, become whole paths, and so does a program that only this shell's PATH finds.
 */
function wordsOf(command: string): string[] {
  const words = [...command.matchAll(/"(?<double>[^"]*)"|'(?<single>[^']*)'|(?<bare>\S+)/gu)].map(
    ({ groups }) => groups?.['double'] ?? groups?.['single'] ?? groups?.['bare'] ?? '',
  )
  if (words.length === 0) throw usageError('the command is empty')
  const [program = '', ...rest] = words
  return [programOf(program), ...rest.map(placeOf)]
}

function placeOf(word: string): string {
  const isMeant = /^\.{1,2}(?:\/|$)/u.test(word) || (/[./]/u.test(word) && isFile(word))
  return isMeant && !isAbsolute(word) ? resolve(word) : word
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true
}

/** Where the node looks for programs. */
const EVERYWHERE = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin']

function programOf(name: string): string {
  if (name.includes('/')) return isAbsolute(name) ? name : resolve(name)
  if (EVERYWHERE.some((folder) => existsSync(join(folder, name)))) return name
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => isAbsolute(folder))
  const found = folders.map((folder) => join(folder, name)).find((path) => existsSync(path))
  return found === undefined ? name : realpathSync(found)
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
