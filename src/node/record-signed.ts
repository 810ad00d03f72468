import { openHomeLock } from '../adapters/home-lock/home-lock.ts'
import { decodeDagCbor } from '../codec/dag-cbor/decode.ts'
import type { ReadBody } from '../codec/envelope/read-body.ts'
import { draftEnvelopeOut } from '../codec/journal/drafts.ts'
import type { HashHex } from '../codec/journal/kinds.ts'
import { FaultError } from '../model/fault.ts'
import { type NodeJournalOptions, openNodeJournal, showHomeJournal } from './node-journal.ts'
import { offline } from './offline.ts'

/**
 * Keeps envelopes in the home's journal before anybody else sees them, so that after a crash no `seq` is used
 * twice. Faults `seq-used` when the journal holds another body with one of these (thread, sender, seq),
 * `home-locked`, and as `openJournal`. Source: protocol.md, "Envelope".
 */
export async function recordSigned(
  options: Omit<NodeJournalOptions, 'onFault'>,
  envelopes: readonly ReadBody[],
  signature: Uint8Array,
): Promise<void> {
  const lock = openHomeLock(options.home)
  try {
    await refuseUsed(options.home, envelopes)
    await append(options, envelopes, signature)
  } finally {
    lock.release()
  }
}

async function append(
  options: Omit<NodeJournalOptions, 'onFault'>,
  envelopes: readonly ReadBody[],
  signature: Uint8Array,
): Promise<void> {
  // A fault ends the journal, and with it the flush below, which throws it.
  const { journal } = await openNodeJournal({ ...options, onFault: () => {} })
  try {
    journal.appendAll(envelopes.map((one) => draftEnvelopeOut(seen(one, signature))))
    if (!(await journal.flush()))
      throw new FaultError('journal-full', 'the disk has no room for the journal: nothing was signed')
  } finally {
    await journal.close()
  }
}

function seen({ id, bytes, body: { thread } }: ReadBody, signature: Uint8Array) {
  const hash = offline.crypto.sha256Hex(bytes) as HashHex
  return { thread, id, hash, body: bytes, signature }
}

async function refuseUsed(home: string, envelopes: readonly ReadBody[]): Promise<void> {
  const wanted = new Map(envelopes.map(({ id, body }) => [placeOf(body), id]))
  for (const thread of new Set(envelopes.map(({ body }) => body.thread))) {
    for await (const shown of showHomeJournal(home, { thread, kinds: ['envelope.out'] })) {
      if ('fault' in shown || shown.line.kind !== 'envelope.out') continue
      const { id, body } = shown.line.data
      const used = body === undefined ? undefined : placeIn(Uint8Array.fromBase64(body))
      const again = used === undefined ? undefined : wanted.get(used)
      if (again === undefined || again === id) continue
      throw new FaultError(
        'seq-used',
        `this home has signed another envelope with this seq in thread ${thread}: ${id}`,
      )
    }
  }
}

function placeOf({ thread, sender, seq }: { thread: string; sender: string; seq: number }): string {
  return `${thread} ${sender} ${seq}`
}

function placeIn(bytes: Uint8Array): string | undefined {
  const decoded = decodeDagCbor(bytes)
  if (!decoded.ok) return undefined
  const { thread, sender, seq } = decoded.value as { thread: string; sender: string; seq: number }
  return placeOf({ thread, sender, seq })
}
