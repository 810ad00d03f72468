import { FaultError } from '../../model/fault.ts'
import type { Mesh } from '../../ports/mesh.ts'
import { gaterOf } from './gater.ts'
import { didOfPeerText, libp2pKeyOf, peerOfDid } from './identity.ts'
import { createHost, type Host } from './libp2p-init.ts'
import { MESH_LIMITS, type MeshLimits } from './limits.ts'
import { MeshHost } from './mesh-host.ts'
import type { MeshOptions } from './options.ts'
import { PeerBook } from './peer-book.ts'
import { PeerDatastore } from './peer-datastore.ts'

/** A mesh and the host below it, which the content store shares. */
export interface Libp2pMesh {
  readonly mesh: Mesh
  readonly libp2p: Host
}

/**
 * Opens the node's place in the network; the caller stops the mesh, and with it the host. It listens and dials when this
 * resolves. Faults `mesh-listen` when an address cannot be listened on.
 */
export async function openLibp2pMesh(options: MeshOptions): Promise<Libp2pMesh> {
  const limits: MeshLimits = { ...MESH_LIMITS, ...options.limits }
  const { clock, tell = () => undefined } = options
  const counts = new Map<string, number>()
  const count = (what: string): void => void counts.set(what, (counts.get(what) ?? 0) + 1)
  const book = new PeerBook(clock, (did, why) => {
    count('banned')
    tell(`${did} is banned: ${why}`)
    for (const connection of host.getConnections(peerOfDid(did))) connection.abort(new Error('banned'))
  })
  const datastore = await PeerDatastore.open(options.peerFile, clock, (error) => {
    count('peer-file-failed')
    tell(`the peer file cannot be written: ${error instanceof Error ? error.message : 'unknown'}`)
  })
  const host: Host = await createHost({
    options,
    limits,
    key: await libp2pKeyOf(options.secret),
    datastore,
    gater: gaterOf({
      connectionsPerPeerMax: limits.connectionsPerPeerMax,
      isBanned: (did) => book.isBanned(did),
      connectionsOf: (peer) => host.getConnections(peer).length,
      count,
    }),
    appScore: (peer) => scoreByText(book, peer),
  })
  const mesh = new MeshHost({ host, options, limits, book, datastore, counts, count })
  try {
    await host.start()
  } catch (cause) {
    await mesh.stop()
    throw new FaultError('mesh-listen', `cannot listen on ${options.listen.join(', ')}`, {
      cause: plainCause(cause),
    })
  }
  mesh.start()
  return { mesh, libp2p: host }
}

/** Why the system did not let it listen: libp2p's own message is of many lines, with a stack. */
function plainCause(cause: unknown): unknown {
  const [, reason] = cause instanceof Error ? (/Error: listen (.+)/u.exec(cause.message) ?? []) : []
  return reason === undefined ? cause : new Error(reason, { cause })
}

/** Gossip knows peers by the texts of their ids. */
function scoreByText(book: PeerBook, text: string): number {
  const did = didOfPeerText(text)
  return did === undefined ? 1 : book.score(did)
}
