/**
 * Which envelopes a thread can accept at all. Each rule reads the envelope and the envelopes that it names,
 * nothing else, so the answer is the same on every node and in every order of arrival.
 *
 * A sender's own previous envelope must itself be in `prev`. The specification counts it beside `prev`, but
 * then an envelope could be judged before its sender's previous one has arrived, and a sender with two
 * envelopes at one `seq` would have no *one* previous one: lawfulness would depend on what came first.
 *
 * 1. `prev`: at most 8 distinct ids, not its own; empty only where the envelope opens the thread, which 2 makes its `seq` 1.
 * 2. `seq` s > 1: exactly one of `prev` is the sender's, and it has s - 1. `seq` 1: none is the sender's.
 * 3. `lamport`: 1 + the highest of `prev` (0 for an opener), or up to 4,096 more.
 *
 * Source: protocol.md, "Envelope".
 */

import { PREV_MAX } from '../../codec/envelope/limits.ts'
import type { EnvelopeHeader } from '../../model/envelope-header.ts'
import type { EnvelopeId, ThreadId } from '../../model/ids.ts'
import { type Rejection, reject } from '../../model/rejection.ts'
import { LAMPORT_SLACK, type ThreadLimits } from './limits.ts'
import type { ThreadTables } from './view.ts'

/** The rows that the rules read; a view and a draft both have them. */
export interface LawRows {
  readonly accepted: Sized<ThreadTables['accepted']>
  readonly senders: Sized<ThreadTables['senders']>
}

interface Sized<Row extends readonly [unknown, unknown]> {
  readonly size: number
  get(key: Row[0]): Row[1] | undefined
}

/**
 * What the header alone decides; null: lawful so far. Any value of the header's types is judged, absurd ones too.
 * Rejects UNKNOWN_THREAD (foreign to this state), MALFORMED, BAD_LAMPORT.
 */
export function judgeAlone(thread: ThreadId, header: EnvelopeHeader): Rejection | null {
  if (header.thread !== thread) {
    return reject('UNKNOWN_THREAD', `${header.thread} is not ${thread}`, 'thread').error
  }
  if (header.id === '') return reject('MALFORMED', 'empty id', 'id').error
  if (header.sender === '') return reject('MALFORMED', 'empty sender', 'sender').error
  if (!Number.isSafeInteger(header.seq) || header.seq < 1) {
    return reject('MALFORMED', `seq is ${header.seq}, not an integer from 1 on`, 'seq').error
  }
  return judgePrevAlone(header) ?? judgeLamportAlone(header)
}

function judgePrevAlone({ id, prev, opens }: EnvelopeHeader): Rejection | null {
  if (prev.length > PREV_MAX) {
    return reject('MALFORMED', `prev has ${prev.length} ids, at most ${PREV_MAX}`, 'prev').error
  }
  if (prev.length === 0 && !opens) {
    return reject('MALFORMED', 'only what opens the thread has no prev', 'prev').error
  }
  for (const [at, named] of prev.entries()) {
    if (named === '' || named === id || prev.indexOf(named) !== at) {
      return reject('MALFORMED', 'prev names distinct other envelopes', `prev[${at}]`).error
    }
  }
  return null
}

/** `lamport` rises from one own envelope to the next and starts at 1 or more, so it is never below `seq`. */
function judgeLamportAlone({ seq, lamport }: EnvelopeHeader): Rejection | null {
  if (Number.isSafeInteger(lamport) && lamport >= seq) return null
  return reject('BAD_LAMPORT', `lamport ${lamport} with seq ${seq}`, 'lamport').error
}

/**
 * What the named envelopes decide, once all of them are accepted; null: lawful.
 * Rejects MALFORMED (own previous one), BAD_LAMPORT.
 */
export function judgeAmong(rows: LawRows, header: EnvelopeHeader): Rejection | null {
  let own = 0
  let ownMatches = true
  let highest = 0
  for (const id of header.prev) {
    const named = rows.accepted.get(id)
    if (named === undefined) return reject('MALFORMED', `${id} is not accepted`, 'prev').error
    highest = Math.max(highest, named.lamport)
    if (named.sender !== header.sender) continue
    own++
    ownMatches = named.seq === header.seq - 1
  }
  if (own !== (header.seq === 1 ? 0 : 1) || !ownMatches) {
    return reject('MALFORMED', `prev must name the sender's own seq ${header.seq - 1} and no other`, 'prev')
      .error
  }
  const ahead = header.lamport - highest // exact: both are safe integers from 0 on
  if (ahead >= 1 && ahead <= 1 + LAMPORT_SLACK) return null
  return reject('BAD_LAMPORT', `lamport ${header.lamport} after ${highest}`, 'lamport').error
}

/**
 * Whether there is room for one more accepted envelope; null: there is. Unlike the rules above this depends
 * on what came first: nodes agree below the limits only.
 *
 * Variants of a forked `seq` have no limit of their own. Two are proof enough, but an honest sender who saw a
 * third one first may have built on it, and refusing it would shut that sender out; so all are stored, out
 * of the forked sender's own share. At the limit further ones are OVER_CAP, long after the proof exists.
 */
export function judgeRoom(rows: LawRows, header: EnvelopeHeader, limits: ThreadLimits): Rejection | null {
  const sender = rows.senders.get(header.sender)
  if (header.seq > limits.envelopesPerSenderMax || (sender?.count ?? 0) >= limits.envelopesPerSenderMax) {
    return reject('OVER_CAP', `${limits.envelopesPerSenderMax} envelopes a sender`, 'seq').error
  }
  if (sender === undefined && rows.senders.size >= limits.sendersMax) {
    return reject('OVER_CAP', `${limits.sendersMax} senders a thread`, 'sender').error
  }
  if (rows.accepted.size >= limits.envelopesMax) {
    return reject('OVER_CAP', `${limits.envelopesMax} envelopes a thread`, 'thread').error
  }
  return null
}

/** Those of `prev` that are not accepted, in the order of `prev`. */
export function missingPrev(rows: Pick<LawRows, 'accepted'>, header: EnvelopeHeader): EnvelopeId[] {
  return header.prev.filter((id) => rows.accepted.get(id) === undefined)
}
