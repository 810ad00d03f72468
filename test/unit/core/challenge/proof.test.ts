import { describe, expect, it } from 'vitest'
import type { Payload } from '../../../../src/codec/payload/verbs.ts'
import { judgeProof, leastBond } from '../../../../src/core/challenge/proof.ts'
import type { Micro } from '../../../../src/model/micro.ts'
import { defaultParameters } from '../../../../src/model/parse-parameters.ts'
import type { ProofType, TaskClass } from '../../../../src/model/task.ts'
import { someLink } from '../../../setup/heart-bucket.ts'

const PARAMETERS = defaultParameters('production')
const CREDIT = 1_000_000n

function challenge(proof_type: ProofType, size_bytes = 0, gas_estimate = 0): Payload<'CHALLENGE'> {
  return {
    need_id: someLink(1),
    attempt: 0,
    proof_type,
    proof: { size_bytes, gas_estimate },
    evidence: { inline: new Uint8Array() },
    salt: new Uint8Array(32),
  }
}

function codeOf(
  said: Payload<'CHALLENGE'>,
  bond: bigint,
  taskClass: TaskClass = 'simple',
): string | undefined {
  return judgeProof(said, (bond * CREDIT) as Micro, taskClass, PARAMETERS)?.code
}

describe('bounds of a challenge (economy.md, "Challenges")', () => {
  it('each proof type has its bond, times the class', () => {
    const rows: readonly [ProofType, bigint][] = [
      ['SCHEMA_VIOLATION', 10n],
      ['MISSING_CITATION', 25n],
      ['SEMANTIC_CONTRADICTION', 50n],
      ['OUTPUT_MISMATCH', 100n],
      ['POLICY_BREACH', 25n],
    ]
    for (const [type, bond] of rows) {
      expect(codeOf(challenge(type), bond - 1n)).toBe('INSUFFICIENT_FUNDS')
      expect(codeOf(challenge(type), bond)).toBeUndefined()
      expect(codeOf(challenge(type), 5n * bond - 1n, 'critical')).toBe('INSUFFICIENT_FUNDS')
      expect(codeOf(challenge(type), 2n * bond, 'complex')).toBeUndefined()
    }
  })

  it('a commitment states at least the smallest bond of its class', () => {
    expect(leastBond('simple', PARAMETERS)).toBe(10n * CREDIT)
    expect(leastBond('critical', PARAMETERS)).toBe(50n * CREDIT)
  })

  it('a proof has at most 10 KB and 100,000 gas; doing the work again costs what the NEED allows', () => {
    expect(codeOf(challenge('SCHEMA_VIOLATION', 10_240, 100_000), 10n)).toBeUndefined()
    expect(codeOf(challenge('SCHEMA_VIOLATION', 10_241), 10n)).toBe('TOO_LARGE')
    expect(codeOf(challenge('SCHEMA_VIOLATION', 0, 100_001), 10n)).toBe('GAS_EXCEEDED')
    expect(codeOf(challenge('OUTPUT_MISMATCH', 0, 100_001), 100n)).toBeUndefined()
  })
})
