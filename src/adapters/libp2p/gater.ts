import type { ConnectionGater, PeerId } from '@libp2p/interface'
import type { Did } from '../../model/ids.ts'
import { didOfPeer } from './identity.ts'

/** What decides about connections. */
export interface GaterDeps {
  readonly connectionsPerPeerMax: number
  readonly isBanned: (did: Did) => boolean
  readonly connectionsOf: (peer: PeerId) => number
  readonly count: (what: string) => void
}

/** No connection with a banned peer, with a key that is not Ed25519, or above what one peer may have. */
export function gaterOf({
  connectionsPerPeerMax,
  isBanned,
  connectionsOf,
  count,
}: GaterDeps): ConnectionGater {
  const isForeign = (peer: PeerId): boolean => {
    const did = didOfPeer(peer)
    const isDenied = did === undefined || isBanned(did)
    if (isDenied) count('connection-denied')
    return isDenied
  }
  return {
    denyDialPeer: isForeign,
    denyInboundEncryptedConnection: isForeign,
    denyOutboundEncryptedConnection: isForeign,
    denyInboundUpgradedConnection: (peer) => {
      const isTooMany = connectionsOf(peer) >= connectionsPerPeerMax
      if (isTooMany) count('connection-beyond-limit')
      return isTooMany
    },
  }
}
