import type { Retention } from '../../ports/content-store.ts'
import { defineCommand } from '../command.ts'
import { usageError } from '../failure.ts'
import { report } from '../report.ts'
import { fields } from '../table.ts'
import { withContent } from './remote-content.ts'

const DAY_MS = 86_400_000
const DAYS = 7

export const casGc = defineCommand({
  path: 'cas gc',
  about: 'Remove content that nobody pins after its retention, and blocks that nothing refers to',
  examples: [
    'canswarm cas gc',
    'canswarm cas gc --keep recent --days 0',
    'canswarm cas gc --keep size --bytes 1000000000',
  ],
  arguments: [],
  options: {
    keep: {
      type: 'string',
      choices: ['all', 'recent', 'size'],
      about: 'which of what nobody pins: all of it, the recent (the default), or the youngest up to a size',
    },
    days: { type: 'integer', value: 'N', about: `with recent: how many days are recent (${DAYS})` },
    bytes: { type: 'integer', value: 'N', about: 'with size: bytes of all blocks together' },
  },
  async run(context, _args, { keep, days, bytes }) {
    const removed = await withContent(context, (store) => store.gc(retentionOf(keep, days, bytes)))
    const rows: [string, string][] = [
      ['contents', String(removed.contents)],
      ['blocks', String(removed.blocks)],
      ['bytes', String(removed.bytes)],
    ]
    return report('canswarm.cas.gc/1', { ...removed }, fields(rows))
  },
})

function retentionOf(
  keep: string | undefined,
  days: number | undefined,
  bytes: number | undefined,
): Retention {
  if (keep === 'all') return { keep: 'all' }
  if (keep !== 'size') return { keep: 'recent', ms: Math.max(0, days ?? DAYS) * DAY_MS }
  if (bytes === undefined || bytes < 0) throw usageError('say how much is kept', 'add --bytes N')
  return { keep: 'size', bytesMax: bytes }
}
