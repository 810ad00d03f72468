import { base58btc } from 'multiformats/bases/base58'
import type { PeerId, PublicKey } from '../../model/ids.ts'
import { type Rejection, reject } from '../../model/rejection.ts'
import { ok, type Result } from '../../model/result.ts'
import { concatBytes, equalBytes } from '../bytes.ts'
import { type CID, decodeCid } from '../cid.ts'

/**
 * Identity multihash (0x00) of 36 bytes (0x24), which are the protobuf PublicKey { Type: Ed25519 (1), Data: 32 bytes }.
 * Source: libp2p specification, "Peer Ids and Keys".
 */
const PREFIX = Uint8Array.of(0x00, 0x24, 0x08, 0x01, 0x12, 0x20)
const PEER_ID_TEXT = /^12D3KooW[1-9A-HJ-NP-Za-km-z]{44}$/

/** `12D3KooW…`, 52 characters: base58btc without multibase prefix. */
export function peerIdOfKey(key: PublicKey): PeerId {
  return base58btc.baseEncode(concatBytes(PREFIX, key)) as PeerId
}

/**
 * The 32 raw bytes that a PeerId names, not yet accepted as a key. Takes the base58 text of an Ed25519 PeerId alone,
 * not its CID form. Rejects MALFORMED.
 */
export function keyOfPeerId(text: string): Result<Uint8Array, Rejection> {
  const refused = reject('MALFORMED', 'a peer id is the base58 text of an Ed25519 key, 12D3KooW…')
  if (!PEER_ID_TEXT.test(text)) return refused
  const bytes = base58btc.baseDecode(text)
  if (bytes.length !== PREFIX.length + 32 || !equalBytes(bytes.subarray(0, PREFIX.length), PREFIX))
    return refused
  return ok(bytes.slice(PREFIX.length))
}

/** CIDv1 of the codec libp2p-key. */
const KEY_CID_HEAD = Uint8Array.of(1, 0x72)

/** A PeerId in its CID form, as the libraries of content routing take it. */
export function peerCidOfKey(key: Uint8Array): CID {
  return decodeCid(concatBytes(KEY_CID_HEAD, PREFIX, key)) as CID
}
