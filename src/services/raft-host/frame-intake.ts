import { decodeFrame, type FrameItem } from '../../codec/raft-frame/frame.ts'
import type { GroupId, RaftId } from '../../model/raft.ts'
import type { GroupMessage, MessageHead } from '../../ports/consensus-engine.ts'
import { isSuspicious, judgeMessage } from './admission.ts'
import { type Applying, hexOf } from './applying.ts'
import type { DeposedLeaders } from './deposed-leaders.ts'
import type { Exchange } from './exchange.ts'
import type { GroupCare } from './group-care.ts'
import { maySleepToo } from './hibernation.ts'
import { type HostCore, isMember, wake } from './host-core.ts'
import type { HostedGroup } from './hosted-group.ts'
import type { OutcomeMemory } from './outcome-memory.ts'
import type { Proposals } from './proposals.ts'
import type { Seals } from './seals.ts'
import type { Snapshots } from './snapshots.ts'

/** Where what comes in goes to. */
export interface IntakeParts {
  readonly proposals: Proposals
  readonly snapshots: Snapshots
  readonly exchange: Exchange
  readonly applying: Applying
  readonly care: GroupCare
  readonly seals: Seals
  readonly outcomes: OutcomeMemory
  readonly deposed: DeposedLeaders
}

/** Frames of other nodes: a bounded queue, judged before anything of them reaches a group. Source: V1, V2, F3. */
export class FrameIntake {
  readonly #core: HostCore
  readonly #proposals: Proposals
  readonly #snapshots: Snapshots
  readonly #exchange: Exchange
  readonly #applying: Applying
  readonly #care: GroupCare
  readonly #seals: Seals
  readonly #outcomes: OutcomeMemory
  readonly #deposed: DeposedLeaders
  readonly #inbox: { readonly from: RaftId; readonly frame: Uint8Array }[] = []
  #inboxBytes = 0

  constructor(core: HostCore, parts: IntakeParts) {
    const { proposals, snapshots, exchange, applying, care, seals, outcomes, deposed } = parts
    this.#core = core
    this.#proposals = proposals
    this.#snapshots = snapshots
    this.#exchange = exchange
    this.#applying = applying
    this.#care = care
    this.#seals = seals
    this.#outcomes = outcomes
    this.#deposed = deposed
  }

  get isEmpty(): boolean {
    return this.#inbox.length === 0
  }

  /** Takes frames up to a turn's bytes: what is for the engine is given back, the rest goes where it belongs. */
  take(): readonly (GroupMessage & { readonly from: RaftId })[] {
    const messages: { group: GroupId; bytes: Uint8Array; from: RaftId }[] = []
    let bytes = 0
    while (this.#inbox.length > 0 && bytes < this.#core.settings.turnBytesMax) {
      const { from, frame } = this.#inbox.shift() as { from: RaftId; frame: Uint8Array }
      bytes += frame.length
      this.#inboxBytes -= frame.length
      const items = decodeFrame(frame)
      if (items.ok) {
        this.#care.heard(from)
        for (const item of items.value) this.#takeItem(from, item, messages)
      } else this.unfit(from, undefined, items.error.code, true)
    }
    return messages
  }

  onFrame(from: RaftId, frame: Uint8Array): void {
    const { inboxFramesMax, inboxBytesMax } = this.#core.settings
    if (this.#inbox.length >= inboxFramesMax || this.#inboxBytes + frame.length > inboxBytesMax) {
      this.#core.tell({ kind: 'dropped', peer: from, group: undefined, why: 'inbox-full' })
      return // raft sends again
    }
    this.#inbox.push({ from, frame })
    this.#inboxBytes += frame.length
  }

  #takeItem(
    from: RaftId,
    item: FrameItem,
    messages: { group: GroupId; bytes: Uint8Array; from: RaftId }[],
  ): void {
    switch (item.kind) {
      case 'message':
        if (this.#admit(from, item.group, item.bytes) !== undefined) messages.push({ ...item, from })
        return
      case 'alive':
        return
      case 'seal-shares':
        return this.#seals.hearShares(from, item.bytes)
      case 'position':
        return this.#proposals.relay.hearPosition(from, item.group, item.position)
      case 'outcome':
        return this.#proposals.hear(from, item.request, item.outcome)
      case 'effects':
        return this.#exchange.hearEffects(from, item.batch, item.hops)
      case 'answers':
        return this.#exchange.hearAnswers(from, item.batch, item.hops)
      case 'propose':
        return this.#proposals.add(
          {
            group: item.group,
            ticket: item.ticket,
            body: item.body,
            deadlineTicks: Math.min(item.ticks, 600),
          },
          { kind: 'peer', peer: from, request: item.request },
          item.hops,
        )
      case 'snapshot':
      case 'chunk-wanted':
      case 'chunk':
      case 'snapshot-failed':
      case 'sleep':
      case 'state-hash':
      case 'seal-wanted':
      case 'forget-wanted':
        return this.#takeMemberItem(from, item)
      default:
        return item satisfies never
    }
  }

  #takeMemberItem(
    from: RaftId,
    item: FrameItem & {
      kind:
        | 'snapshot'
        | 'chunk-wanted'
        | 'chunk'
        | 'snapshot-failed'
        | 'sleep'
        | 'state-hash'
        | 'seal-wanted'
        | 'forget-wanted'
    },
  ): void {
    const group = this.#core.groups.get(item.group)
    if (group?.condition !== 'running' || !isMember(this.#core, group, from)) {
      return this.unfit(from, item.group, 'not-a-member', false)
    }
    switch (item.kind) {
      case 'snapshot': {
        const head = this.#admit(from, item.group, item.message)
        if (head?.type === 'snapshot') this.#snapshots.begin(group, head, item.manifest, item.message)
        return
      }
      case 'chunk-wanted':
        return this.#snapshots.serve(group, from, item)
      case 'chunk':
        return this.#snapshots.take(group, from, item)
      case 'snapshot-failed':
        return this.#snapshots.failed(group, from)
      case 'sleep':
        return this.#sleepToo(group, from, item)
      case 'state-hash':
        return this.#applying.hearHash(group, from, item.index, hexOf(item.hash))
      case 'seal-wanted':
        return this.#seals.hearWanted(group, from, item.size)
      case 'forget-wanted':
        return this.#outcomes.hearWanted(group, item.below)
      default:
        return item satisfies never
    }
  }

  /** The head of a message that may reach the engine; the group wakes up for it. */
  #admit(from: RaftId, id: GroupId, bytes: Uint8Array): MessageHead | undefined {
    const { engine, groups, self, settings } = this.#core
    const peeked = engine.peekMessage(bytes)
    if (!peeked.ok) return this.unfit(from, id, peeked.error.code, true)
    const group = groups.get(id)
    if (group?.condition !== 'running') return this.unfit(from, id, 'no-such-group', false)
    const unfit = judgeMessage(peeked.value, {
      self,
      sender: from,
      isMember: isMember(this.#core, group, from),
      term: group.hard.term,
      last: group.last,
      commit: group.hard.commit,
      termJumpMax: settings.termJumpMax,
    })
    if (unfit !== undefined && this.#core.mutant !== 'admit-all')
      return this.unfit(from, id, unfit, isSuspicious(unfit))
    if (this.#deposed.isIgnored(group, from, peeked.value)) return undefined
    // Whoever reads waits for all that is committed.
    if (peeked.value.type === 'read-index') this.#core.outgoing.release(id)
    if (!isNoNews(group, from, peeked.value)) wake(this.#core, group)
    return peeked.value
  }

  #sleepToo(group: HostedGroup, from: RaftId, said: FrameItem & { kind: 'sleep' }): void {
    if (group.replica === undefined || group.waiting.size > 0 || group.reads.length > 0) return
    const mine = {
      term: group.hard.term,
      last: group.last,
      commit: group.hard.commit,
      applied: group.replica.applied,
      leader: group.leader,
    }
    if (maySleepToo(mine, { from, term: said.term, index: said.index })) group.asleep = true
  }

  unfit(peer: RaftId, group: GroupId | undefined, why: string, isSuspect: boolean): undefined {
    this.#core.tell({ kind: 'dropped', peer, group, why })
    if (isSuspect) this.#core.transport.distrust(peer, why)
  }
}

/** The last heartbeat before sleep may come after the word to sleep: it and its answer are no reason to wake up (G1). */
function isNoNews({ hard, leader }: HostedGroup, from: RaftId, head: MessageHead): boolean {
  if (head.type === 'heartbeat-response') return true
  return (
    head.type === 'heartbeat' && from === leader && head.term === hard.term && head.commit === hard.commit
  )
}
