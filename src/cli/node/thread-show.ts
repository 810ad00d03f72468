import { existsSync } from 'node:fs'
import { placeText } from '../../codec/bundle/raw-block.ts'
import { timelineOf } from '../../node/record/timeline.ts'
import { defineCommand } from '../command.ts'
import { threadOfNode } from '../commands/thread.ts'
import { nodeOf } from '../daemon.ts'
import { unwrap } from '../failure.ts'
import { type Listing, listing } from '../report.ts'
import { existingFile } from './record-file.ts'

const THREAD_ID = /^[a-z2-7]{32}$/

export const threadShow = defineCommand({
  path: 'thread show',
  about:
    "Tell a thread as the running node has it, or a thread's file as a timeline; replay is what checks it",
  examples: [
    'canswarm thread show mf2…',
    'canswarm thread show thread.car',
    'canswarm thread show thread.jsonl --json',
  ],
  arguments: [{ name: 'THREAD', about: 'id of the thread, or a file: an export, CAR or JSONL' }],
  options: {},
  async run(context, [path]) {
    if (THREAD_ID.test(path) && !existsSync(path)) return await threadOfNode(nodeOf(context), path)
    return listing('canswarm.thread.show/1', rowsOf(existingFile(path)))
  },
})

async function* rowsOf(path: string): Listing['rows'] {
  for (const read of timelineOf(path)) {
    if ('rejection' in read) {
      unwrap({ ok: false, error: read.rejection }, placeText(read.place))
      return
    }
    const { place, where, what, slot, need, who, detail } = read.happening
    const at = slot === undefined ? '' : `slot ${slot}`
    const place1 = where === 'hub' ? 'hub' : `bucket ${where}`
    const names = who.map((did) => `…${did.slice(-8)}`).join(' ')
    const text = [at.padEnd(10), place1.padEnd(10), what.padEnd(14), names.padEnd(10), detail.join('; ')]
      .join('  ')
      .trimEnd()
    const data = { place: placeText(place), where, what, slot: slot ?? null, need: need ?? null, who, detail }
    yield { data, text }
  }
}
