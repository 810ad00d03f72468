import type { Stream } from '@libp2p/interface'
import { concatBytes } from '../../codec/bytes.ts'
import { joinFrames } from '../../codec/raft-frame/length-prefix.ts'
import { assert, FaultError } from '../../model/fault.ts'
import type { Did } from '../../model/ids.ts'
import { TokenBuckets } from '../../model/token-buckets.ts'
import type { Clock } from '../../ports/clock.ts'
import { MESSAGE_BYTES_MAX, type RequestLimits, type RequestOptions } from '../../ports/mesh.ts'
import { byteStreamOf } from './byte-stream.ts'
import { firstFrame } from './framing.ts'
import { POINTS } from './limits.ts'
import type { ProtocolStreams } from './protocol-streams.ts'

/** What requests are made of. */
export interface RequestsDeps {
  readonly streams: ProtocolStreams
  readonly clock: Clock
  readonly penalise: (did: Did, points: number, why: string) => void
  /** Whether an answer came. */
  readonly note: (did: Did, isDelivered: boolean) => void
  readonly count: (what: string) => void
}

/** What answers a request. */
export type RequestHandler = (from: Did, body: Uint8Array) => Promise<Uint8Array> | Uint8Array

type BoundedHandler = (from: Did, body: Uint8Array) => Promise<Uint8Array | undefined>

/** Before a body, so that an empty one is a frame too; the only kind there is. */
const KIND = Uint8Array.of(1)

/** One request and one answer a stream: `[1] body` as a frame of its own either way. */
export class Requests {
  readonly #deps: RequestsDeps

  constructor(deps: RequestsDeps) {
    this.#deps = deps
  }

  handle(protocol: string, limits: RequestLimits, handler: RequestHandler): void {
    const rates = new TokenBuckets<Did>(limits.perSecondMax, limits.burstMax)
    const guarded = this.#bounded(limits.inFlightPerPeerMax, handler)
    this.#deps.streams.take(protocol, limits.inFlightPerPeerMax, (stream, from) => {
      const nowMs = this.#deps.clock.monotonicMs()
      if (rates.of(from, nowMs).take(1, nowMs)) void this.#answer(stream, from, limits, guarded)
      else this.#refuse(stream, from, POINTS.overLimit, 'too many requests')
    })
  }

  /** What was begun is under way until it is done, also for who has given up waiting: undefined beyond what a peer may have. */
  #bounded(perPeerMax: number, handler: RequestHandler): BoundedHandler {
    const running = new Map<Did, number>()
    return async (from, body) => {
      const count = (running.get(from) ?? 0) + 1
      if (count > perPeerMax) return undefined
      running.set(from, count)
      try {
        return await handler(from, body)
      } finally {
        const left = (running.get(from) ?? 0) - 1
        if (left > 0) running.set(from, left)
        else running.delete(from)
      }
    }
  }

  async ask(peer: Did, protocol: string, body: Uint8Array, options: RequestOptions): Promise<Uint8Array> {
    assert(body.length <= MESSAGE_BYTES_MAX, `a request has at most ${MESSAGE_BYTES_MAX} bytes`)
    const over = new AbortController()
    const late = (): void => over.abort(new FaultError('peer-gone', `${peer} did not answer in time`))
    const cancel = this.#deps.clock.after(options.timeoutMs, late)
    const signal = options.signal === undefined ? over.signal : AbortSignal.any([over.signal, options.signal])
    try {
      signal.throwIfAborted()
      const stream = await this.#deps.streams.open(peer, protocol, signal)
      const answer = await this.#exchange(peer, stream, body, options.answerBytesMax, signal)
      this.#deps.note(peer, true)
      return answer
    } catch (error) {
      if (options.signal?.aborted !== true) this.#deps.note(peer, false)
      throw error
    } finally {
      cancel()
    }
  }

  async #exchange(
    peer: Did,
    stream: Stream,
    body: Uint8Array,
    answerBytesMax: number,
    signal: AbortSignal,
  ): Promise<Uint8Array> {
    const abort = (): void => stream.abort(new Error('given up'))
    signal.addEventListener('abort', abort, { once: true })
    try {
      const bytes = byteStreamOf(stream, answerBytesMax + 64)
      await bytes.write(joinFrames([concatBytes(KIND, body)]))
      const frame = await firstFrame(bytes.incoming, answerBytesMax + KIND.length)
      const value = frame.ok ? frame.value : undefined
      if (value !== undefined && value[0] === KIND[0]) return value.subarray(KIND.length)
      if (!frame.ok) this.#deps.penalise(peer, POINTS.malformed, `an answer that is ${frame.error.code}`)
      throw new FaultError('peer-refused', `${peer} gave no answer`)
    } catch (error) {
      signal.throwIfAborted()
      throw this.#failure(peer, error)
    } finally {
      signal.removeEventListener('abort', abort)
      finish(stream)
    }
  }

  /** A stream that was reset while there is a connection was reset on purpose. */
  #failure(peer: Did, cause: unknown): FaultError {
    if (cause instanceof FaultError && cause.code === 'peer-refused') return cause
    const isConnected = this.#deps.streams.openConnection(peer) !== undefined
    if (isConnected) return new FaultError('peer-refused', `${peer} ended the request`, { cause })
    return new FaultError('peer-gone', `${peer} is gone`, { cause })
  }

  async #answer(stream: Stream, from: Did, limits: RequestLimits, handler: BoundedHandler): Promise<void> {
    const { clock, count } = this.#deps
    const cancel = clock.after(limits.timeoutMs, () => stream.abort(new Error('too slow')))
    try {
      const bytes = byteStreamOf(stream, limits.bodyBytesMax + 64)
      const frame = await firstFrame(bytes.incoming, limits.bodyBytesMax + KIND.length)
      if (!frame.ok) {
        const points = frame.error.code === 'TOO_LARGE' ? POINTS.oversize : POINTS.malformed
        return this.#refuse(stream, from, points, `a request that is ${frame.error.code}`)
      }
      if (frame.value === undefined) return finish(stream)
      if (frame.value[0] !== KIND[0])
        return this.#refuse(stream, from, POINTS.malformed, 'a malformed request')
      const answer = await handler(from, frame.value.subarray(KIND.length))
      if (answer === undefined) return this.#refuse(stream, from, POINTS.overLimit, 'too much under way')
      assert(answer.length <= limits.answerBytesMax, 'an answer is within its own limit')
      await bytes.write(joinFrames([concatBytes(KIND, answer)]))
      count('answered')
      await stream.close()
    } catch {
      // The peer left, or the handler failed: either way it hears no more than that there is no answer.
      count('request-failed')
      stream.abort(new Error('failed'))
    } finally {
      cancel()
    }
  }

  #refuse(stream: Stream, from: Did, points: number, why: string): void {
    stream.abort(new Error(why))
    this.#deps.count('request-refused')
    this.#deps.penalise(from, points, why)
  }
}

/** The exchange is over for this side; a stream that is reset already stays so. */
function finish(stream: Stream): void {
  stream.close().catch(() => stream.abort(new Error('over')))
}
