import { crc32 } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { nodeCrypto } from '../../src/adapters/crypto/node-crypto.ts'
import { compileEngine, readEngineFiles } from '../../src/adapters/etcd-raft/engine-module.ts'
import { MUTANTS, type Mutant } from '../../src/services/raft-host/seam.ts'
import { checkThatFinds } from '../../src/sim/raft/hunt.ts'

const parts = {
  module: compileEngine(readEngineFiles()),
  sha256: nodeCrypto.sha256,
  checksum: crc32,
  steps: 5000,
}

/** Mutants that a seed finds soon, and the seed; the others are in docs/simulation.md. */
const FOUND: readonly (readonly [Mutant, number])[] = [
  ['shim-nothing-waits', 1],
  ['carry-vote', 1],
  ['send-before-sync', 1],
  ['advance-before-write', 1],
  ['split-transaction', 1],
  ['drop-entries', 1],
  ['underway-as-stable', 1],
  ['full-as-stable', 2],
  ['go-on-after-fault', 1],
  ['forget-vote', 2],
  ['membership-from-start', 1],
  ['membership-not-kept', 2],
  ['apply-twice', 2],
  ['skip-entry', 1],
  ['compact-too-far', 2],
  ['skip-after-snapshot', 2],
  ['ack-at-propose', 1],
  ['ack-unknown', 4],
  ['ack-on-lost-leader', 1],
  ['forget-settled', 1],
  ['read-without-quorum', 2],
  ['read-before-applied', 1],
  ['effect-twice', 2],
  ['effect-skip', 2],
  ['effect-once-sent', 4],
  ['admit-all', 3],
  ['sign-before-noting', 1],
  ['forget-notes', 1],
  ['cert-small-quorum', 1],
  ['cert-not-recorded', 2],
  ['links-not-sent', 2],
  ['proof-unchecked', 2],
]

describe('a host that is broken on purpose', () => {
  it.each(FOUND)('%s is found in seed %i', (mutant, seed) => {
    expect(checkThatFinds(mutant, { ...parts, seed })).toBeDefined()
  })

  it('is broken in at least twenty ways that are found soon', () => {
    const soon = new Set<string>(FOUND.map(([mutant]) => mutant))
    expect(MUTANTS.filter((mutant) => soon.has(mutant)).length).toBeGreaterThanOrEqual(20)
  })
})
