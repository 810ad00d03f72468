import { LEAF_OUTPUTS_MAX, type Output } from '../../codec/certificate/leaf.ts'
import { assert } from '../../model/fault.ts'
import type { GroupId, LogIndex } from '../../model/raft.ts'
import type { EntryItem, Verdict } from '../../model/replicated.ts'
import type { Sha256 } from '../../ports/crypto.ts'
import type { StateMachine } from '../../ports/state-machine.ts'
import {
  appendItem,
  isRelistDue,
  outputKey,
  release,
  relist,
  type SealedLog,
} from '../certificate/sealed-log.ts'
import { hashVerdict, type ProofCheck } from './proof-check.ts'
import type { Replica } from './replica.ts'
import { type CountedStep, type ReplicaWrite, stepsOf } from './step.ts'
import { countItem, writeReplica } from './write.ts'

/** What an item is applied with. */
export interface ApplyContext {
  readonly machine: StateMachine
  readonly proofs: ProofCheck
  readonly sha256: Sha256
  /** For whoever keeps the log. The item is there where the machine had a say. Bytes are valid during the call. */
  readonly onLeaf?: ((leaf: Uint8Array, item: Uint8Array | undefined) => void) | undefined
}

/** What its proposer learns of a command; a repetition is told where it stood first. */
export interface SettledItem {
  readonly key: string
  /** Undefined: its ticket is too old to tell. */
  readonly verdict: Verdict | undefined
}

/**
 * Takes an item into the replica, step by step: what a step wrote, then its leaf in the group's tree, then the count. A
 * command is one leaf, a batch one for each effect or answer that was new: a leaf shows nothing of others. Pure but for
 * the replica. Source: raft-host-catalogue A1, A3; consensus.md, "Certificates".
 */
export function applyItem(
  context: ApplyContext,
  replica: Replica,
  item: EntryItem,
  index: LogIndex,
): SettledItem | undefined {
  const { machine, proofs, sha256 } = context
  const { sealed } = replica
  const isOfMachine = item.kind === 'command' || item.kind === 'effects'
  let settled: SettledItem | undefined
  for (const take of stepsOf(machine, item, proofs)) {
    const step = take(replica, index)
    const made = sealed && step.writes.flatMap((write) => outputsOf(replica, write, sha256))
    writeReplica(machine, replica, step.writes)
    settled = step.settled ?? settled
    if (step.counted === undefined) continue
    if (made !== undefined && sealed !== undefined) {
      const bytes = step.counted.item()
      const outputs = [...made, ...acksOf(sealed, replica, step.writes)]
      const leaf = addLeaf(sealed, step.counted, bytes, outputs, { isOfHost: !isOfMachine }, sha256)
      context.onLeaf?.(leaf, isOfMachine ? bytes : undefined)
    }
    countItem(replica)
    if (sealed !== undefined) relistAll(sealed, replica, context)
  }
  return settled
}

function relistAll(sealed: SealedLog, replica: Replica, { sha256, onLeaf }: ApplyContext): void {
  while (isRelistDue(sealed)) {
    const leaf = relist(sealed, sha256)
    onLeaf?.(leaf, undefined)
    countItem(replica)
  }
}

function addLeaf(
  sealed: SealedLog,
  { applied, marks, subject }: CountedStep,
  item: Uint8Array,
  outputs: readonly Output[],
  { isOfHost }: { readonly isOfHost: boolean },
  sha256: Sha256,
): Uint8Array {
  assert(outputs.length <= LEAF_OUTPUTS_MAX, 'more outputs than a leaf can have')
  const leaf = { item: sha256(item), applied, outputs }
  return appendItem(
    sealed,
    subject === undefined ? leaf : { ...leaf, subject },
    { ...marks, isOfHost },
    sha256,
  )
}

/** What a write does for other groups, before it is written. */
function outputsOf(replica: Replica, write: ReplicaWrite, sha256: Sha256): readonly Output[] {
  if (write.kind === 'receive') {
    const number = (replica.inboxes.get(write.source)?.received ?? 0) + 1
    return [{ kind: 'answer', group: write.source, number, hash: hashVerdict(write.verdict, sha256) }]
  }
  if (write.kind !== 'send') return []
  const last = new Map<GroupId, number>()
  return write.effects.map(({ target, body }) => {
    const outbox = replica.outboxes.get(target)
    const number = (last.get(target) ?? (outbox?.answered ?? 0) + (outbox?.waiting.length ?? 0)) + 1
    last.set(target, number)
    return { kind: 'effect', group: target, number, hash: sha256(body) }
  })
}

/** While effects wait for a group, the newest leaf that concerns it says which of its answers are here. */
function acksOf(sealed: SealedLog, replica: Replica, writes: readonly ReplicaWrite[]): readonly Output[] {
  const touched = new Set(writes.flatMap(groupsOf))
  return [...touched].flatMap((group): readonly Output[] => {
    const outbox = replica.outboxes.get(group)
    const ack = { kind: 'ack', group, number: outbox?.answered ?? 0 } as const
    if (outbox !== undefined && outbox.waiting.length > 0 && ack.number > 0) return [ack]
    release(sealed, outputKey(ack))
    return []
  })
}

/** Groups for whom effects were made, or whose answers came. */
function groupsOf(write: ReplicaWrite): readonly GroupId[] {
  if (write.kind === 'answered') return [write.target]
  return write.kind === 'send' ? write.effects.map(({ target }) => target) : []
}
