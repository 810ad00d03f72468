import { describe, expect, it } from 'vitest'
import { cidOf } from '../../../../src/codec/cid.ts'
import { encodeDagCbor } from '../../../../src/codec/dag-cbor/encode.ts'
import {
  challengeCommitment,
  planCommitment,
  verdictCommitment,
} from '../../../../src/codec/payload/commitments.ts'
import { NET, OTHER_NET, sha256 } from '../../../setup/arbitrary-envelope.ts'
import { testSigner } from '../../../setup/arbitrary-field.ts'

const link = cidOf(encodeDagCbor('a need'), sha256)
const other = cidOf(encodeDagCbor('another'), sha256)
const alice = testSigner(1).did
const bob = testSigner(2).did
const salt = new Uint8Array(32).fill(4)
const otherSalt = new Uint8Array(32).fill(5)

const plan = {
  need_id: link,
  bid_round: 0,
  patch: {
    ops: [{ op_id: 'o', op_type: 'PRODUCES', task_id: 't', payload: { produces: 'x' } }],
    base_lamport: 1,
  },
  salt,
} as const

const attest = {
  need_id: link,
  attempt: 0,
  commit_id: link,
  verdict: 'accept',
  artifact: link,
  digest: new Uint8Array(32),
} as const

const challenge = {
  need_id: link,
  attempt: 0,
  proof_type: 'OUTPUT_MISMATCH',
  proof: { size_bytes: 3, gas_estimate: 100 },
  evidence: { inline: new Uint8Array(3) },
  salt,
} as const

const { artifact: _artifact, ...attestWithoutArtifact } = attest

describe('a commitment binds to everything that is shown later, and to who shows it', () => {
  it('no two of these are the same', () => {
    const all = [
      planCommitment(NET, alice, plan, sha256),
      planCommitment(OTHER_NET, alice, plan, sha256),
      planCommitment(NET, bob, plan, sha256),
      planCommitment(NET, alice, { ...plan, need_id: other }, sha256),
      planCommitment(NET, alice, { ...plan, bid_round: 1 }, sha256),
      planCommitment(NET, alice, { ...plan, patch: { ...plan.patch, base_lamport: 2 } }, sha256),
      planCommitment(NET, alice, { ...plan, salt: otherSalt }, sha256),
      verdictCommitment(NET, alice, attest, salt, sha256),
      verdictCommitment(OTHER_NET, alice, attest, salt, sha256),
      verdictCommitment(NET, bob, attest, salt, sha256),
      verdictCommitment(NET, alice, { ...attest, need_id: other }, salt, sha256),
      verdictCommitment(NET, alice, { ...attest, attempt: 1 }, salt, sha256),
      verdictCommitment(NET, alice, { ...attest, commit_id: other }, salt, sha256),
      verdictCommitment(NET, alice, { ...attest, verdict: 'reject' }, salt, sha256),
      verdictCommitment(NET, alice, attestWithoutArtifact, salt, sha256),
      verdictCommitment(NET, alice, { ...attest, digest: otherSalt }, salt, sha256),
      verdictCommitment(NET, alice, attest, otherSalt, sha256),
      challengeCommitment(NET, alice, challenge, sha256),
      challengeCommitment(OTHER_NET, alice, challenge, sha256),
      challengeCommitment(NET, bob, challenge, sha256),
      challengeCommitment(NET, alice, { ...challenge, need_id: other }, sha256),
      challengeCommitment(NET, alice, { ...challenge, attempt: 1 }, sha256),
      challengeCommitment(NET, alice, { ...challenge, proof_type: 'POLICY_BREACH' }, sha256),
      challengeCommitment(NET, alice, { ...challenge, proof: { size_bytes: 4, gas_estimate: 100 } }, sha256),
      challengeCommitment(NET, alice, { ...challenge, evidence: { cid: link, size: 3 } }, sha256),
      challengeCommitment(NET, alice, { ...challenge, salt: otherSalt }, sha256),
    ]
    for (const one of all) expect(one).toHaveLength(32)
    expect(new Set(all.map((one) => one.toHex())).size).toBe(all.length)
  })

  it('is the SHA-256 of a dag-cbor list', () => {
    const list = ['canswarm/plan-commitment/1', NET, link, 0, alice, plan.patch, salt]
    expect(planCommitment(NET, alice, plan, sha256)).toEqual(sha256(encodeDagCbor(list)))
    const verdict = [
      'canswarm/verdict-commitment/1',
      NET,
      link,
      0,
      link,
      alice,
      ['accept', null, attest.digest, salt],
    ]
    expect(verdictCommitment(NET, alice, attestWithoutArtifact, salt, sha256)).toEqual(
      sha256(encodeDagCbor(verdict)),
    )
  })
})
