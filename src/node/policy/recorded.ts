import type { CID } from '../../codec/cid.ts'
import { policyInputOf } from '../../codec/envelope/policy-input.ts'
import { readBody } from '../../codec/envelope/read-body.ts'
import type { JournalKind } from '../../codec/journal/kinds.ts'
import type { JournalLine } from '../../codec/journal/line.ts'
import type { Recorded } from '../../core/policy/what-if.ts'
import type { EnvelopeId, ThreadId } from '../../model/ids.ts'
import { showHomeJournal } from '../node-journal.ts'
import { offline } from '../offline.ts'

/** What a journal says of the policies of its last threads. */
export interface RecordedThreads {
  readonly threads: readonly ThreadId[]
  /** In the order of the journal. */
  readonly recorded: readonly Recorded[]
  /** Envelopes whose body the journal did not keep, or that cannot be read any more. */
  readonly unreadable: number
}

const SEEN: readonly JournalKind[] = ['envelope.in', 'envelope.out']

/**
 * Every envelope of the last `count` threads of a home's journal, with what its gates decided of it: an envelope that
 * was refused by the policy was denied; one of which no gate speaks was allowed. Reads the journal twice, so that
 * no more than these threads is in memory. Faults `journal-io`.
 */
export async function recordedThreads(home: string, net: CID, count: number): Promise<RecordedThreads> {
  const threads = await lastThreads(home, count)
  const envelopes = new Map<EnvelopeId, Seen>()
  const decisions = new Map<string, { readonly allowed: boolean; readonly reasons: readonly string[] }>()
  for await (const line of linesOf(home, [...SEEN, 'policy'])) {
    if (line.thread === undefined || !threads.has(line.thread)) continue
    if (line.kind === 'policy') {
      const { id, decision, reasons } = line.data
      if (id !== undefined) decisions.set(id, { allowed: decision === 'allow', reasons: reasons ?? [] })
    } else if (line.kind === 'envelope.in' || line.kind === 'envelope.out') {
      envelopes.set(line.data.id as EnvelopeId, seenIn(line))
    }
  }
  const readable = Array.from(envelopes, ([id, seen]) => recordedOf(id, seen, net, decisions.get(id)))
  const recorded = readable.filter((one) => one !== undefined)
  return { threads: [...threads], recorded, unreadable: readable.length - recorded.length }
}

interface Seen {
  readonly thread: ThreadId
  readonly body: string | undefined
  readonly deniedThen: boolean
}

function seenIn(line: JournalLine & { readonly kind: 'envelope.in' | 'envelope.out' }): Seen {
  const refused = line.kind === 'envelope.in' ? line.data.refused : undefined
  const deniedThen = refused === 'POLICY_DENIED' || refused === 'GAS_EXCEEDED'
  return { thread: line.thread as ThreadId, body: line.data.body, deniedThen }
}

/** Threads by the line that spoke of them last. */
async function lastThreads(home: string, count: number): Promise<ReadonlySet<ThreadId>> {
  const threads = new Set<ThreadId>()
  for await (const { thread } of linesOf(home, SEEN)) {
    if (thread === undefined) continue
    threads.delete(thread)
    threads.add(thread)
  }
  return new Set([...threads].slice(-count))
}

async function* linesOf(home: string, kinds: readonly JournalKind[]): AsyncGenerator<JournalLine> {
  for await (const shown of showHomeJournal(home, { kinds })) if ('line' in shown) yield shown.line
}

function recordedOf(
  id: EnvelopeId,
  { thread, body, deniedThen }: Seen,
  net: CID,
  decision: { readonly allowed: boolean; readonly reasons: readonly string[] } | undefined,
): Recorded | undefined {
  if (body === undefined) return undefined
  const bytes = Uint8Array.fromBase64(body)
  const read = readBody(bytes, { net, sha256: offline.crypto.sha256 })
  if (!read.ok) return undefined
  const allowed = decision?.allowed ?? !deniedThen
  const input = policyInputOf(bytes)
  return { thread, id, kind: read.value.body.kind, input, allowed, reasons: decision?.reasons ?? [] }
}
