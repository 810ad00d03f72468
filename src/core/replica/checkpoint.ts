import { readIndex, readVerdict, writeVerdict } from '../../codec/raft-frame/items.ts'
import { WireReader } from '../../codec/raft-frame/wire-reader.ts'
import { WireWriter } from '../../codec/raft-frame/wire-writer.ts'
import {
  assertGroupId,
  assertLogIndex,
  assertRaftId,
  type GroupId,
  type LogIndex,
  type Term,
} from '../../model/raft.ts'
import { type Rejection, reject } from '../../model/rejection.ts'
import { EFFECT_BYTES_MAX, TICKET_KEY_BYTES_MAX } from '../../model/replicated.ts'
import { ok, type Result } from '../../model/result.ts'
import type { Membership } from '../../ports/consensus-group.ts'
import type { Sha256 } from '../../ports/crypto.ts'
import type { StateMachine } from '../../ports/state-machine.ts'
import { decodeSealedLog, encodeSealedLog } from '../certificate/sealed-checkpoint.ts'
import type { SealedLog } from '../certificate/sealed-log.ts'
import type { Settled } from './outcomes.ts'
import { Outcomes } from './outcomes.ts'
import type { Replica } from './replica.ts'
import { keyBytes, keyText } from './step.ts'

const CHECKPOINT_VERSION = 2
const STATE_BYTES_MAX = 2 ** 31 - 1
const NO_SEALED_LOG = new Uint8Array(0)

/** A group that nothing was applied to yet. */
export function emptyReplica(
  machine: StateMachine,
  group: GroupId,
  generation: number,
  applied: LogIndex,
  appliedTerm: Term,
  membership: Membership,
  sealed?: SealedLog,
): Replica {
  return {
    group,
    generation,
    position: 0,
    applied,
    appliedTerm,
    membership,
    state: machine.empty(group),
    settled: new Outcomes(),
    outboxes: new Map(),
    inboxes: new Map(),
    promoting: new Map(),
    sealed,
  }
}

/** The replica but for applied index, term and membership, which stand beside it. The same bytes for the same state. */
export function encodeReplica(machine: StateMachine, replica: Replica): Uint8Array {
  const out = new WireWriter()
  out.u8(CHECKPOINT_VERSION)
  out.number(replica.generation)
  out.number(replica.position)
  out.number(replica.settled.floor)
  out.list(replica.settled.entries(), ([key, { position, index, verdict }]) => {
    out.bytes(keyBytes(key))
    out.number(position)
    out.number(index)
    writeVerdict(out, verdict)
  })
  out.list([...replica.outboxes], ([target, { answered, waiting }]) => {
    out.u32(target)
    out.number(answered)
    out.list(waiting, (body) => out.bytes(body))
  })
  out.list([...replica.inboxes], ([source, { received, first, answers }]) => {
    out.u32(source)
    out.number(received)
    out.number(first)
    out.list(answers, (verdict) => writeVerdict(out, verdict))
  })
  out.list([...replica.promoting], ([id, index]) => {
    out.number(id)
    out.number(index)
  })
  out.bytes(replica.sealed === undefined ? NO_SEALED_LOG : encodeSealedLog(replica.sealed))
  out.bytes(machine.encode(replica.state))
  return out.finish()
}

/** Rejects MALFORMED. `areChecked`: as `StateMachine.decode`. */
export function decodeReplica(
  machine: StateMachine,
  group: GroupId,
  bytes: Uint8Array,
  place: { readonly applied: LogIndex; readonly term: Term; readonly membership: Membership },
  sha256: Sha256,
  areChecked = false,
): Result<Replica, Rejection> {
  const from = new WireReader(bytes)
  const version = from.u8()
  const [generation, position] = [from.number(), from.number()]
  const settled = readOutcomes(from)
  const outboxes = from.list(16, () => {
    const target = assertGroupId(from.u32())
    const answered = from.number()
    return [target, { answered, waiting: from.list(4, () => from.bytes(EFFECT_BYTES_MAX).slice()) }] as const
  })
  const inboxes = from.list(24, () => {
    const source = assertGroupId(from.u32())
    const [received, first] = [from.number(), from.number()]
    return [source, { received, first, answers: from.list(5, () => readVerdict(from)) }] as const
  })
  const promoting = from.list(16, () => {
    const id = from.number()
    return [assertRaftId(Math.max(1, id)), assertLogIndex(from.number())] as const
  })
  const sealedBytes = from.bytes(STATE_BYTES_MAX)
  const state = from.bytes(STATE_BYTES_MAX)
  if (version !== CHECKPOINT_VERSION || !from.done)
    return reject('MALFORMED', 'not a checkpoint of this version')
  const decoded = machine.decode(group, state, areChecked)
  if (!decoded.ok) return decoded
  const sealed = sealedBytes.length === 0 ? ok(undefined) : decodeSealedLog(sealedBytes.slice(), sha256)
  if (!sealed.ok) return sealed
  if ((sealed.value?.tree.size ?? position) !== position) return reject('MALFORMED', 'a tree of another size')
  return ok({
    group,
    generation,
    position,
    applied: place.applied,
    appliedTerm: place.term,
    membership: place.membership,
    state: decoded.value,
    settled,
    outboxes: new Map(outboxes),
    inboxes: new Map(inboxes),
    promoting: new Map(promoting),
    sealed: sealed.value,
  })
}

function readOutcomes(from: WireReader): Outcomes {
  const outcomes = new Outcomes()
  outcomes.forgetBelow(from.number())
  const settled = from.list(25, () => {
    const key = keyText(from.bytes(TICKET_KEY_BYTES_MAX))
    const one: Settled = { position: from.number(), index: readIndex(from), verdict: readVerdict(from) }
    return [key, one] as const
  })
  for (const [key, one] of settled) outcomes.set(key, one)
  return outcomes
}

/** 32 bytes: of `hashState`, of where it stands in the log, and of the group's tree. */
export function hashReplica(machine: StateMachine, replica: Replica, sha256: Sha256): Uint8Array {
  const out = new WireWriter()
  out.number(replica.applied)
  out.number(replica.settled.size)
  out.number(replica.settled.floor)
  out.raw(replica.sealed === undefined ? NO_SEALED_LOG : replica.sealed.tree.root())
  out.raw(hashState(machine, replica, sha256))
  return sha256(out.finish())
}

/**
 * 32 bytes, which certificates name: of the machine's state and of the numbers of effects around it. It follows from
 * the applied items alone, whatever the entries that brought them.
 */
export function hashState(machine: StateMachine, replica: Replica, sha256: Sha256): Uint8Array {
  const out = new WireWriter()
  out.number(replica.generation)
  out.number(replica.position)
  out.list([...replica.outboxes], ([target, { answered, waiting }]) => {
    out.u32(target)
    out.number(answered)
    out.number(waiting.length)
  })
  out.list([...replica.inboxes], ([source, { received }]) => {
    out.u32(source)
    out.number(received)
  })
  out.raw(machine.hash(replica.state, sha256))
  return sha256(out.finish())
}
