/** How much is at stake in a need. Source: protocol.md, "Verbs" (NEED); economy.md, "Bounties and payout". */
export type TaskClass = 'simple' | 'complex' | 'critical'

/** What a challenge says is wrong with a result. Source: economy.md, "Challenges". */
export type ProofType =
  | 'SCHEMA_VIOLATION'
  | 'MISSING_CITATION'
  | 'SEMANTIC_CONTRADICTION'
  | 'OUTPUT_MISMATCH'
  | 'POLICY_BREACH'
