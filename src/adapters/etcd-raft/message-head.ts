import { assertLogIndex, assertRaftId, assertTerm } from '../../model/raft.ts'
import { type Rejection, reject } from '../../model/rejection.ts'
import { ok, type Result } from '../../model/result.ts'
import type { MessageHead, MessageType } from '../../ports/consensus-engine.ts'

/** The head of a message on the wire; the layout is in docs/engine.md, "Messages". */
const MESSAGE_VERSION = 1
const HEAD_BYTES = 60
const TWO_32 = 2 ** 32

/** raftpb's numbers of the messages that travel between replicas. */
const TYPES: ReadonlyMap<number, MessageType> = new Map([
  [2, 'propose'],
  [3, 'append'],
  [4, 'append-response'],
  [5, 'vote'],
  [6, 'vote-response'],
  [7, 'snapshot'],
  [8, 'heartbeat'],
  [9, 'heartbeat-response'],
  [14, 'timeout-now'],
  [15, 'read-index'],
  [16, 'read-index-response'],
  [17, 'pre-vote'],
  [18, 'pre-vote-response'],
])

const AT = { to: 8, from: 16, term: 24, logTerm: 32, index: 40, commit: 48, bodyBytes: 56 } as const

/**
 * Reads the head of a message. Rejects MALFORMED: another version, a type that does not travel, a length that
 * is not the one it has, numbers from 2^53 on, a replica 0.
 */
export function peekMessage(bytes: Uint8Array): Result<MessageHead, Rejection> {
  if (bytes.length < HEAD_BYTES || bytes[0] !== MESSAGE_VERSION || bytes[3] !== 0) {
    return reject('MALFORMED', `no raft message of version ${MESSAGE_VERSION}`)
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const type = TYPES.get(view.getUint8(1))
  if (type === undefined)
    return reject('MALFORMED', 'a message that does not travel between replicas', 'type')
  const flags = view.getUint8(2)
  if (flags > 1) return reject('MALFORMED', 'unknown flags', 'flags')
  if (view.getUint32(AT.bodyBytes, true) !== bytes.length - HEAD_BYTES) {
    return reject('MALFORMED', 'the message is not as long as its head says', 'bytes')
  }
  const number = (at: number): number => view.getUint32(at, true) + TWO_32 * view.getUint32(at + 4, true)
  const [to, from] = [number(AT.to), number(AT.from)]
  const others = [number(AT.term), number(AT.logTerm), number(AT.index), number(AT.commit)] as const
  if (to === 0 || from === 0 || ![to, from, ...others].every(Number.isSafeInteger)) {
    return reject('MALFORMED', 'replicas are numbered from 1 on, and nothing from 2^53 on')
  }
  const [term, logTerm, index, commit] = others
  return ok({
    type,
    to: assertRaftId(to),
    from: assertRaftId(from),
    term: assertTerm(term),
    logTerm: assertTerm(logTerm),
    index: assertLogIndex(index),
    commit: assertLogIndex(commit),
    reject: flags === 1,
    entries: view.getUint32(4, true),
    bytes: bytes.length,
  })
}
