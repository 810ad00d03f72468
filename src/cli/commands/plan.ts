import type { InputOf } from '../../sdk/client.ts'
import { defineCommand } from '../command.ts'
import { asked, nodeOf } from '../daemon.ts'
import { report } from '../report.ts'
import { fields, table } from '../table.ts'

export const planShow = defineCommand({
  path: 'plan show',
  about: 'The plan of a thread: its tasks in an order in which they can be done, and what each waits for',
  examples: ['canswarm plan show mf2…', 'canswarm plan show mf2… --ready --json'],
  arguments: [{ name: 'THREAD', about: 'id of the thread' }],
  options: { ready: { type: 'boolean', about: 'only tasks that can be taken up now' } },
  async run(context, [thread], { ready }) {
    const data = await asked(nodeOf(context).call('plan', { thread } as InputOf<'plan'>))
    const tasks = data.tasks.filter((one) => !ready || one.ready)
    const rows = tasks.map((one) => [
      one.task,
      one.label ?? '',
      one.state,
      one.ready ? 'ready' : '',
      one.requires.join(' '),
      one.produces.join(' '),
    ])
    const head = fields([
      ['operations', String(data.operations)],
      ['root', data.root],
    ])
    const text = `${head}\n\n${table(['task', 'label', 'state', '', 'requires', 'produces'], rows)}`
    const notes = data.cycles.map(({ from, to }) => `left out: ${from} -> ${to} would close a cycle`)
    return report('canswarm.plan.show/1', { ...data, tasks }, text, { notes })
  },
})
