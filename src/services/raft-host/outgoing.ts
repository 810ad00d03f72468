import { encodeFrame, type FrameItem, itemBytes } from '../../codec/raft-frame/frame.ts'
import type { RaftId } from '../../model/raft.ts'
import type { RaftTransport } from '../../ports/raft-transport.ts'

/** Collects what a turn has for each peer and sends it in few frames. */
export class Outgoing {
  readonly #transport: RaftTransport
  readonly #frameBytes: number
  readonly #items = new Map<RaftId, FrameItem[]>()
  readonly #sentAt = new Map<RaftId, number>()
  /** Called for each item that the transport did not take. */
  onLost: (to: RaftId, item: FrameItem) => void = () => undefined

  constructor(transport: RaftTransport, frameBytes: number) {
    this.#transport = transport
    this.#frameBytes = frameBytes
  }

  add(to: RaftId, item: FrameItem): void {
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
