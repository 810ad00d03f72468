import { type Change, changes } from '../../core/policy/what-if.ts'
import { requireNetwork } from '../../node/network.ts'
import { recordedThreads } from '../../node/policy/recorded.ts'
import { defineCommand } from '../command.ts'
import { report } from '../report.ts'
import { table } from '../table.ts'
import { POLICY_ARGUMENT, withPolicy } from './policy-use.ts'

const THREADS_DEFAULT = 100

/** Inputs in one call: one message to the worker thread. */
const LIST_MAX = 256

export const policyWhatIf = defineCommand({
  path: 'policy what-if',
  about:
    "Replay the last threads of this home's journal under another policy: every decision that would change",
  examples: ['canswarm policy what-if my.capsule', 'canswarm policy what-if my-policy --threads 1000 --json'],
  arguments: [POLICY_ARGUMENT],
  options: {
    threads: {
      type: 'integer',
      value: 'N',
      about: `how many threads, the last ones (else ${THREADS_DEFAULT})`,
    },
  },
  async run(context, [path], { threads }) {
    const net = requireNetwork(context.home)
    const { recorded, unreadable, ...past } = await recordedThreads(
      context.home,
      net,
      threads ?? THREADS_DEFAULT,
    )
    const changed = await withPolicy(context, path, net.toString(), async ({ module, gasMax }) => {
      const found: Change[] = []
      for (let at = 0; at < recorded.length; at += LIST_MAX) {
        const part = recorded.slice(at, at + LIST_MAX)
        const inputs = part.map(({ input }) => input)
        found.push(...changes(part, await module.evaluateListAside(inputs, gasMax)))
      }
      return found
    })
    const data = { threads: past.threads.length, envelopes: recorded.length, unreadable, changes: changed }
    const summary = `${changed.length} of ${recorded.length} decisions in ${past.threads.length} threads would change`
    return report('canswarm.policy.what-if/1', data, [...rowsOf(changed), summary].join('\n'), {
      notes:
        unreadable === 0
          ? []
          : [`${unreadable} envelopes were left out: the journal has not kept their bodies`],
    })
  },
})

function rowsOf(changed: readonly Change[]): string[] {
  if (changed.length === 0) return []
  const rows = changed.map(({ thread, kind, id, before, after }) => [
    thread,
    kind,
    `${wordOf(before.allow)} -> ${wordOf(after.allow)}`,
    (after.allow ? before : after).reasons.join('; '),
    id,
  ])
  return [table(['thread', 'kind', 'change', 'reasons', 'id'], rows)]
}

function wordOf(allow: boolean): string {
  return allow ? 'allow' : 'deny'
}
