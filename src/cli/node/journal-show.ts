import { isJournalKind, JOURNAL_KIND } from '../../codec/journal/kinds.ts'
import type { ThreadId } from '../../model/ids.ts'
import { SHOW_LAST_MAX, type ShowFilter, type ShownLine, showHomeJournal } from '../../node/node-journal.ts'
import { defineCommand } from '../command.ts'
import { usageError } from '../failure.ts'
import { type Listing, listing } from '../report.ts'

export const journalShow = defineCommand({
  path: 'journal show',
  about: "Show lines of this home's journal: what the node saw and did",
  examples: ['canswarm journal show --last 20', 'canswarm journal show --thread mf2…  --json'],
  arguments: [],
  options: {
    thread: { type: 'string', value: 'ID', about: 'only lines of this thread' },
    kind: {
      type: 'string',
      value: 'KIND',
      about: 'only lines of this kind',
      choices: Object.keys(JOURNAL_KIND),
    },
    from: { type: 'integer', value: 'N', about: 'from line N on' },
    to: { type: 'integer', value: 'N', about: 'up to line N' },
    since: { type: 'string', value: 'TIME', about: 'from this time on, as in 2026-01-31T12:00:00Z' },
    until: { type: 'string', value: 'TIME', about: 'before this time' },
    last: { type: 'integer', value: 'N', about: `only the last N of them (at most ${SHOW_LAST_MAX})` },
  },
  async run({ home }, _args, { thread, kind, from, to, since, until, last }) {
    const filter: ShowFilter = {
      ...(thread !== undefined && { thread: thread as ThreadId }),
      ...(kind !== undefined && isJournalKind(kind) && { kinds: [kind] }),
      ...(from !== undefined && { from }),
      ...(to !== undefined && { to }),
      ...(since !== undefined && { since: nanosecondsOf(since) }),
      ...(until !== undefined && { until: nanosecondsOf(until) }),
      ...(last !== undefined && { last }),
    }
    return listing('canswarm.journal.show/1', rowsOf(showHomeJournal(home, filter)))
  },
})

async function* rowsOf(lines: AsyncIterable<ShownLine>): Listing['rows'] {
  for await (const shown of lines) {
    if ('fault' in shown) {
      const { segment, lineOfSegment, fault } = shown
      const text = `segment ${segment}, line ${lineOfSegment}: ${fault.reason}: ${fault.message}`
      yield { data: { segment, line_of_segment: lineOfSegment, fault }, text }
      continue
    }
    const { n, ts, kind, thread, hash, data, chain } = shown.line
    const text = `${String(n).padStart(6)}  ${timeOf(ts)}  ${kind.padEnd(12)}  ${thread ?? '-'}  ${brief(data)}`
    yield { data: { segment: shown.segment, n, ts, kind, thread, hash, data, chain }, text }
  }
}

/** The data without the long texts that only machines read. */
function brief(data: object): string {
  const parts = Object.entries(data).map(([name, value]) => {
    const text = typeof value === 'string' ? value : JSON.stringify(value)
    return `${name}=${text.length > BRIEF_CHARS_MAX ? `(${text.length} characters)` : text}`
  })
  return parts.join(' ')
}

/** A DID, a CID or a hash is shown whole. */
const BRIEF_CHARS_MAX = 80

function timeOf(ns: string): string {
  return new Date(Number(BigInt(ns) / 1_000_000n)).toISOString()
}

function nanosecondsOf(text: string): bigint {
  const ms = Date.parse(text)
  if (Number.isNaN(ms)) throw usageError(`${text} is not a time`, 'write it as 2026-01-31T12:00:00Z')
  return BigInt(ms) * 1_000_000n
}
