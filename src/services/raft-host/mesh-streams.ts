import { FaultError } from '../../model/fault.ts'
import type { Did } from '../../model/ids.ts'
import type { RaftId } from '../../model/raft.ts'
import type { Mesh } from '../../ports/mesh.ts'
import type { ByteStream, RaftTransport } from '../../ports/raft-transport.ts'
import type { StreamTransport } from './stream-transport.ts'

/** How raft's nodes are found among the mesh's peers. */
export interface MeshStreamsDeps {
  readonly mesh: Pick<Mesh, 'handleStream' | 'openStream' | 'penalise'>
  /** Stands in the protocol's name. */
  readonly network: string
  readonly didOf: (peer: RaftId) => Did | undefined
  /** Undefined: no member that may speak raft. */
  readonly raftIdOf: (did: Did) => RaftId | undefined
}

/** What a `StreamTransport` takes of a mesh. */
export interface MeshStreams {
  /** For `StreamTransportDeps.dial`. Faults as `Mesh.openStream`, and `peer-unreachable` for a node of which nothing is known. */
  dial(peer: RaftId): Promise<ByteStream>
  /** Streams of members go to the transport from now on, by the raft id that their connection proves. */
  serve(transport: Pick<StreamTransport, 'accept'>): void
  /** The same transport, but that whom it distrusts is charged. */
  scored(transport: RaftTransport): RaftTransport
}

/** One in use, and ones that broke without this side having noticed. */
const STREAMS_PER_PEER_MAX = 4
const UNREAD_BYTES_MAX = 1_048_576
/** Half of what leads to a ban. */
const DISTRUST_POINTS = 35
const STRANGER_POINTS = 5

/** Raft frames over the mesh, protocol `/canswarm/<net>/raft/1`. Source: consensus.md, "The raft host". */
export function meshStreams({ mesh, network, didOf, raftIdOf }: MeshStreamsDeps): MeshStreams {
  const protocol = `/canswarm/${network}/raft/1`
  const refuse = (stream: ByteStream, from: Did): void => {
    stream.close('not a member')
    mesh.penalise(from, STRANGER_POINTS, 'raft frames of a stranger')
  }
  return {
    async dial(peer) {
      const did = didOf(peer)
      if (did === undefined) throw new FaultError('peer-unreachable', `nothing is known of raft node ${peer}`)
      return mesh.openStream(did, protocol, UNREAD_BYTES_MAX)
    },
    serve(transport) {
      const limits = { streamsPerPeerMax: STREAMS_PER_PEER_MAX, unreadBytesMax: UNREAD_BYTES_MAX }
      mesh.handleStream(protocol, limits, (stream, from) => {
        const peer = raftIdOf(from)
        if (peer !== undefined) void transport.accept(stream, peer)
        else refuse(stream, from)
      })
    },
    scored: (transport) => ({
      send: (to, frame) => transport.send(to, frame),
      follow: (peers) => transport.follow(peers),
      distrust(peer, why) {
        transport.distrust(peer, why)
        const did = didOf(peer)
        if (did !== undefined) mesh.penalise(did, DISTRUST_POINTS, why)
      },
    }),
  }
}
