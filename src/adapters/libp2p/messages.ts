import { FrameSplitter } from '../../codec/raft-frame/length-prefix.ts'
import { assert } from '../../model/fault.ts'
import type { Did } from '../../model/ids.ts'
import { LruMap } from '../../model/lru-map.ts'
import { TokenBucket } from '../../model/token-bucket.ts'
import type { Clock } from '../../ports/clock.ts'
import { MESSAGE_BYTES_MAX, type MessageLimits } from '../../ports/mesh.ts'
import type { ByteStream } from '../../ports/raft-transport.ts'
import { byteStreamOf } from './byte-stream.ts'
import { POINTS } from './limits.ts'
import { MessageLink } from './message-link.ts'
import type { ProtocolStreams } from './protocol-streams.ts'

/** What one-way messages are made of. */
export interface MessagesDeps {
  readonly streams: ProtocolStreams
  readonly clock: Clock
  readonly queueBytesMax: number
  readonly openTimeoutMs: number
  readonly penalise: (did: Did, points: number, why: string) => void
  readonly count: (what: string) => void
}

/** What takes a message. */
export type MessageHandler = (from: Did, body: Uint8Array) => void

/** One in use, one that replaces it after a break that the other side has not noticed yet. */
const STREAMS_PER_PEER_MAX = 2
const BUCKETS_MAX = 4096
/** Received and not yet split; a stream's window is more than that anyway. */
const UNREAD_BYTES_MAX = 65_536

interface Rates {
  readonly messages: TokenBucket
  readonly bytes: TokenBucket
}

/** One-way messages, each a frame, on one kept stream per peer, protocol and direction. */
export class Messages {
  readonly #deps: MessagesDeps
  readonly #links = new Map<Did, Map<string, MessageLink>>()

  constructor(deps: MessagesDeps) {
    this.#deps = deps
  }

  send(peer: Did, protocol: string, body: Uint8Array): boolean {
    assert(body.length > 0 && body.length <= MESSAGE_BYTES_MAX, 'a message has 1 to 8 MiB')
    const isTaken = this.#linkTo(peer, protocol)?.offer(body) ?? false
    this.#deps.count(isTaken ? 'sent' : 'not-sent')
    return isTaken
  }

  handle(
    protocol: string,
    limits: MessageLimits | ((from: Did) => MessageLimits),
    handler: MessageHandler,
  ): void {
    const rates = new LruMap<Did, Rates>(BUCKETS_MAX)
    this.#deps.streams.take(protocol, STREAMS_PER_PEER_MAX, (stream, from) => {
      const own = typeof limits === 'function' ? limits(from) : limits
      const rate = rates.get(from) ?? ratesOf(own, this.#deps.clock.monotonicMs())
      rates.set(from, rate)
      void this.#receive(byteStreamOf(stream, UNREAD_BYTES_MAX), from, own, rate, handler)
    })
  }

  /** The peer is gone: what waits for it is lost. */
  forget(peer: Did): void {
    for (const link of this.#links.get(peer)?.values() ?? []) link.end()
  }

  #linkTo(peer: Did, protocol: string): MessageLink | undefined {
    const known = this.#links.get(peer)?.get(protocol)
    if (known !== undefined || this.#deps.streams.openConnection(peer) === undefined) return known
    const links = this.#links.get(peer) ?? new Map<string, MessageLink>()
    this.#links.set(peer, links)
    const link: MessageLink = new MessageLink({
      queueBytesMax: this.#deps.queueBytesMax,
      open: () => this.#open(peer, protocol),
      onEnd: () => {
        if (links.get(protocol) === link) links.delete(protocol)
        if (links.size === 0 && this.#links.get(peer) === links) this.#links.delete(peer)
      },
    })
    links.set(protocol, link)
    return link
  }

  async #open(peer: Did, protocol: string): Promise<ByteStream> {
    const over = new AbortController()
    const { clock, openTimeoutMs, streams } = this.#deps
    const cancel = clock.after(openTimeoutMs, () => over.abort(new Error('too slow')))
    try {
      return byteStreamOf(await streams.open(peer, protocol, over.signal), UNREAD_BYTES_MAX)
    } finally {
      cancel()
    }
  }

  async #receive(
    stream: ByteStream,
    from: Did,
    limits: MessageLimits,
    rate: Rates,
    handler: MessageHandler,
  ): Promise<void> {
    const splitter = new FrameSplitter(limits.bodyBytesMax)
    try {
      for await (const piece of stream.incoming) {
        const frames = splitter.take(piece)
        if (!frames.ok) {
          const points = frames.error.code === 'TOO_LARGE' ? POINTS.oversize : POINTS.malformed
          this.#deps.count('message-refused')
          this.#deps.penalise(from, points, `a message that is ${frames.error.code}`)
          return stream.close(frames.error.code)
        }
        for (const frame of frames.value) handler(from, frame)
        await this.#slow(from, rate, frames.value.length, piece.length)
      }
    } catch {
      // the peer left
    } finally {
      stream.close()
    }
  }

  /** Who sends more than it may waits until it may again, by not being read, and is charged. */
  async #slow(from: Did, rate: Rates, messages: number, bytes: number): Promise<void> {
    const { clock, penalise, count } = this.#deps
    const nowMs = clock.monotonicMs()
    const waitMs = Math.max(rate.messages.takeLate(messages, nowMs), rate.bytes.takeLate(bytes, nowMs))
    if (waitMs === 0) return
    count('message-flood')
    penalise(from, (POINTS.overLimitSecond * waitMs) / 1000, 'more messages than a peer may send')
    const { promise, resolve } = Promise.withResolvers<void>()
    clock.after(waitMs, resolve)
    await promise
  }
}

function ratesOf({ perSecondMax, bytesPerSecondMax, bodyBytesMax }: MessageLimits, nowMs: number): Rates {
  return {
    messages: new TokenBucket(perSecondMax, perSecondMax, nowMs),
    bytes: new TokenBucket(bytesPerSecondMax, bytesPerSecondMax + bodyBytesMax, nowMs),
  }
}
