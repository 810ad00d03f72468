import type { InputOf } from '../../sdk/client.ts'
import { defineCommand } from '../command.ts'
import { asked, nodeOf } from '../daemon.ts'
import { usageError } from '../failure.ts'
import { readInput } from '../node/input.ts'
import { report } from '../report.ts'

const PATCH_BYTES_MAX = 65_536

export const planPatch = defineCommand({
  path: 'plan patch',
  about:
    'Change the plan of a thread that has an open need: a JSON list of operations, from a file or - for standard input',
  examples: [
    'canswarm plan patch mf2… ops.json',
    `echo '[{"op_type":"ADD_TASK","task_id":"read","payload":{"label":"read it"}}]' | canswarm plan patch mf2… -`,
  ],
  arguments: [
    { name: 'THREAD', about: 'id of the thread' },
    { name: 'FILE', about: 'operations, each with op_type, task_id and payload' },
  ],
  options: {},
  async run(context, [thread, file]) {
    const ops = parsed(await readInput(context, file, PATCH_BYTES_MAX), file)
    const data = await asked(nodeOf(context).call('planPatch', { thread, ops } as InputOf<'planPatch'>))
    return report('canswarm.plan.patch/1', data, `${data.operations} operations said in ${data.envelope}`)
  },
})

function parsed(bytes: Uint8Array, file: string): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes)) as unknown
  } catch {
    throw usageError(
      `${file} is no JSON`,
      'give a list of operations: [{"op_type": ..., "task_id": ..., "payload": {...}}]',
    )
  }
}
