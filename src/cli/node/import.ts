import { keepImported, networkOf, replayFile } from '../../node/record/replay.ts'
import { defineCommand } from '../command.ts'
import { EXIT } from '../exit.ts'
import { usageError } from '../failure.ts'
import { ProgressBar } from '../progress.ts'
import { report } from '../report.ts'
import { existingFile, storedNetwork } from './record-file.ts'
import { dataOf, isSound, notesOf, REPLAY_OPTIONS, requestOf, textOf } from './replay-report.ts'

export const importThread = defineCommand({
  path: 'import thread',
  about: 'Keep an export in a stored network, once it replays; its network must be that of the logs',
  examples: ['canswarm import thread thread.car --into logs'],
  arguments: [{ name: 'FILE', about: 'an export, CAR or JSONL' }],
  options: {
    into: { type: 'string', value: 'DIR', about: 'stored network of logs' },
    anchor: REPLAY_OPTIONS.anchor,
    allowUnchecked: REPLAY_OPTIONS.allowUnchecked,
  },
  async run(_context, [path], { into, anchor, allowUnchecked }) {
    if (into === undefined) throw usageError('say where to', 'add --into DIR')
    const network = networkOf(storedNetwork(into))
    const bar = new ProgressBar()
    const progress = (share: number, events: number) => bar.show(share, `${events} items`)
    const request = requestOf({ network: network.toString(), anchor, allowUnchecked })
    const replayed = await replayFile({ path: existingFile(path), progress, ...request })
    bar.end()
    const thread = replayed.root?.thread
    const isKept = thread !== undefined && isSound(replayed, false)
    const kept = isKept ? keepImported(into, thread, path) : null
    const text = kept === null ? textOf(replayed) : `thread  ${thread}\nkept    ${kept}`
    return report('canswarm.import.thread/1', { kept, ...dataOf(replayed) }, text, {
      exit: isKept ? EXIT.done : EXIT.mismatch,
      notes: notesOf(replayed, false),
    })
  },
})
