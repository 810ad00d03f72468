import { type ReadBody, type ReadContext, readBody } from '../../codec/envelope/read-body.ts'
import { draftEnvelopeOut } from '../../codec/journal/drafts.ts'
import type { HashHex } from '../../codec/journal/kinds.ts'
import type { Head } from '../../codec/journal/line.ts'
import { FaultError } from '../../model/fault.ts'
import type { Sha256Hex } from '../../ports/crypto.ts'
import type { Journal } from '../journal/journal.ts'
import type { ShownLine } from '../journal/show-journal.ts'

/**
 * An author's `record` over a node's journal: resolves when the lines are on disk, sealed, and `onKept` was told, with the last
 * of them. Faults `journal-full` when there is no room, and as `Journal`; after either the lines may be written or not, so the
 * author must not go on.
 */
export function recordInJournal(
  journal: Pick<Journal, 'appendAll' | 'flush' | 'status'>,
  sha256Hex: Sha256Hex,
  onKept: (bodies: readonly ReadBody[], last: Head) => void = () => undefined,
) {
  return async (bodies: readonly ReadBody[], signature: Uint8Array): Promise<void> => {
    const lines = bodies.map(({ id, bytes, body: { thread } }) =>
      draftEnvelopeOut({ thread, id, hash: sha256Hex(bytes) as HashHex, body: bytes, signature }),
    )
    const isKept = journal.appendAll(lines) === lines.length
    const { head } = journal.status()
    if (!isKept || !(await journal.flush())) {
      throw new FaultError('journal-full', 'the disk has no room for the journal: nothing was said')
    }
    onKept(bodies, head)
  }
}

/**
 * What lines of a journal say was signed here, in order. Faults `journal-damaged` for an own line that cannot be
 * read: without it a seq could be used twice.
 */
export async function* ownBodies(
  lines: AsyncIterable<ShownLine>,
  context: ReadContext,
): AsyncGenerator<ReadBody> {
  for await (const shown of lines) {
    if ('fault' in shown) {
      throw new FaultError('journal-damaged', `line ${shown.lineOfSegment} of segment ${shown.segment}`)
    }
    const { line } = shown
    if (line.kind !== 'envelope.out') continue
    const { id, body } = line.data
    const read = body === undefined ? undefined : readBody(Uint8Array.fromBase64(body), context)
    if (read?.ok !== true) throw new FaultError('journal-damaged', `no body of ours: ${id}`)
    yield read.value
  }
}
