import { hash } from 'node:crypto'
import { nodeCrypto } from '../../src/adapters/crypto/node-crypto.ts'
import { cidFromDigest } from '../../src/codec/cid.ts'
import { acceptedKeys } from '../../src/codec/did/accepted-keys.ts'
import { didOfKey } from '../../src/codec/did/did-key.ts'
import type { Did, SecretKey } from '../../src/model/ids.ts'
import type { GroupId, RaftId } from '../../src/model/raft.ts'
import type { KeyPair } from '../../src/ports/keystore.ts'
import { type Certification, certificationOf } from '../../src/services/raft-host/certification.ts'

const NET = cidFromDigest(new Uint8Array(hash('sha256', 'certified world', 'buffer')))
const KEYS = acceptedKeys(nodeCrypto)

/** The key of a node by its raft id: the same in every run. */
function keyOf(id: RaftId): KeyPair {
  const secret = new Uint8Array(hash('sha256', `node ${id}`, 'buffer')) as SecretKey
  const publicKey = nodeCrypto.publicKeyOf(secret)
  return { did: didOfKey(publicKey), publicKey, secret }
}

const dids = new Map<RaftId, Did>()

export function didOf(id: RaftId): Did {
  const known = dids.get(id) ?? keyOf(id).did
  dids.set(id, known)
  return known
}

/** Certification for nodes whose groups all began with voters 1 to `voters`, with real signatures. */
export function certified(voters: number, liars: number): (node: RaftId) => Certification {
  const first = Array.from({ length: voters }, (_, at) => didOf((at + 1) as RaftId))
  const genesis = { net: NET, liars, generation: 0, votersOf: (_group: GroupId) => first }
  return (node) => certificationOf(nodeCrypto, KEYS, genesis, keyOf(node), didOf)
}
