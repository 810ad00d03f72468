import { encodeFrame, type FrameItem, itemBytes } from '../../codec/raft-frame/frame.ts'
import type { GroupId, RaftId } from '../../model/raft.ts'
import type { RaftTransport } from '../../ports/raft-transport.ts'

/**
 * Collects what a turn has for each peer and sends it in few frames.
 *
 * An append that brings no entries, only the news of what is committed, is held back: the next append of its group
 * tells it as well, and under load comes soon, so that most of them never travel, nor do their answers. What is held
 * leaves at the next tick, or when somebody needs it: before a read, a seal or sleep. Raft stands the loss of any message.
 */
export class Outgoing {
  readonly #transport: RaftTransport
  readonly #frameBytes: number
  readonly #items = new Map<RaftId, FrameItem[]>()
  readonly #sentAt = new Map<RaftId, number>()
  readonly #held = new Map<GroupId, Map<RaftId, FrameItem>>()
  /** Called for each item that the transport did not take. */
  onLost: (to: RaftId, item: FrameItem) => void = () => undefined

  constructor(transport: RaftTransport, frameBytes: number) {
    this.#transport = transport
    this.#frameBytes = frameBytes
  }

  add(to: RaftId, item: FrameItem): void {
    if (item.kind === 'sleep' || item.kind === 'seal-wanted') this.release(item.group)
    this.#push(to, item)
  }

  /** An append of a group: whatever is held of it for that peer is told by it. */
  addAppend(to: RaftId, item: FrameItem & { readonly kind: 'message' }): void {
    this.#held.get(item.group)?.delete(to)
    this.#push(to, item)
  }

  /** An append without entries, in the place of one that is held already. */
  hold(to: RaftId, item: FrameItem & { readonly kind: 'message' }): void {
    const held = this.#held.get(item.group)
    if (held === undefined) this.#held.set(item.group, new Map([[to, item]]))
    else held.set(to, item)
  }

  /** What is held of a group is sent with the next flush. */
  release(group: GroupId): void {
    for (const [to, item] of this.#held.get(group) ?? []) this.#push(to, item)
    this.#held.delete(group)
  }

  releaseAll(): void {
    for (const group of this.#held.keys()) this.release(group)
  }

  /** What is held of a group is worth nothing any more: its term is over. */
  forget(group: GroupId): void {
    this.#held.delete(group)
  }

  #push(to: RaftId, item: FrameItem): void {
    const items = this.#items.get(to)
    if (items === undefined) this.#items.set(to, [item])
    else items.push(item)
  }

  /** Sends all that was added, in the order in which it was, peer by peer. */
  flush(tick: number): void {
    for (const [to, items] of this.#items) this.#sendAll(to, items, tick)
    this.#items.clear()
  }

  /** When something was last sent to the peer. */
  sentAt(to: RaftId): number {
    return this.#sentAt.get(to) ?? Number.NEGATIVE_INFINITY
  }

  #sendAll(to: RaftId, items: readonly FrameItem[], tick: number): void {
    let from = 0
    while (from < items.length) {
      let bytes = 0
      let end = from
      for (; end < items.length; end++) {
        bytes += itemBytes(items[end] as FrameItem)
        if (end > from && bytes > this.#frameBytes) break
      }
      const part = items.slice(from, end)
      if (this.#transport.send(to, encodeFrame(part))) this.#sentAt.set(to, tick)
      else for (const item of part) this.onLost(to, item)
      from = end
    }
  }
}
