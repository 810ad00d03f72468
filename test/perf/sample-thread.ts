import { nodeCrypto } from '../../src/adapters/crypto/node-crypto.ts'
import { cidOf, envelopeIdOf } from '../../src/codec/cid.ts'
import { encodeDagCbor } from '../../src/codec/dag-cbor/encode.ts'
import { didOfKey } from '../../src/codec/did/did-key.ts'
import { THREAD_LIMITS } from '../../src/core/thread/limits.ts'
import { stepThread } from '../../src/core/thread/step.ts'
import { applyWrites, emptyThread, type ThreadMaps, threadView } from '../../src/core/thread/view.ts'
import type { EnvelopeHeader } from '../../src/model/envelope-header.ts'
import type { Did, EnvelopeId, Lamport, SecretKey, Seq, ThreadId } from '../../src/model/ids.ts'

const THREAD = 'mfrggzdfmztwq2lknnwg23tpobyxe43u' as ThreadId
const SENDERS = 8
/** Each envelope names its sender's last one and the last of two others. */
const OTHERS = [1, 3]

/** A lawful thread of eight senders who take turns, in causal order. */
export function sampleThread(count: number): readonly EnvelopeHeader[] {
  const senders = Array.from({ length: SENDERS }, (_, index) => senderOf(index))
  const last: (EnvelopeHeader | undefined)[] = []
  return Array.from({ length: count }, (_, index) => {
    const turn = index % SENDERS
    const named = [turn, ...OTHERS.map((step) => (turn + step) % SENDERS)]
      .map((at) => last[at])
      .filter((header) => header !== undefined)
    if (index > 0 && named.length === 0) named.push(last[0] as EnvelopeHeader)
    const header: EnvelopeHeader = {
      id: idOf(index),
      thread: THREAD,
      kind: index === 0 ? 'NEED' : 'UPDATE_PLAN',
      sender: senders[turn] as Did,
      seq: (Math.floor(index / SENDERS) + 1) as Seq,
      lamport: (1 + Math.max(0, ...named.map(({ lamport }) => lamport))) as Lamport,
      prev: named.map(({ id }) => id),
      opens: index === 0,
    }
    last[turn] = header
    return header
  })
}

/** The same headers, each window of so many in reverse: what comes too early is held back. */
export function reversedInWindows(
  headers: readonly EnvelopeHeader[],
  window: number,
): readonly EnvelopeHeader[] {
  return headers.map((_, index) => {
    const start = index - (index % window)
    const end = Math.min(start + window, headers.length)
    return headers[end - 1 - (index - start)] as EnvelopeHeader
  })
}

/** Throws unless all of them end up accepted: what is not folded is not measured. */
export function foldAll(headers: readonly EnvelopeHeader[]): ThreadMaps {
  const maps = emptyThread(THREAD)
  const limits = { ...THREAD_LIMITS, heldMax: 4_096, heldPerSenderMax: 1_024 }
  for (const header of headers) applyWrites(maps, stepThread(threadView(maps), header, limits).writes)
  if (maps.accepted.size !== headers.length)
    throw new Error(`${maps.accepted.size} of ${headers.length} accepted`)
  return maps
}

function senderOf(index: number): Did {
  return didOfKey(nodeCrypto.publicKeyOf(new Uint8Array(32).fill(index + 1) as SecretKey))
}

function idOf(index: number): EnvelopeId {
  return envelopeIdOf(cidOf(encodeDagCbor(index), nodeCrypto.sha256))
}
