import { equalBytes } from '../../codec/bytes.ts'
import type { FrameItem } from '../../codec/raft-frame/frame.ts'
import { decodeReplica } from '../../core/replica/checkpoint.ts'
import type { Replica } from '../../core/replica/replica.ts'
import type { LogIndex, RaftId } from '../../model/raft.ts'
import type { MessageHead, OutgoingMessage } from '../../ports/consensus-engine.ts'
import type { Snapshot } from '../../ports/consensus-group.ts'
import type { Checkpoint } from '../../ports/turn-store.ts'
import { readState } from './group-store.ts'
import { type HostCore, wake } from './host-core.ts'
import { type HostedGroup, membersOf } from './hosted-group.ts'
import { decodeManifest } from './snapshot-manifest.ts'
import { isPart, nextMissing } from './snapshot-receiver.ts'

const DAMAGED_MAX = 16

/**
 * Snapshots between nodes: the engine says that one is to be had, the receiver fetches its parts one by one and
 * lets the engine hear of it when all are there. Source: raft-host-catalogue N1 to N6.
 */
export class Snapshots {
  readonly #core: HostCore

  constructor(core: HostCore) {
    this.#core = core
  }

  /** Followers need what is below the log: they get the stable checkpoint. */
  offer(group: HostedGroup): void {
    const { checkpoint } = group
    if (checkpoint === undefined) return
    // A replica takes no snapshot whose membership does not name it: newcomers need a younger one.
    if (lacksMembers(group)) {
      group.checkpointDue = true
      return
    }
    group.offered = true
    const { applied: index, term, membership, head: data } = checkpoint
    this.#core.engine.offerSnapshot(group.id, { index, term, membership, data })
  }

  /** The engine's message that there is a snapshot, with its manifest; undefined: it is not to be had any more. */
  announce(group: HostedGroup, message: OutgoingMessage): FrameItem | undefined {
    const { head, bytes } = message
    const isFor = group.checkpoint?.applied === head.index && membersOf(group.checkpoint).has(head.to)
    if (!isFor || group.checkpoint === undefined) {
      group.checkpointDue ||= lacksMembers(group)
      this.#core.engine.reportSnapshot(group.id, head.to, false)
      return undefined
    }
    group.sendingSince.set(head.to, this.#core.tick)
    return { kind: 'snapshot', group: group.id, manifest: group.checkpoint.head, message: bytes }
  }

  /** A peer fetches a part. */
  serve(group: HostedGroup, to: RaftId, item: FrameItem & { kind: 'chunk-wanted' }): void {
    const { tick, store, outgoing } = this.#core
    const { index, digest, chunk } = item
    group.sendingSince.set(to, tick)
    const isThere = group.checkpoint?.applied === index || group.formers.has(index)
    if (group.formers.has(index)) group.formers.set(index, tick)
    const bytes = isThere ? store.readChunk(group.id, index, chunk) : undefined
    const part = bytes ?? new Uint8Array(0)
    outgoing.add(to, { kind: 'chunk', group: group.id, index, digest, chunk, bytes: part })
  }

  /** The receiver gave up, or told nothing for too long: the engine may try again (N4). */
  failed(group: HostedGroup, peer: RaftId): void {
    group.sendingSince.delete(peer)
    if (this.#core.mutant === 'snapshot-failure-not-told') return
    this.#core.engine.reportSnapshot(group.id, peer, false)
  }

  /** The engine of another node has a snapshot for this one. Nothing of it is believed before its hashes fit. */
  begin(group: HostedGroup, head: MessageHead, manifestBytes: Uint8Array, message: Uint8Array): void {
    const { tick, store } = this.#core
    const manifest = decodeManifest(manifestBytes)
    if (head.index <= group.hard.commit) {
      // Installed already, and the answer got lost: the engine answers again, or the sender goes on sending it.
      this.#core.engine.stepMany([{ group: group.id, bytes: message }])
      return
    }
    const isStale = head.term < group.hard.term
    const isKnown = group.receiving?.index === head.index && group.receiving.from === head.from
    if (!manifest.ok || isStale) return this.#refuse(group, head.from, head.index, 'not to be had')
    if (isKnown) return
    if (group.receiving !== undefined && tick - group.receiving.heardAt < this.#core.settings.chunkRetryTicks)
      return
    const have = new Set(store.staged(group.id).find(({ at }) => at === head.index)?.numbers)
    const isHere = (number: number): boolean => {
      const part = have.has(number) ? store.readChunk(group.id, head.index, number) : undefined
      return part !== undefined && isPart(manifest.value, number, part, this.#core.sha256)
    }
    const missing = manifest.value.chunks.map((_, number) => number).filter((number) => !isHere(number))
    group.receiving = {
      from: head.from,
      index: head.index,
      message: message.slice(),
      manifest: manifest.value,
      manifestBytes: manifestBytes.slice(),
      missing: new Set(missing),
      askedAt: Number.NEGATIVE_INFINITY,
      heardAt: tick,
      damaged: 0,
      held: undefined,
    }
    wake(this.#core, group)
    this.#ask(group)
  }

  take(group: HostedGroup, from: RaftId, item: FrameItem & { kind: 'chunk' }): void {
    const { store, sha256, tick, tell } = this.#core
    const { receiving } = group
    if (receiving === undefined || receiving.from !== from || receiving.index !== item.index) return
    if (!equalBytes(receiving.manifest.digest, item.digest) || !receiving.missing.has(item.chunk)) return
    if (item.bytes.length === 0) return this.#refuse(group, from, item.index, 'the sender has it no more')
    receiving.heardAt = tick
    if (isPart(receiving.manifest, item.chunk, item.bytes, sha256)) {
      if (this.#core.isWriting) {
        receiving.held = item
        return
      }
      const part = { group: group.id, at: item.index, number: item.chunk, bytes: item.bytes }
      if (store.stage([part]) === 'full') return
      receiving.missing.delete(item.chunk)
    } else if (++receiving.damaged > DAMAGED_MAX) {
      tell({ kind: 'snapshot-refused', group: group.id, peer: from, detail: 'damaged parts' })
      this.#core.transport.distrust(from, 'damaged parts of a snapshot')
      return this.#refuse(group, from, item.index, 'damaged')
    }
    this.#ask(group)
  }

  /** Once a tick: asks again for what got lost, gives up what does not come. */
  tick(group: HostedGroup): void {
    const { receiving, sendingSince } = group
    const { tick, settings } = this.#core
    if (receiving !== undefined) {
      if (tick - receiving.heardAt > settings.snapshotLostTicks || receiving.index <= group.hard.commit) {
        this.#refuse(group, receiving.from, receiving.index, 'nothing came')
      } else if (tick - receiving.askedAt >= settings.chunkRetryTicks) this.#ask(group)
    }
    for (const [peer, since] of sendingSince) {
      if (tick - since > settings.snapshotLostTicks) this.failed(group, peer)
    }
  }

  /**
   * When all parts are there and make a state, the engine hears of the snapshot; its ready then names it. One whose
   * hash is right and which is no state is the sender's fault (N3).
   */
  complete(group: HostedGroup): void {
    const { receiving } = group
    const held = this.#core.isWriting ? undefined : receiving?.held
    if (receiving !== undefined && held !== undefined) {
      receiving.held = undefined
      this.take(group, receiving.from, held)
    }
    if (receiving === undefined || receiving.missing.size > 0) return
    const state = readState(this.#core, group.id, receiving.index, receiving.manifestBytes)
    const place = { applied: receiving.index, term: group.hard.term, membership: NO_MEMBERSHIP }
    const replica = state.ok
      ? decodeReplica(group.machine, group.id, state.value, place, this.#core.sha256)
      : undefined
    if (replica?.ok !== true) {
      this.#core.tell({
        kind: 'snapshot-refused',
        group: group.id,
        peer: receiving.from,
        detail: 'not a state',
      })
      this.#core.transport.distrust(receiving.from, 'a snapshot that is no state')
      return this.#refuse(group, receiving.from, receiving.index, 'not a state')
    }
    const [refused] = this.#core.engine.stepMany([{ group: group.id, bytes: receiving.message }])
    if (refused === undefined) group.receiving = undefined
    else if (refused.reason !== 'busy') this.#refuse(group, receiving.from, receiving.index, refused.detail)
  }

  /** The checkpoint that a snapshot becomes; its parts are there, or the engine would not have heard of it. */
  install(
    group: HostedGroup,
    snapshot: Snapshot,
  ): { readonly checkpoint: Checkpoint; readonly replica: Replica } | undefined {
    const manifest = decodeManifest(snapshot.data)
    const state = readState(this.#core, group.id, snapshot.index, snapshot.data)
    if (!manifest.ok || !state.ok) return undefined
    const place = { applied: snapshot.index, term: snapshot.term, membership: snapshot.membership }
    const replica = decodeReplica(group.machine, group.id, state.value, place, this.#core.sha256)
    if (!replica.ok) return undefined
    return {
      checkpoint: {
        kind: 'snapshot',
        applied: snapshot.index,
        term: snapshot.term,
        membership: snapshot.membership,
        chunks: manifest.value.chunks.length,
        bytes: manifest.value.bytes,
        head: snapshot.data,
      },
      replica: replica.value,
    }
  }

  #ask(group: HostedGroup): void {
    const { receiving } = group
    const chunk = receiving && nextMissing(receiving)
    if (receiving === undefined || chunk === undefined) return
    receiving.askedAt = this.#core.tick
    const { index, manifest } = receiving
    this.#core.outgoing.add(receiving.from, {
      kind: 'chunk-wanted',
      group: group.id,
      index,
      digest: manifest.digest,
      chunk,
    })
  }

  #refuse(group: HostedGroup, from: RaftId, index: LogIndex, _why: string): void {
    if (group.receiving?.index === index) group.receiving = undefined
    this.#core.outgoing.add(from, { kind: 'snapshot-failed', group: group.id, index })
  }
}

const NO_MEMBERSHIP = { voters: [], learners: [], outgoing: [], learnersNext: [], autoLeave: false }

/** The stable checkpoint is older than somebody's membership. */
export function lacksMembers(group: HostedGroup): boolean {
  const named = membersOf(group.checkpoint)
  return [...membersOf(group.replica)].some((member) => !named.has(member))
}
