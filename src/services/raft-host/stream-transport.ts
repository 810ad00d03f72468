import { equalBytes } from '../../codec/bytes.ts'
import { FRAME_BYTES_MAX } from '../../codec/raft-frame/frame.ts'
import { decodeHello, encodeHello } from '../../codec/raft-frame/hello.ts'
import { FrameSplitter, lengthPrefix } from '../../codec/raft-frame/length-prefix.ts'
import type { RaftId } from '../../model/raft.ts'
import type { Clock } from '../../ports/clock.ts'
import type { ByteStream, RaftTransport, RaftTransportListener } from '../../ports/raft-transport.ts'
import { OutgoingLink } from './outgoing-link.ts'

/** What a transport over streams is made of. */
export interface StreamTransportDeps {
  readonly self: RaftId
  readonly incarnation: number
  /** 32 bytes: streams of another network are closed. */
  readonly network: Uint8Array
  readonly clock: Clock
  /** A new stream to a node; rejects when there is none to be had. */
  readonly dial: (peer: RaftId) => Promise<ByteStream>
  /** Whether a node may open streams to this one. */
  readonly knows: (peer: RaftId) => boolean
  readonly listener: RaftTransportListener
  /** Bytes that wait for one peer: what is above is dropped, and raft sends again. */
  readonly queueBytesMax: number
  readonly tell?: (text: string) => void
}

/** A greeting takes 53 bytes: nobody who has not given one makes this node keep more. */
const GREETING_BYTES_MAX = 1024
const GREETING_MS_MAX = 10_000

/**
 * Frames over streams of bytes, whoever makes them: one outgoing stream a peer, opened again when it ends, and
 * incoming ones of any peer that is known, one each: a newer one replaces it. A slow peer slows nobody else.
 */
export class StreamTransport implements RaftTransport {
  readonly #deps: StreamTransportDeps
  readonly #links = new Map<RaftId, OutgoingLink>()
  readonly #incoming = new Map<RaftId, ByteStream>()
  #isClosed = false

  constructor(deps: StreamTransportDeps) {
    this.#deps = deps
  }

  send(to: RaftId, frame: Uint8Array): boolean {
    return this.#links.get(to)?.offer(frame) ?? false
  }

  follow(peers: ReadonlySet<RaftId>): void {
    for (const [peer, link] of this.#links) {
      if (peers.has(peer)) continue
      link.close()
      this.#links.delete(peer)
      this.#incoming.get(peer)?.close('not a member any more')
    }
    for (const peer of peers) if (!this.#links.has(peer)) this.#open(peer)
  }

  distrust(peer: RaftId, why: string): void {
    this.#deps.tell?.(`node ${peer}: ${why}`)
    this.#incoming.get(peer)?.close(why)
  }

  /**
   * Takes a stream that somebody opened, until it ends. `authenticated`: who it is by the stream itself; without it
   * the first frame is believed, which is for tests and benchmarks alone. The first frame is a greeting (`Hello`), within
   * ten seconds. Whatever is not as it must be closes the stream, with the reason.
   */
  async accept(stream: ByteStream, authenticated?: RaftId): Promise<void> {
    let sender: RaftId | undefined
    const splitter = new FrameSplitter(FRAME_BYTES_MAX)
    const cancel = this.#deps.clock.after(GREETING_MS_MAX, () => this.#refuse(stream, 'no greeting'))
    try {
      for await (const piece of stream.incoming) {
        const frames = splitter.take(piece)
        if (!frames.ok) return this.#refuse(stream, frames.error.code)
        for (const frame of frames.value) {
          if (sender !== undefined) {
            this.#deps.listener.onFrame(sender, frame)
            continue
          }
          sender = this.#greet(stream, frame, authenticated)
          if (sender === undefined) return
          cancel()
        }
        if (sender === undefined && splitter.waiting > GREETING_BYTES_MAX) {
          return this.#refuse(stream, 'no greeting')
        }
      }
    } catch (error) {
      this.#deps.tell?.(`a stream ended: ${error instanceof Error ? error.message : 'unknown'}`)
    } finally {
      cancel()
      stream.close()
      if (sender !== undefined && this.#incoming.get(sender) === stream) this.#incoming.delete(sender)
    }
  }

  close(): void {
    this.#isClosed = true
    this.follow(new Set())
    for (const stream of this.#incoming.values()) stream.close('this node stops')
  }

  /** Who it is that opened the stream; undefined: nobody who may, and the stream is closed. */
  #greet(stream: ByteStream, frame: Uint8Array, authenticated: RaftId | undefined): RaftId | undefined {
    const hello = decodeHello(frame)
    const { network, knows } = this.#deps
    const refuse = (why: string): undefined => this.#refuse(stream, why)
    if (!hello.ok) return refuse(hello.error.code)
    const { sender } = hello.value
    if (!equalBytes(hello.value.network, network)) return refuse('WRONG_NETWORK')
    if (this.#isClosed || !knows(sender)) return refuse('an unknown node')
    if (authenticated !== undefined && authenticated !== sender) return refuse('not who the stream says')
    this.#incoming.get(sender)?.close('a newer stream')
    this.#incoming.set(sender, stream)
    return sender
  }

  #refuse(stream: ByteStream, why: string): undefined {
    this.#deps.tell?.(`a stream is refused: ${why}`)
    stream.close(why)
  }

  #open(peer: RaftId): void {
    const { self, incarnation, network, clock, dial, queueBytesMax } = this.#deps
    const hello = encodeHello({ network, sender: self, incarnation })
    const link = new OutgoingLink({ clock, queueBytesMax, hello: withPrefix(hello), dial: () => dial(peer) })
    this.#links.set(peer, link)
  }
}

/** A frame as it stands on a stream. */
function withPrefix(frame: Uint8Array): Uint8Array {
  const prefix = lengthPrefix(frame.length)
  const whole = new Uint8Array(prefix.length + frame.length)
  whole.set(prefix)
  whole.set(frame, prefix.length)
  return whole
}
