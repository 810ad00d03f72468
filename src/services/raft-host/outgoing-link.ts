import { concatBytes } from '../../codec/bytes.ts'
import { lengthPrefix } from '../../codec/raft-frame/length-prefix.ts'
import type { Clock } from '../../ports/clock.ts'
import type { ByteStream } from '../../ports/raft-transport.ts'

/** What a link is made of. */
export interface OutgoingLinkDeps {
  readonly clock: Clock
  readonly queueBytesMax: number
  /** Written first on every stream. */
  readonly hello: Uint8Array
  readonly dial: () => Promise<ByteStream>
}

const WAIT_MS_MIN = 50
const WAIT_MS_MAX = 1000

/**
 * Frames to one peer, over one stream at a time.
 *
 *     dialling --got one--> open --it ended--> waiting --some time later--> dialling
 *
 * Frames are taken only while it is open and the queue has room: old raft messages are worth nothing.
 */
export class OutgoingLink {
  readonly #deps: OutgoingLinkDeps
  #stream: ByteStream | undefined
  #queue: Uint8Array[] = []
  #queueBytes = 0
  #isWriting = false
  #isClosed = false
  #waitMs = WAIT_MS_MIN
  #cancelWait: () => void = () => undefined

  constructor(deps: OutgoingLinkDeps) {
    this.#deps = deps
    void this.#dial()
  }

  /** False: nothing was taken. */
  offer(frame: Uint8Array): boolean {
    if (this.#stream === undefined || this.#queueBytes + frame.length > this.#deps.queueBytesMax) return false
    this.#queue.push(lengthPrefix(frame.length), frame)
    this.#queueBytes += frame.length
    if (!this.#isWriting) void this.#write(this.#stream)
    return true
  }

  close(): void {
    this.#isClosed = true
    this.#cancelWait()
    this.#stream?.close()
    this.#stream = undefined
  }

  async #dial(): Promise<void> {
    try {
      const stream = await this.#deps.dial()
      if (this.#isClosed) return stream.close()
      await stream.write(this.#deps.hello)
      this.#stream = stream
      this.#waitMs = WAIT_MS_MIN
      void this.#watch(stream)
    } catch {
      this.#again() // nobody there: tried again, a little later each time
    }
  }

  /** A stream that ends, or on which the peer says anything, is over: frames come by the peer's own stream. */
  async #watch(stream: ByteStream): Promise<void> {
    try {
      for await (const piece of stream.incoming) if (piece.length > 0) break
    } catch {
      // How it ended makes no difference.
    }
    this.#over(stream)
  }

  async #write(stream: ByteStream): Promise<void> {
    this.#isWriting = true
    try {
      while (this.#queue.length > 0 && this.#stream === stream) {
        const bytes = concatBytes(...this.#queue)
        this.#queue = []
        this.#queueBytes = 0
        await stream.write(bytes)
      }
    } catch {
      this.#over(stream)
    }
    this.#isWriting = false
  }

  #over(stream: ByteStream): void {
    stream.close()
    if (this.#stream !== stream) return
    this.#stream = undefined
    this.#queue = []
    this.#queueBytes = 0
    this.#again()
  }

  #again(): void {
    if (this.#isClosed) return
    this.#cancelWait = this.#deps.clock.after(this.#waitMs, () => void this.#dial())
    this.#waitMs = Math.min(WAIT_MS_MAX, this.#waitMs * 2)
  }
}
