import type { Certificate } from '../../codec/certificate/certificate.ts'
import { decodeEntry } from '../../codec/raft-frame/entry.ts'
import { makeHead, type OwnLink, openLinks } from '../../core/certificate/sealed-log.ts'
import { changeMembers, namesMembers } from '../../core/replica/apply-change.ts'
import { type ApplyContext, applyItem } from '../../core/replica/apply-item.ts'
import { hashReplica, hashState } from '../../core/replica/checkpoint.ts'
import type { Replica } from '../../core/replica/replica.ts'
import { keyText, stepsOf } from '../../core/replica/step.ts'
import { writeReplica } from '../../core/replica/write.ts'
import { assert } from '../../model/fault.ts'
import type { LogIndex, RaftId } from '../../model/raft.ts'
import type { EntryItem } from '../../model/replicated.ts'
import type { CommittedEntry } from '../../ports/consensus-engine.ts'
import type { Exchange } from './exchange.ts'
import { type HostCore, halt } from './host-core.ts'
import { type HostedGroup, membersOf } from './hosted-group.ts'
import { isPromotion, namesIn } from './membership.ts'
import type { Proposals } from './proposals.ts'

const HASHES_KEPT = 8

type Out = NonNullable<HostedGroup['out']>

/**
 * Takes the entries of a stable ready into the state in memory, in order, once.
 * Source: raft-host-catalogue A1 to A6.
 */
export class Applying {
  readonly #core: HostCore
  readonly #proposals: Proposals
  readonly #exchange: Exchange

  constructor(core: HostCore, proposals: Proposals, exchange: Exchange) {
    this.#core = core
    this.#proposals = proposals
    this.#exchange = exchange
  }

  /** Goes on with a group until its ready is done (true) or nothing is left of the budget. */
  go(group: HostedGroup, budget: { items: number; readonly isOver: () => boolean }): boolean {
    const { out } = group
    if (out === undefined) return false
    out.isHeld = out.ready.committed.length > out.at && !this.#core.mayApply(group.id)
    if (out.isHeld) return false
    while (out.at < out.ready.committed.length) {
      if (budget.items <= 0 || budget.isOver()) return false
      const entry = out.ready.committed[out.at] as CommittedEntry
      const isDone = this.#guarded(group, entry, () => this.#entry(group, entry, budget))
      if (group.condition === 'halted') return false
      if (!isDone) return false
      out.at++
      this.#core.onApplied({
        group: group.id,
        index: entry.index,
        term: entry.term,
        data: entry.kind === 'command' ? entry.data : undefined,
      })
      for (const { key, verdict, index } of out.settled.splice(0))
        this.#proposals.settle(group, key, verdict, index)
    }
    return true
  }

  /** What a replica says that its state was at an index. */
  hearHash(group: HostedGroup, from: RaftId, index: LogIndex, hash: string): void {
    const { self } = this.#core
    const known = group.hashes.get(index) ?? new Map<RaftId, string>()
    group.hashes.set(index, known.set(from, hash))
    for (const old of group.hashes.keys()) if (group.hashes.size > HASHES_KEPT) group.hashes.delete(old)
    const mine = known.get(self)
    if (mine === undefined || group.replica === undefined || group.condition !== 'running') return
    const { voters } = group.replica.membership
    const others = voters.filter((voter) => voter !== self && (known.get(voter) ?? mine) !== mine)
    const agree = (text: string): number => voters.filter((voter) => known.get(voter) === text).length
    const majority = others.find((voter) => agree(known.get(voter) as string) * 2 > voters.length)
    if (majority !== undefined) {
      halt(this.#core, group, `the state at entry ${index} is not that of the majority`)
      this.#proposals.abandon(group)
    }
  }

  /** A throw of the machine, or of ours, is a defect: this group stops at this entry and does not skip it (A4). */
  #guarded(group: HostedGroup, entry: CommittedEntry, act: () => boolean): boolean {
    try {
      return act()
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error)
      halt(this.#core, group, `entry ${entry.index} of term ${entry.term} cannot be applied: ${detail}`)
      this.#proposals.abandon(group)
      return false
    }
  }

  #entry(group: HostedGroup, entry: CommittedEntry, budget: { items: number }): boolean {
    const { replica, out } = group
    const { mutant } = this.#core
    assert(replica !== undefined && out !== undefined, 'entries of a group without a state')
    assert(entry.index === replica.applied + 1, `entry ${entry.index} after ${replica.applied}`)
    if (entry.kind === 'command' && !(mutant === 'skip-entry' && entry.index % 13 === 0)) {
      out.items ??= this.#itemsOf(entry.data)
      while (out.item < out.items.length && budget.items > 0) {
        out.isHeld = !isReady(group, out.items[out.item] as EntryItem)
        if (out.isHeld) return false
        budget.items--
        this.#item(group, replica, out, out.items[out.item] as EntryItem, entry.index)
        out.item++
      }
      if (out.item < out.items.length) return false
      if (mutant === 'apply-twice' && entry.index % 11 === 0) {
        for (const item of out.items) this.#again(group, replica, item, entry.index)
      }
    } else if (entry.kind === 'change') {
      this.#change(group, replica, entry)
    }
    out.item = 0
    out.items = undefined
    this.#moved(group, replica, entry)
    return true
  }

  #itemsOf(data: Uint8Array): readonly EntryItem[] {
    const items = decodeEntry(data)
    // Only what a host encoded is ever proposed, but a lying leader may append anything: it means nothing.
    return items.ok ? items.value : []
  }

  #item(group: HostedGroup, replica: Replica, out: Out, item: EntryItem, index: LogIndex): void {
    const { sha256, proofs } = this.#core
    const onLeaf = this.#core.onLeaf && this.#noteLeaf(group, replica)
    if (this.#core.mutant === 'floor-not-raised' && item.kind === 'forget')
      return forgetAll(replica, item.below)
    const open = item.kind === 'cert' && replica.sealed !== undefined ? openLinks(replica.sealed) : []
    const settled = applyItem({ machine: group.machine, proofs, sha256, onLeaf }, replica, item, index)
    if (settled !== undefined) {
      const at = replica.settled.get(settled.key)?.index ?? index
      out.settled.push({ ...settled, index: at })
    }
    if (this.#core.mutant === 'forget-settled') forgetAll(replica, replica.position)
    if (this.#core.mutant === 'effect-twice' && item.kind === 'effects') {
      for (const inbox of replica.inboxes.values()) inbox.received = Math.max(0, inbox.received - 1)
    }
    if (this.#core.mutant === 'effect-skip' && item.kind === 'effects' && index % 3 === 0) {
      for (const inbox of replica.inboxes.values()) {
        inbox.received++
        inbox.answers.push({ kind: 'applied', result: new Uint8Array(0) })
      }
    }
    if (item.kind === 'effects') this.#exchange.applied(group, item.batch.source, item.batch.first)
    for (const certificate of recordedSince(open, replica))
      this.#core.onSeal({ kind: 'change-recorded', certificate })
  }

  #noteLeaf({ id }: HostedGroup, replica: Replica): ApplyContext['onLeaf'] {
    const { onLeaf } = this.#core
    return (leaf, item) => {
      const kind = item === undefined ? 'passed' : 'item'
      onLeaf?.({ group: id, number: replica.position, kind, leaf, item })
    }
  }

  #again(group: HostedGroup, replica: Replica, item: EntryItem, index: LogIndex): void {
    if (item.kind === 'command') replica.settled.delete(keyText(item.ticket.key))
    for (const step of stepsOf(group.machine, item, this.#core.proofs)) {
      writeReplica(group.machine, replica, step(replica, index).writes)
    }
  }

  #change(group: HostedGroup, replica: Replica, entry: CommittedEntry & { kind: 'change' }): void {
    const { engine, sha256, mutant } = this.#core
    const names = namesIn(entry.change.context)
    const added = entry.change.parts.filter(({ kind }) => kind !== 'remove').map(({ id }) => id)
    const judged = namesMembers(replica, added, names)
      ? engine.applyChange(group.id, entry.index)
      : engine.passOverChange(group.id, entry.index)
    if (!judged.ok) return // the group panicked, which readyMany or advance tells
    if (mutant !== 'membership-not-kept') {
      const leaf = changeMembers(replica, judged.value.membership, names, sha256)
      if (leaf !== undefined) {
        this.#core.onLeaf?.({
          group: group.id,
          number: replica.position - 1,
          kind: 'voters',
          leaf,
          item: undefined,
        })
      }
    }
    if (!judged.value.applied) return
    for (const { kind, id } of entry.change.parts) {
      if (kind === 'add-learner' && isPromotion(entry.change.context)) replica.promoting.set(id, entry.index)
      if (kind === 'add-voter' || kind === 'remove') replica.promoting.delete(id)
    }
  }

  #moved(group: HostedGroup, replica: Replica, entry: CommittedEntry): void {
    replica.applied = entry.index
    replica.appliedTerm = entry.term
    group.sinceCheckpoint.entries++
    group.sinceCheckpoint.bytes += entry.kind === 'command' ? entry.data.length : 0
    const { self, sha256, settings, outgoing } = this.#core
    const { sealed } = replica
    if (sealed !== undefined) makeHead(sealed, () => hashState(group.machine, replica, sha256))
    if (settings.hashEvery === 0 || entry.index % settings.hashEvery !== 0) return
    const hash = hashReplica(group.machine, replica, sha256)
    for (const peer of membersOf(replica)) {
      if (peer !== self) outgoing.add(peer, { kind: 'state-hash', group: group.id, index: entry.index, hash })
    }
    this.hearHash(group, self, entry.index, hexOf(hash))
  }
}

function isReady({ machine, replica }: HostedGroup, item: EntryItem): boolean {
  if (machine.isReady === undefined || replica === undefined) return true
  if (item.kind === 'command') return machine.isReady(replica.state, item.body, 'command')
  if (item.kind !== 'effects') return true
  return item.batch.bodies.every((body) => machine.isReady?.(replica.state, body, 'effect') ?? true)
}

/** Certificates of those changes of voters that awaited theirs. */
function recordedSince(open: readonly OwnLink[], { sealed }: Replica): readonly Certificate[] {
  if (open.length === 0) return []
  const versions = new Set(open.map(({ config }) => config.version))
  return (sealed?.links ?? []).flatMap(({ config, certificate }) =>
    versions.has(config.version) && certificate !== undefined ? [certificate] : [],
  )
}

/** Bytes as hex digits. */
export function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** As a replica would that forgets what came of commands, and takes them again. */
function forgetAll({ settled }: Replica, below: number): void {
  for (const [key, { position }] of settled.entries()) if (position < below) settled.delete(key)
}
