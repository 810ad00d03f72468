import { crc32 } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { nodeCrypto } from '../../src/adapters/crypto/node-crypto.ts'
import { compileEngine, readEngineFiles } from '../../src/adapters/etcd-raft/engine-module.ts'
import { runSim, type SimResult } from '../../src/sim/raft/run.ts'

const module = compileEngine(readEngineFiles())
const { sha256 } = nodeCrypto
const SEEDS = Array.from({ length: 12 }, (_, n) => n + 1)

function run(seed: number, steps: number): SimResult {
  return runSim({ seed, steps, module, sha256, checksum: crc32 })
}

describe('any seed of faults', () => {
  it.each(SEEDS)('%i: no promise is broken, and all is done once the faults stop', (seed) => {
    const result = run(seed, 3000)
    // A run without load is no run.
    expect(result.acknowledged).toBeGreaterThan(20)
  })

  it('gives the same bytes on every run (W1)', () => {
    const [one, two, other] = [run(77, 1500), run(77, 1500), run(78, 1500)]
    expect(two.trace).toEqual(one.trace)
    expect(two.applied).toBe(one.applied)
    expect(other.trace).not.toEqual(one.trace)
  })
})
