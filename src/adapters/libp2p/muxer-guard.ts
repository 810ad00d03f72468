import type { MultiaddrConnection, StreamMuxer, StreamMuxerFactory } from '@libp2p/interface'
import type { YamuxMuxerInit } from '@libp2p/yamux'
import { yamux } from '@libp2p/yamux'
import { TokenBucket } from '../../model/token-bucket.ts'
import type { MeshLimits } from './limits.ts'

/** Bytes that a peer may send on one stream before they are read. Yamux starts with 256 KiB. */
export const WINDOW_BYTES_MAX = 1_048_576
const HEADER_BYTES = 12
const TYPE_DATA = 0
const FLAG_SYN = 1

/** A peer broke the rules of the multiplexer; the connection ends with it. */
export class StreamStormError extends Error {
  override readonly name = 'StreamStormError'
}

/** Whatever can be given as pieces of received data. */
interface Bytes {
  readonly byteLength: number
  subarray(): Uint8Array
}

/**
 * Reads the headers of yamux frames as they pass. The library waits for a whole data frame however long it claims to be,
 * and a claim may be 4 GiB: one above the largest window is refused here. It also takes new streams as fast as
 * they come.
 */
export class FrameGuard {
  readonly #header = new Uint8Array(HEADER_BYTES)
  readonly #newStreams: TokenBucket
  readonly #monotonicMs: () => number
  #have = 0
  #skip = 0

  constructor(newStreamsPerSecondMax: number, monotonicMs: () => number) {
    this.#monotonicMs = monotonicMs
    this.#newStreams = new TokenBucket(newStreamsPerSecondMax, newStreamsPerSecondMax, monotonicMs())
  }

  /** Throws `StreamStormError`. */
  check(bytes: Uint8Array): void {
    let at = 0
    while (at < bytes.length) {
      const skipped = Math.min(this.#skip, bytes.length - at)
      this.#skip -= skipped
      at += skipped
      if (at < bytes.length) at = this.#fill(bytes, at)
    }
  }

  #fill(bytes: Uint8Array, from: number): number {
    const part = bytes.subarray(from, from + HEADER_BYTES - this.#have)
    this.#header.set(part, this.#have)
    this.#have += part.length
    if (this.#have === HEADER_BYTES) this.#judge()
    return from + part.length
  }

  #judge(): void {
    this.#have = 0
    const view = new DataView(this.#header.buffer)
    const length = view.getUint32(8)
    const isData = view.getUint8(1) === TYPE_DATA
    if (isData && length > WINDOW_BYTES_MAX) throw new StreamStormError(`a frame of ${length} bytes`)
    if (isData) this.#skip = length
    const isNew = (view.getUint16(2) & FLAG_SYN) !== 0 && view.getUint32(4) !== 0
    if (isNew && !this.#newStreams.take(1, this.#monotonicMs()))
      throw new StreamStormError('too many streams')
  }
}

interface MuxerInput {
  onData(data: Bytes): void
}

/** Yamux with every limit set, and with frames checked before it keeps any of them. */
export function guardedYamux(limits: MeshLimits, monotonicMs: () => number): () => StreamMuxerFactory {
  const init: YamuxMuxerInit = {
    enableKeepAlive: true,
    keepAliveInterval: 30_000,
    maxInboundStreams: limits.streamsPerConnectionMax,
    maxOutboundStreams: 256,
    maxEarlyStreams: 10,
    maxMessageSize: 65_536,
    streamOptions: {
      initialStreamWindowSize: 262_144,
      maxStreamWindowSize: WINDOW_BYTES_MAX,
      inactivityTimeout: 120_000,
      maxReadBufferLength: WINDOW_BYTES_MAX + 65_536,
    },
  }
  return () => {
    const factory: StreamMuxerFactory = yamux(init)()
    const create = factory.createStreamMuxer.bind(factory)
    factory.createStreamMuxer = (connection: MultiaddrConnection): StreamMuxer => {
      const muxer = create(connection)
      watch(muxer as StreamMuxer & MuxerInput, new FrameGuard(limits.newStreamsPerSecondMax, monotonicMs))
      return muxer
    }
    return factory
  }
}

function watch(muxer: MuxerInput, guard: FrameGuard): void {
  const onData = muxer.onData.bind(muxer)
  muxer.onData = (data) => {
    guard.check(data.subarray())
    onData(data)
  }
}
