import type { ApiClient, OutputOf } from '../../sdk/client.ts'
import { defineCommand } from '../command.ts'
import { asked, daemonError, nodeOf } from '../daemon.ts'
import { type Listing, listing, type Report, report } from '../report.ts'
import { fields, table } from '../table.ts'
import { short, time } from '../words.ts'
import { stepOf } from './need-progress.ts'

type Shown = OutputOf<'threadShow'>

export const threadLs = defineCommand({
  path: 'thread ls',
  about: 'Threads that the node knows of, newest first',
  examples: ['canswarm thread ls', 'canswarm thread ls --open'],
  arguments: [],
  options: {
    open: { type: 'boolean', about: 'only those with a need that is not over' },
    limit: { type: 'integer', value: 'N', about: 'most rows; 100 unless it is said' },
  },
  async run(context, _args, { open, limit }) {
    const input = {
      state: open ? ('open' as const) : ('all' as const),
      ...(limit !== undefined && { limit }),
    }
    const data = await asked(nodeOf(context).call('threads', input))
    const rows = data.threads.map(({ thread, needs, last }) => [
      thread,
      String(needs),
      last.state,
      last.capability ?? '',
    ])
    const notes = data.more ? ['there are more: --limit N shows them'] : []
    return report('canswarm.thread.ls/1', data, table(['thread', 'needs', 'last', 'capability'], rows), {
      notes,
    })
  },
})

/** A thread as the running node has it. */
export async function threadOfNode(node: ApiClient, id: string): Promise<Report> {
  const data = await asked(node.call('threadShow', { thread: id as Shown['thread'], limit: 1_000 }))
  const needs = data.needs.map((one) => [one.need, `${one.state}: ${stepOf(one)}`] satisfies [string, string])
  const said = data.envelopes.map(({ kind, sender, lamport, sent_at: at }) => [
    String(lamport),
    kind,
    short(sender),
    time(at),
  ])
  const text = `${fields(needs)}\n\n${table(['clock', 'verb', 'sender', 'sent'], said)}`
  const isOver = data.needs.every(({ over }) => over)
  const notes = isOver ? [`it is over: "canswarm export ${id}" writes all that was said`] : []
  return report('canswarm.thread.node/1', data, text, { notes })
}

export const threadWatch = defineCommand({
  path: 'thread watch',
  about: 'Follow a thread live, until all its needs are over',
  examples: ['canswarm thread watch mf2…', 'canswarm thread watch mf2… --json'],
  arguments: [{ name: 'THREAD', about: 'id of the thread' }],
  options: {},
  async run(context, [id]) {
    return listing('canswarm.thread.watch/1', watch(nodeOf(context), id))
  },
})

async function* watch(node: ApiClient, id: string): Listing['rows'] {
  const shown = await asked(node.call('threadShow', { thread: id as Shown['thread'] }))
  const open = new Set(shown.needs.filter(({ over }) => !over).map(({ need }) => need))
  for (const brief of shown.needs) yield rowOf(brief)
  const ending = new AbortController()
  try {
    if (open.size === 0) return
    for await (const event of node.events({ thread: id, kinds: ['need'] }, ending.signal)) {
      if (event.kind !== 'need') continue
      yield rowOf(event.data)
      if (event.data.over) open.delete(event.data.need)
      else open.add(event.data.need)
      if (open.size === 0) return
    }
  } catch (error) {
    throw daemonError(error)
  } finally {
    ending.abort()
  }
}

function rowOf(brief: Shown['needs'][number]) {
  return { data: brief, text: `${short(brief.need)}  ${brief.state.padEnd(9)}  ${stepOf(brief)}` }
}
