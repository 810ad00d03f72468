import type { Stream, StreamCloseEvent, StreamMessageEvent } from '@libp2p/interface'
import { FaultError } from '../../model/fault.ts'
import type { ByteStream } from '../../ports/raft-transport.ts'

/**
 * A libp2p stream as a `ByteStream`: whoever does not read makes the peer wait. Above `unreadBytesMax` the stream is paused,
 * which stops window updates; what the peer may still send then is one window (1 MiB), and the stream is reset by libp2p
 * above that. `onEnd` is called once, when the stream is over for both directions.
 */
export function byteStreamOf(
  stream: Stream,
  unreadBytesMax: number,
  onEnd: () => void = () => undefined,
): ByteStream {
  const incoming = new Incoming(stream, unreadBytesMax)
  stream.addEventListener('close', onEnd, { once: true })
  return {
    incoming,
    write: (bytes) => writeTo(stream, bytes),
    close: (reason) => stream.abort(new Error(reason ?? 'closed')),
  }
}

/**
 * Resolves when the stream has taken all bytes. The stream's own promise of that is made once and stays resolved
 * ever after, so its events are heard instead. Faults `peer-gone`.
 */
async function writeTo(stream: Stream, bytes: Uint8Array): Promise<void> {
  assertWritable(stream)
  stream.send(bytes)
  while (stream.writeBufferLength > 0 || stream.writableNeedsDrain) {
    await nextWriteEvent(stream)
    assertWritable(stream)
  }
}

function assertWritable({ writeStatus }: Stream): void {
  if (writeStatus !== 'writable') throw new FaultError('peer-gone', 'the stream is closed')
}

const WRITE_EVENTS = ['drain', 'idle', 'close'] as const

function nextWriteEvent(stream: Stream): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const heard = (): void => {
    for (const name of WRITE_EVENTS) stream.removeEventListener(name, heard)
    resolve()
  }
  for (const name of WRITE_EVENTS) stream.addEventListener(name, heard)
  return promise
}

/** What arrived and was not read yet. For one reader. */
class Incoming implements AsyncIterable<Uint8Array> {
  readonly #stream: Stream
  readonly #unreadBytesMax: number
  #pieces: Uint8Array[] = []
  #bytes = 0
  #isOver = false
  #failure: Error | undefined
  #isResuming = false
  #wake: () => void = () => undefined

  constructor(stream: Stream, unreadBytesMax: number) {
    this.#stream = stream
    this.#unreadBytesMax = unreadBytesMax
    stream.addEventListener('message', this.#onMessage)
    stream.addEventListener('end', this.#onEnd, { once: true })
    stream.addEventListener('close', this.#onClose, { once: true })
    // What happened before anybody listened is told by what it left.
    if (stream.status === 'reset' || stream.status === 'aborted')
      this.#failure = new FaultError('peer-gone', 'the stream was reset')
    if (stream.readableEnded || this.#failure !== undefined) this.#onEnd()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    for (;;) {
      const piece = this.#pieces.shift()
      if (piece !== undefined) {
        this.#bytes -= piece.length
        this.#resume()
        yield piece
        continue
      }
      if (this.#failure !== undefined) throw this.#failure
      if (this.#isOver) return
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  readonly #onMessage = ({ data }: StreamMessageEvent): void => {
    const piece = plainBytes(data)
    this.#pieces.push(piece)
    this.#bytes += piece.length
    this.#pause()
    this.#wake()
  }

  readonly #onEnd = (): void => {
    this.#isOver = true
    this.#wake()
  }

  readonly #onClose = ({ error }: StreamCloseEvent): void => {
    if (!this.#isOver || error !== undefined)
      this.#failure = error === undefined ? undefined : new FaultError('peer-gone', error.message)
    this.#onEnd()
  }

  /** Not while resuming: the stream would grant a new window after having been paused. */
  #pause(): void {
    const isOpen = this.#stream.readStatus === 'readable'
    if (isOpen && !this.#isResuming && this.#bytes > this.#unreadBytesMax) this.#stream.pause()
  }

  #resume(): void {
    if (this.#stream.readStatus !== 'paused' || this.#bytes > this.#unreadBytesMax / 2) return
    this.#isResuming = true
    this.#stream.resume()
    this.#isResuming = false
    this.#pause()
  }
}

/** One array of what came in, never a Buffer: whose `slice` shares memory where an array's copies. */
export function plainBytes(data: { subarray(): Uint8Array }): Uint8Array {
  const bytes = data.subarray()
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)
}
