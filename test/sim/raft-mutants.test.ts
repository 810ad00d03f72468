import { crc32 } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { nodeCrypto } from '../../src/adapters/crypto/node-crypto.ts'
import { compileEngine, readEngineFiles } from '../../src/adapters/etcd-raft/engine-module.ts'
import { MUTANTS, type Mutant } from '../../src/services/raft-host/seam.ts'
import { huntMutant } from '../../src/sim/raft/hunt.ts'

const parts = {
  module: compileEngine(readEngineFiles()),
  sha256: nodeCrypto.sha256,
  checksum: crc32,
  steps: 5000,
}

/** Those that are found within so many seeds, most in the first; the others are in docs/simulation.md. */
const SEEDS_MAX = 12
const FOUND: readonly Mutant[] = [
  'shim-nothing-waits',
  'carry-vote',
  'send-before-sync',
  'advance-before-write',
  'split-transaction',
  'drop-entries',
  'underway-as-stable',
  'full-as-stable',
  'go-on-after-fault',
  'forget-vote',
  'membership-from-start',
  'membership-not-kept',
  'apply-twice',
  'skip-entry',
  'compact-too-far',
  'skip-after-snapshot',
  'ack-at-propose',
  'ack-unknown',
  'ack-on-lost-leader',
  'forget-settled',
  'forget-alone',
  'read-without-quorum',
  'read-before-applied',
  'effect-twice',
  'effect-skip',
  'effect-once-sent',
  'admit-all',
  'sign-before-noting',
  'forget-notes',
  'cert-small-quorum',
  'cert-not-recorded',
  'links-not-sent',
  'proof-unchecked',
]

describe('a host that is broken on purpose', () => {
  it.each(FOUND)('%s is found', (mutant) => {
    expect(huntMutant(mutant, parts, SEEDS_MAX)).toBeDefined()
  })

  it('is broken in at least twenty ways that are found soon', () => {
    const soon = new Set<string>(FOUND)
    expect(MUTANTS.filter((mutant) => soon.has(mutant)).length).toBeGreaterThanOrEqual(20)
  })
})
