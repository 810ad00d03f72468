import { generateKeyPairFromSeed, publicKeyFromRaw } from '@libp2p/crypto/keys'
import type { Ed25519PrivateKey, PeerId } from '@libp2p/interface'
import { peerIdFromPublicKey } from '@libp2p/peer-id'
import { didOfKey, keyOfDid } from '../../codec/did/did-key.ts'
import { assert } from '../../model/fault.ts'
import type { Did, PublicKey, SecretKey } from '../../model/ids.ts'
import { LruMap } from '../../model/lru-map.ts'

/** Peers whose names are kept in both forms; each takes about 400 bytes. */
const NAMES_MAX = 4096

const didByPeer = new LruMap<string, Did>(NAMES_MAX)
const peerByDid = new LruMap<Did, PeerId>(NAMES_MAX)

/** The node's key as libp2p wants it. Source: protocol.md, "Identity": one Ed25519 key for envelopes and connections. */
export function libp2pKeyOf(secret: SecretKey): Promise<Ed25519PrivateKey> {
  return generateKeyPairFromSeed('Ed25519', secret)
}

/** The DID of a peer; undefined for a PeerId of another kind of key, whom this network does not know. */
export function didOfPeer(peer: PeerId): Did | undefined {
  if (peer.type !== 'Ed25519') return undefined
  const text = peer.toString()
  const known = didByPeer.get(text)
  if (known !== undefined) return known
  // Noise has shown that the peer has the secret of this key, so it is one.
  const did = didOfKey(peer.publicKey.raw as PublicKey)
  didByPeer.set(text, did)
  return did
}

/** The DID of a peer that was named lately, by the text of its PeerId: everybody that is connected was. */
export function didOfPeerText(text: string): Did | undefined {
  return didByPeer.get(text)
}

/** The PeerId of the same key. A DID that a parse returned always has one. */
export function peerOfDid(did: Did): PeerId {
  const known = peerByDid.get(did)
  if (known !== undefined) return known
  const key = keyOfDid(did)
  assert(key.ok, 'a Did names an Ed25519 key')
  const peer = peerIdFromPublicKey(publicKeyFromRaw(key.value))
  peerByDid.set(did, peer)
  return peer
}
