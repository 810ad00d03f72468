import { placeText } from '../../codec/bundle/raw-block.ts'
import { timelineOf } from '../../node/record/timeline.ts'
import { defineCommand } from '../command.ts'
import { unwrap } from '../failure.ts'
import { type Listing, listing } from '../report.ts'
import { existingFile } from './record-file.ts'

export const threadShow = defineCommand({
  path: 'thread show',
  about: "Tell a thread's file as a timeline: what happened, who, how much; replay is what checks it",
  examples: ['canswarm thread show thread.car', 'canswarm thread show thread.jsonl --json'],
  arguments: [{ name: 'FILE', about: 'an export, CAR or JSONL' }],
  options: {},
  async run(_context, [path]) {
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
