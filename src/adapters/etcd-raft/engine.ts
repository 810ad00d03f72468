import { DefectError } from '../../model/fault.ts'
import type { GroupId, LogIndex, RaftId } from '../../model/raft.ts'
import { err, ok, type Result } from '../../model/result.ts'
import type {
  ConsensusEngine,
  GroupMessage,
  GroupStatus,
  JudgedChange,
  MembershipChange,
  Proposal,
  ReadyBatch,
  ReadyLimits,
  Refusal,
  Refused,
} from '../../ports/consensus-engine.ts'
import type { Entry, GroupSettings, Snapshot, StoredGroup } from '../../ports/consensus-group.ts'
import { decodeMembership, decodeName } from './decode-parts.ts'
import { decodeReadyBatch } from './decode-ready.ts'
import { decodeStatus } from './decode-status.ts'
import { encodeChange, encodeEntries, encodeSettings, encodeSnapshot, encodeStored } from './encode-parts.ts'
import {
  FRAME_DONE,
  FRAME_VERSION,
  isRefusal,
  OPERATION,
  type Operation,
  REASONS,
  type Reason,
} from './frame-format.ts'
import { FrameReader } from './frame-reader.ts'
import { FrameWriter } from './frame-writer.ts'
import { EngineInstance, type InstanceOptions } from './instance.ts'
import { peekMessage } from './message-head.ts'

const NONE: readonly Refused[] = []
const DONE = ok(undefined)

/** What the collector inside the engine knows. */
export interface EngineMemory {
  /** In use, as far as the last collection told. */
  readonly heapBytes: number
  /** Taken from the host. */
  readonly systemBytes: number
  readonly collections: number
}

/**
 * etcd-raft in WebAssembly behind the port. One instance holds many groups; what one call asks of all of them
 * crosses into it once, as one frame (docs/engine.md, "Frames").
 */
export class EtcdRaft implements ConsensusEngine {
  readonly #instance: EngineInstance
  readonly #out = new FrameWriter()

  /** Faults `engine-died` when the runtime inside does not start. */
  constructor(options: InstanceOptions) {
    this.#instance = new EngineInstance(options)
  }

  open(group: GroupId, settings: GroupSettings, stored: StoredGroup): Result<undefined, Refusal> {
    return this.#one(OPERATION.open, group, (out) => {
      encodeSettings(out, settings)
      encodeStored(out, stored)
    })
  }

  close(group: GroupId): void {
    this.#one(OPERATION.close, group) // what is not open is closed
  }

  tickMany(groups: readonly GroupId[]): readonly Refused[] {
    return this.#many(OPERATION.tick, groups, (out, group) => out.u32(group))
  }

  stepMany(messages: readonly GroupMessage[]): readonly Refused[] {
    return this.#many(OPERATION.step, messages, (out, { group, bytes }) => {
      out.u32(group)
      out.bytes(bytes)
    })
  }

  proposeMany(proposals: readonly Proposal[]): readonly Refused[] {
    return this.#many(OPERATION.propose, proposals, (out, { group, commands }) => {
      out.u32(group)
      out.u32(commands.length)
      for (const command of commands) out.bytes(command)
    })
  }

  proposeChange(group: GroupId, change: MembershipChange): Result<undefined, Refusal> {
    return this.#one(OPERATION.proposeChange, group, (out) => encodeChange(out, change))
  }

  transferLeadership(group: GroupId, to: RaftId): Result<undefined, Refusal> {
    return this.#one(OPERATION.transfer, group, (out) => out.number(to))
  }

  readIndex(group: GroupId, context: Uint8Array): Result<undefined, Refusal> {
    return this.#one(OPERATION.readIndex, group, (out) => out.bytes(context))
  }

  campaign(group: GroupId): Result<undefined, Refusal> {
    return this.#one(OPERATION.campaign, group)
  }

  forgetLeader(group: GroupId): Result<undefined, Refusal> {
    return this.#one(OPERATION.forgetLeader, group)
  }

  readyMany({ bytesMax, groupsMax }: ReadyLimits): ReadyBatch {
    this.#out.begin(OPERATION.ready)
    this.#out.item(() => {
      this.#out.u32(bytesMax)
      this.#out.u32(groupsMax)
    })
    const { from, items } = this.#answer(OPERATION.ready)
    return decodeReadyBatch(from, items)
  }

  applyChange(group: GroupId, index: LogIndex): Result<JudgedChange, Refusal> {
    return this.#judge(group, index, true)
  }

  passOverChange(group: GroupId, index: LogIndex): Result<JudgedChange, Refusal> {
    return this.#judge(group, index, false)
  }

  advanceMany(groups: readonly GroupId[]): readonly Refused[] {
    return this.#many(OPERATION.advance, groups, (out, group) => out.u32(group))
  }

  supplyEntries(group: GroupId, entries: readonly Entry[]): Result<undefined, Refusal> {
    return this.#one(OPERATION.supply, group, (out) => encodeEntries(out, entries))
  }

  offerSnapshot(group: GroupId, snapshot: Snapshot): Result<undefined, Refusal> {
    return this.#one(OPERATION.offer, group, (out) => encodeSnapshot(out, snapshot))
  }

  compact(group: GroupId, index: LogIndex): Result<undefined, Refusal> {
    return this.#one(OPERATION.compact, group, (out) => out.number(index))
  }

  reportUnreachable(group: GroupId, peer: RaftId): Result<undefined, Refusal> {
    return this.#one(OPERATION.unreachable, group, (out) => out.number(peer))
  }

  reportSnapshot(group: GroupId, peer: RaftId, delivered: boolean): Result<undefined, Refusal> {
    return this.#one(OPERATION.snapshotSent, group, (out) => {
      out.number(peer)
      out.flag(delivered)
    })
  }

  status(group: GroupId): Result<GroupStatus, Refusal> {
    return this.#value(OPERATION.status, (out) => out.u32(group), decodeStatus)
  }

  readonly peekMessage = peekMessage

  memoryBytes(): number {
    return this.#instance.memoryBytes()
  }

  /** Not of the port: the bytes of `memoryBytes` seen from inside. Stops nothing, takes some 20 µs. */
  memory(): EngineMemory {
    const read = this.#value(
      OPERATION.memory,
      () => undefined,
      (from) => ({ heapBytes: from.number(), systemBytes: from.number(), collections: from.u32() }),
    )
    if (!read.ok) throw new DefectError('the engine does not tell its memory')
    return read.value
  }

  #judge(group: GroupId, index: LogIndex, accept: boolean): Result<JudgedChange, Refusal> {
    return this.#value(
      OPERATION.judgeChange,
      (out) => {
        out.u32(group)
        out.number(index)
        out.flag(accept)
      },
      (from) => ({ applied: from.flag(), membership: decodeMembership(from), why: from.text() }),
    )
  }

  #one(
    operation: Operation,
    group: GroupId,
    write: (out: FrameWriter) => void = () => undefined,
  ): Result<undefined, Refusal> {
    const [refused] = this.#many(operation, [group], (out) => {
      out.u32(group)
      write(out)
    })
    return refused === undefined ? DONE : err({ reason: refused.reason, detail: refused.detail })
  }

  #many<Item>(
    operation: Operation,
    items: readonly Item[],
    write: (out: FrameWriter, item: Item) => void,
  ): readonly Refused[] {
    if (items.length === 0) return NONE
    this.#out.begin(operation)
    for (const item of items) this.#out.item(() => write(this.#out, item))
    const { from, items: told } = this.#answer(operation)
    if (told === 0) return NONE
    return Array.from({ length: told }, () =>
      from.within(() => ({ at: from.u32(), ...decodeRefusal(decodeName(REASONS, from.u8()), from) })),
    )
  }

  #value<Value>(
    operation: Operation,
    write: (out: FrameWriter) => void,
    read: (from: FrameReader) => Value,
  ): Result<Value, Refusal> {
    this.#out.begin(operation)
    this.#out.item(() => write(this.#out))
    const { from } = this.#answer(operation)
    return from.within(() => {
      from.u32() // the only item
      const reason = decodeName(REASONS, from.u8())
      return reason === 'done' ? ok(read(from)) : err(decodeRefusal(reason, from))
    })
  }

  /** Sends the frame that was written; the reader stands at the first item of the answer. */
  #answer(operation: Operation): { readonly from: FrameReader; readonly items: number } {
    const from = new FrameReader(this.#instance.call(this.#out.finish()))
    const [version, echo, status, zero] = [from.u8(), from.u8(), from.u8(), from.u8()]
    const items = from.u32()
    if (status !== FRAME_DONE) throw new DefectError(`the engine: ${from.within(() => from.text())}`)
    if (version !== FRAME_VERSION || echo !== operation || zero !== 0) {
      throw new DefectError('an answer of the engine to something else')
    }
    return { from, items }
  }
}

/** Reasons that say that the host broke the contract become a crash. */
function decodeRefusal(reason: Reason, from: FrameReader): Refusal {
  const detail = from.text()
  if (!isRefusal(reason))
    throw new DefectError(`the engine was used against its contract: ${reason}, ${detail}`)
  return { reason, detail }
}
