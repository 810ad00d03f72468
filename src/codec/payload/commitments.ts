/**
 * Hashes by which a sender binds itself to what it shows later. Each names the network, the place and the sender,
 * so that nobody can use another's. Source: protocol.md, "Verbs"; "Signed types" (every hash over several things is
 * over a dag-cbor list).
 */
import type { Did } from '../../model/ids.ts'
import type { Sha256 } from '../../ports/crypto.ts'
import type { CID } from '../cid.ts'
import { hashDagCbor } from '../dag-cbor/encode.ts'
import type { Payload } from './verbs.ts'

/** What a PROPOSE says of a sealed plan; `bidder` sends both. */
export function planCommitment(
  net: CID,
  bidder: Did,
  {
    need_id,
    bid_round,
    patch,
    salt,
  }: Pick<Payload<'REVEAL_PLAN'>, 'need_id' | 'bid_round' | 'patch' | 'salt'>,
  sha256: Sha256,
): Uint8Array {
  return hashDagCbor(['canswarm/plan-commitment/1', net, need_id, bid_round, bidder, patch, salt], sha256)
}

/** What an ATTEST_COMMIT says of the ATTEST; a verdict without an artifact of its own has null in its place. */
export function verdictCommitment(
  net: CID,
  seat: Did,
  attest: Pick<Payload<'ATTEST'>, 'need_id' | 'attempt' | 'commit_id' | 'verdict' | 'artifact' | 'digest'>,
  salt: Uint8Array,
  sha256: Sha256,
): Uint8Array {
  const { need_id, attempt, commit_id, verdict, artifact, digest } = attest
  return hashDagCbor(
    [
      'canswarm/verdict-commitment/1',
      net,
      need_id,
      attempt,
      commit_id,
      seat,
      [verdict, artifact ?? null, digest, salt],
    ],
    sha256,
  )
}

/** What a CHALLENGE_COMMIT says of the CHALLENGE. */
export function challengeCommitment(
  net: CID,
  challenger: Did,
  challenge: Pick<Payload<'CHALLENGE'>, 'need_id' | 'attempt' | 'proof_type' | 'proof' | 'evidence' | 'salt'>,
  sha256: Sha256,
): Uint8Array {
  const { need_id, attempt, proof_type, proof, evidence, salt } = challenge
  return hashDagCbor(
    ['canswarm/challenge-commitment/1', net, need_id, attempt, challenger, proof_type, proof, evidence, salt],
    sha256,
  )
}
