import { joinFrames } from '../../codec/raft-frame/length-prefix.ts'
import type { ByteStream } from '../../ports/raft-transport.ts'

/** What a link is made of. */
export interface MessageLinkDeps {
  readonly queueBytesMax: number
  readonly open: () => Promise<ByteStream>
  /** Called once, when the link takes no more. What was queued is lost. */
  readonly onEnd: () => void
}

/** Bytes of one write at most; a longer message is a write of its own. */
const WRITE_BYTES_MAX = 262_144
/** What a queued message costs beside its bytes, so that a queue of tiny ones is bounded too. */
const ENTRY_BYTES = 64

/**
 * One-way messages to one peer on one stream.
 *
 *     opening --got one--> open --failed, or the peer ended it--> ended
 */
export class MessageLink {
  readonly #deps: MessageLinkDeps
  #stream: ByteStream | undefined
  #queue: Uint8Array[] = []
  #queueBytes = 0
  #isBusy = true
  #isEnded = false

  constructor(deps: MessageLinkDeps) {
    this.#deps = deps
    void this.#open()
  }

  /** False: nothing was taken. */
  offer(body: Uint8Array): boolean {
    const cost = body.length + ENTRY_BYTES
    if (this.#isEnded || this.#queueBytes + cost > this.#deps.queueBytesMax) return false
    this.#queue.push(body)
    this.#queueBytes += cost
    // After this turn of the event loop: what else it sends goes with it.
    if (!this.#isBusy) this.#later()
    return true
  }

  end(): void {
    if (this.#isEnded) return
    this.#isEnded = true
    this.#queue = []
    this.#stream?.close()
    this.#deps.onEnd()
  }

  async #open(): Promise<void> {
    try {
      const stream = await this.#deps.open()
      if (this.#isEnded) return stream.close()
      this.#stream = stream
      void this.#watch(stream)
      this.#later()
    } catch {
      this.end() // the peer is gone or does not take the protocol: the sender hears of it by `false` from now on
    }
  }

  #later(): void {
    this.#isBusy = true
    setImmediate(() => void this.#write())
  }

  /** The peer has nothing to say here: a stream on which it does, or that it ends, is over. */
  async #watch(stream: ByteStream): Promise<void> {
    try {
      for await (const piece of stream.incoming) if (piece.length > 0) break
    } catch {
      // how it ended makes no difference
    }
    this.end()
  }

  async #write(): Promise<void> {
    try {
      while (this.#queue.length > 0 && this.#stream !== undefined) await this.#stream.write(this.#next())
      this.#isBusy = false
    } catch {
      this.end()
    }
  }

  #next(): Uint8Array {
    let bytes = 0
    let taken = 0
    for (const body of this.#queue) {
      if (taken > 0 && bytes + body.length > WRITE_BYTES_MAX) break
      bytes += body.length
      taken += 1
    }
    const bodies = this.#queue.slice(0, taken)
    this.#queue = this.#queue.slice(taken)
    this.#queueBytes -= bytes + taken * ENTRY_BYTES
    return joinFrames(bodies)
  }
}
