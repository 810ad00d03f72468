import { crc32 } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { nodeCrypto } from '../../src/adapters/crypto/node-crypto.ts'
import { compileEngine, readEngineFiles } from '../../src/adapters/etcd-raft/engine-module.ts'
import { runSim, type SimResult } from '../../src/sim/raft/run.ts'

const module = compileEngine(readEngineFiles())
const { sha256 } = nodeCrypto
const STEPS = 3000
/** Ten at a time, so that a failure names its neighbourhood and no test takes long. */
const TENS = [1, 11, 21, 31, 41]

function run(seed: number, steps: number, certified = false): SimResult {
  return runSim({ seed, steps, module, sha256, checksum: crc32, certified })
}

describe('any seed of faults', () => {
  it.each(TENS)(
    '%i and the nine after it: no promise is broken, and all is done once the faults stop',
    (from) => {
      let [acknowledged, deposed] = [0, 0]
      for (let seed = from; seed < from + 10; seed++) {
        const done = run(seed, STEPS)
        acknowledged += done.acknowledged
        deposed += done.deposed
      }
      // Runs without load are no runs.
      expect(acknowledged).toBeGreaterThan(200)
      expect(deposed).toBeGreaterThan(5)
    },
  )

  it.each([101, 102, 103, 104])('%i with certificates', (seed) => {
    expect(run(seed, STEPS, true).certificates).toBeGreaterThan(0)
  })

  it.each([77, 78, 79])('%i gives the same bytes on every run (W1)', (seed) => {
    const [one, two, other] = [run(seed, 1500), run(seed, 1500), run(seed + 100, 1500)]
    expect(two.trace).toBe(one.trace)
    expect(two.history).toEqual(one.history)
    expect(two.applied).toBe(one.applied)
    expect(other.trace).not.toBe(one.trace)
  })
})
