import { type ReadBody, type ReadContext, readBody } from '../../codec/envelope/read-body.ts'
import type { Head } from '../../codec/journal/line.ts'
import { FaultError } from '../../model/fault.ts'
import type { SaidMark, SaidStore } from '../../ports/said-store.ts'
import type { ShowFilter, ShownLine } from '../journal/show-journal.ts'
import { ownBodies } from './own-journal.ts'
import type { SaidKeeper } from './said-keeper.ts'

export interface RestoreSaid {
  readonly keeper: SaidKeeper
  readonly store: SaidStore
  readonly context: ReadContext
  /** The journal's lines; all that are written, up to `head` at least. */
  readonly lines: (filter: ShowFilter) => AsyncIterable<ShownLine>
  /** The last line that is on disk. */
  readonly head: Head
}

/** Of what became of older words nothing is known where the whole journal had to be read: then only these are sent again. */
const RESENT_MS = 60_000
/** Words after which the places are written, and those that are over let go, while a journal is read. */
const BATCH_WORDS = 4_096

/**
 * Brings a keeper up to its journal: what its store knows, and what lines after its mark say. A store of another journal (one
 * was restored from a backup, or the store is new) is emptied, and the whole journal read. Gives the words that matter, in
 * order. Faults `journal-damaged`, `journal-io`, `seq-used`, `store-io`.
 */
export async function restoreSaid(options: RestoreSaid): Promise<readonly ReadBody[]> {
  const { keeper, store, context, lines, head } = options
  const after = await linesAfter(lines, store.mark)
  const isOurs = after !== undefined
  if (!isOurs) store.clear()
  let words: ReadBody[] = []
  for (const { body, isCarried } of store.words()) {
    const read = readBody(body, context)
    if (!read.ok) throw new FaultError('store-io', 'a stored envelope of ours cannot be read')
    keeper.take(read.value, { isCarried })
    words.push(read.value)
  }
  let lastMs = 0
  for await (const read of ownBodies(after ?? lines({ kinds: ['envelope.out'] }), context)) {
    keeper.take(read)
    words.push(read)
    lastMs = Math.max(lastMs, read.body.ts)
    if (words.length % BATCH_WORDS !== 0) continue
    keeper.writePlaces()
    if (!isOurs) keeper.dropBefore(lastMs - RESENT_MS)
    words = words.filter(({ id }) => keeper.has(id))
  }
  if (!isOurs) keeper.dropBefore(lastMs - RESENT_MS)
  keeper.start(head)
  return words.filter(({ id }) => keeper.has(id))
}

/** The lines behind a mark; undefined where the journal has not that very line. */
async function linesAfter(
  lines: RestoreSaid['lines'],
  mark: SaidMark | undefined,
): Promise<AsyncIterable<ShownLine> | undefined> {
  if (mark === undefined) return undefined
  const from = lines({ from: mark.n })[Symbol.asyncIterator]()
  const first = await from.next()
  const isThere = first.done !== true && 'line' in first.value && first.value.line.chain === mark.chain
  if (isThere) return { [Symbol.asyncIterator]: () => from }
  await from.return?.()
  return undefined
}
