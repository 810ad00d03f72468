import { networkOf } from '../../node/network.ts'
import { replayFile } from '../../node/record/replay.ts'
import { defineCommand } from '../command.ts'
import { EXIT } from '../exit.ts'
import { ProgressBar } from '../progress.ts'
import { report } from '../report.ts'
import { existingFile } from './record-file.ts'
import { dataOf, isSound, notesOf, REPLAY_OPTIONS, requestOf, textOf } from './replay-report.ts'

export const replayCommand = defineCommand({
  path: 'replay',
  about: 'Check a thread offline: every rule again over its file; exit code 6 where anything is otherwise',
  examples: [
    'canswarm replay thread.car',
    'canswarm replay thread.car --network bafyrei…',
    'canswarm replay thread.jsonl --trust-file --allow-unchecked tasks --json',
  ],
  arguments: [{ name: 'FILE', about: 'an export, CAR or JSONL' }],
  options: {
    ...REPLAY_OPTIONS,
    parallel: { type: 'boolean', about: 'all cores judge signatures and do buckets' },
    cas: {
      type: 'string',
      value: 'DIR',
      about: 'modules and inputs of tasks that the file has not, each under its CID',
    },
  },
  async run(context, [path], options) {
    const network = options.network ?? (options.trustFile ? undefined : networkOf(context.home)?.toString())
    const bar = new ProgressBar()
    const progress = (share: number, events: number) => bar.show(share, `${events} items`)
    const replayed = await replayFile({
      path: existingFile(path),
      progress,
      parallel: options.parallel,
      ...(options.cas === undefined ? {} : { cas: options.cas }),
      ...requestOf({ ...options, network }),
    })
    bar.end()
    return report('canswarm.replay/1', dataOf(replayed), textOf(replayed), {
      exit: isSound(replayed, options.trustFile) ? EXIT.done : EXIT.mismatch,
      notes: notesOf(replayed, options.trustFile),
    })
  },
})
