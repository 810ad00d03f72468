import { gossipsub, StrictNoSign, type StrictSign } from '@libp2p/gossipsub'
import { identify } from '@libp2p/identify'
import { noise } from '@libp2p/noise'
import { ping } from '@libp2p/ping'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { createLibp2p } from 'libp2p'

/** A libp2p host that is not ours, with a gossip of its own and with no manners: it may open any number of streams. */
export function openStranger(policy: typeof StrictSign | typeof StrictNoSign = StrictNoSign) {
  return createLibp2p({
    addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux({ maxOutboundStreams: 1_000_000 })],
    connectionMonitor: { enabled: false },
    services: {
      identify: identify(),
      ping: ping(),
      gossip: gossipsub({ globalSignaturePolicy: policy, allowPublishToZeroTopicPeers: true }),
    },
  })
}

/** What of a libp2p connection lets a stranger speak yamux by hand. */
interface BareConnection {
  readonly muxer: { readonly maConn: { send(bytes: Uint8Array): boolean }; createStream(): Promise<unknown> }
}

/** Bytes straight onto the encrypted connection, below the multiplexer. */
export function sendBare(connection: unknown, bytes: Uint8Array): void {
  ;(connection as BareConnection).muxer.maConn.send(bytes)
}

/** The head of a yamux frame. Source: yamux specification, "Framing". */
export function yamuxHead(type: number, flags: number, stream: number, length: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(12))
  view.setUint8(1, type)
  view.setUint16(2, flags)
  view.setUint32(4, stream)
  view.setUint32(8, length)
  return new Uint8Array(view.buffer)
}
