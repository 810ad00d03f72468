import { DefectError } from '../../model/fault.ts'
import { assertGroupId, assertLogIndex, assertTerm } from '../../model/raft.ts'
import type {
  CommittedEntry,
  GroupReady,
  GroupWants,
  OutgoingMessage,
  ReadyBatch,
} from '../../ports/consensus-engine.ts'
import {
  decodeChange,
  decodeEntry,
  decodeHardState,
  decodeRole,
  decodeSnapshot,
  decodeSomeReplica,
} from './decode-parts.ts'
import { READY_FLAG, READY_ITEM } from './frame-format.ts'
import type { FrameReader } from './frame-reader.ts'
import { peekMessage } from './message-head.ts'

/** The items of the answer to `ready`. */
export function decodeReadyBatch(from: FrameReader, items: number): ReadyBatch {
  const ready: GroupReady[] = []
  const wants: GroupWants[] = []
  const failed: { group: GroupReady['group']; detail: string }[] = []
  for (let left = items; left > 0; left--) {
    from.within(() => {
      const kind = from.u8()
      const group = assertGroupId(from.u32())
      if (kind === READY_ITEM.ready) ready.push(decodeReady(from, group))
      else if (kind === READY_ITEM.wants) wants.push(decodeWants(from, group))
      else failed.push({ group, detail: from.text() })
    })
  }
  return { ready, wants, failed }
}

function decodeReady(from: FrameReader, group: GroupReady['group']): GroupReady {
  const flags = from.u8()
  const has = (flag: number): boolean => (flags & flag) !== 0
  return {
    group,
    mustSync: has(READY_FLAG.mustSync),
    hardState: has(READY_FLAG.hardState) ? decodeHardState(from) : undefined,
    softState: has(READY_FLAG.softState)
      ? { leader: decodeSomeReplica(from), role: decodeRole(from) }
      : undefined,
    snapshot: has(READY_FLAG.snapshot) ? decodeSnapshot(from) : undefined,
    entries: from.list(() => decodeEntry(from)),
    messages: from.list(() => decodeMessage(from)),
    committed: from.list(() => decodeCommitted(from)),
    reads: from.list(() => ({ index: assertLogIndex(from.number()), context: from.bytes() })),
  }
}

function decodeMessage(from: FrameReader): OutgoingMessage {
  const waits = from.flag()
  const bytes = from.bytes()
  const head = peekMessage(bytes)
  if (!head.ok) throw new DefectError(`a message of the engine: ${head.error.message}`)
  return { head: head.value, bytes, waits }
}

function decodeCommitted(from: FrameReader): CommittedEntry {
  const index = assertLogIndex(from.number())
  const term = assertTerm(from.number())
  if (from.u8() === 1) return { kind: 'change', index, term, change: decodeChange(from) }
  const data = from.bytes()
  return data.length === 0 ? { kind: 'empty', index, term } : { kind: 'command', index, term, data }
}

function decodeWants(from: FrameReader, group: GroupWants['group']): GroupWants {
  return {
    group,
    snapshot: from.flag(),
    entriesFrom: from.list(() => assertLogIndex(from.number())),
  }
}
