import type { Connection, Libp2p, Stream, StreamHandlerOptions } from '@libp2p/interface'
import { FaultError } from '../../model/fault.ts'
import type { Did } from '../../model/ids.ts'
import { didOfPeer, peerOfDid } from './identity.ts'
import { POINTS } from './limits.ts'

/** What a peer's streams are opened and taken with. */
export interface ProtocolStreamsDeps {
  readonly libp2p: Libp2p
  readonly penalise: (did: Did, points: number, why: string) => void
  readonly count: (what: string) => void
}

/** Streams that a connection may open above a protocol's limit, to be charged for each before the library resets them. */
const CHARGED_STREAMS = 8
const STREAMS_OUT_MAX = 256

/** Opens and takes streams, and counts those that each peer has open towards this node. */
export class ProtocolStreams {
  readonly #deps: ProtocolStreamsDeps

  constructor(deps: ProtocolStreamsDeps) {
    this.#deps = deps
  }

  /** Takes streams of a protocol; those of a peer above the limit are reset and charged. */
  take(protocol: string, perPeerMax: number, handler: (stream: Stream, from: Did) => void): void {
    const open = new Map<Did, number>()
    const onStream = (stream: Stream, connection: Connection): void => {
      const from = didOfPeer(connection.remotePeer)
      if (from === undefined) return stream.abort(new Error('not a key of this network'))
      if (stream.status !== 'open') return
      const count = (open.get(from) ?? 0) + 1
      if (count > perPeerMax) return this.#refuse(stream, from, protocol)
      open.set(from, count)
      stream.addEventListener('close', () => leave(open, from), { once: true })
      handler(stream, from)
    }
    const options: StreamHandlerOptions = {
      maxInboundStreams: perPeerMax + CHARGED_STREAMS,
      maxOutboundStreams: STREAMS_OUT_MAX,
      runOnLimitedConnection: true,
      force: true,
    }
    this.#deps.libp2p.handle(protocol, onStream, options).catch(() => this.#deps.count('handle-failed'))
  }

  /** Faults `peer-unreachable`, `peer-refused`. Rejects with the signal's reason when that is what ended it. */
  async open(peer: Did, protocol: string, signal: AbortSignal): Promise<Stream> {
    const connection = await this.#connectionTo(peer, signal)
    try {
      return await connection.newStream(protocol, {
        signal,
        maxOutboundStreams: STREAMS_OUT_MAX,
        runOnLimitedConnection: true,
      })
    } catch (cause) {
      signal.throwIfAborted()
      if (connection.status !== 'open') throw new FaultError('peer-unreachable', `${peer} is gone`, { cause })
      throw new FaultError('peer-refused', `${peer} does not take ${protocol}`, { cause })
    }
  }

  /** Direct ones first, oldest first: both sides then use the same one when they dialled each other at once. */
  openConnection(peer: Did): Connection | undefined {
    const open = this.#deps.libp2p.getConnections(peerOfDid(peer)).filter(({ status }) => status === 'open')
    return open.sort((a, b) => Number(b.direct) - Number(a.direct) || a.timeline.open - b.timeline.open)[0]
  }

  async #connectionTo(peer: Did, signal: AbortSignal): Promise<Connection> {
    const open = this.openConnection(peer)
    if (open !== undefined) return open
    try {
      return await this.#deps.libp2p.dial(peerOfDid(peer), { signal })
    } catch (cause) {
      signal.throwIfAborted()
      throw new FaultError('peer-unreachable', `${peer} cannot be reached`, { cause })
    }
  }

  #refuse(stream: Stream, from: Did, protocol: string): void {
    stream.abort(new Error('too many streams'))
    this.#deps.count('stream-beyond-limit')
    this.#deps.penalise(from, POINTS.streamBeyondLimit, `too many streams of ${protocol}`)
  }
}

function leave(open: Map<Did, number>, from: Did): void {
  const left = (open.get(from) ?? 0) - 1
  if (left > 0) open.set(from, left)
  else open.delete(from)
}
