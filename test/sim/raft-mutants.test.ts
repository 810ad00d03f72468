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

/** Mutants that are found soon, and after how many seeds at most; the others are in docs/simulation.md. */
const FOUND: readonly (readonly [Mutant, number])[] = [
  ['shim-nothing-waits', 3],
  ['carry-vote', 3],
  ['send-before-sync', 3],
  ['advance-before-write', 3],
  ['split-transaction', 3],
  ['drop-entries', 3],
  ['underway-as-stable', 3],
  ['full-as-stable', 5],
  ['go-on-after-fault', 3],
  ['forget-vote', 5],
  ['membership-from-start', 3],
  ['membership-not-kept', 5],
  ['apply-twice', 5],
  ['skip-entry', 3],
  ['compact-too-far', 5],
  ['skip-after-snapshot', 5],
  ['ack-at-propose', 3],
  ['ack-unknown', 9],
  ['ack-on-lost-leader', 3],
  ['forget-settled', 3],
  ['read-without-quorum', 5],
  ['read-before-applied', 3],
  ['effect-twice', 5],
  ['effect-skip', 5],
  ['effect-once-sent', 9],
  ['admit-all', 7],
  ['sign-before-noting', 3],
  ['forget-notes', 3],
  ['cert-small-quorum', 3],
  ['cert-not-recorded', 5],
  ['links-not-sent', 5],
  ['proof-unchecked', 5],
]

describe('a host that is broken on purpose', () => {
  it.each(FOUND)('%s is found within %i seeds', (mutant, seedsMax) => {
    expect(huntMutant(mutant, parts, seedsMax)).toBeDefined()
  })

  it('is broken in at least twenty ways that are found soon', () => {
    const soon = new Set<string>(FOUND.map(([mutant]) => mutant))
    expect(MUTANTS.filter((mutant) => soon.has(mutant)).length).toBeGreaterThanOrEqual(20)
  })
})
