/**
 * npm run sim:raft -- --seed N [--seeds COUNT] [--steps COUNT] [--mutant NAME]
 * Runs seeds of the raft simulation, one line each, and ends with 1 at the first broken promise.
 */
import { parseArgs } from 'node:util'
import { crc32 } from 'node:zlib'
import { nodeCrypto } from '../src/adapters/crypto/node-crypto.ts'
import { compileEngine, readEngineFiles } from '../src/adapters/etcd-raft/engine-module.ts'
import type { Mutant } from '../src/services/raft-host/seam.ts'
import { runSim } from '../src/sim/raft/run.ts'
import { Violation } from '../src/sim/raft/violation.ts'

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    seeds: { type: 'string', default: '1' },
    steps: { type: 'string', default: '20000' },
    mutant: { type: 'string' },
  },
})
const module = compileEngine(readEngineFiles())
const first = Number(values.seed)
for (let seed = first; seed < first + Number(values.seeds); seed++) {
  const started = performance.now()
  try {
    const { sha256 } = nodeCrypto
    const mutant = values.mutant as Mutant | undefined
    const result = runSim({ seed, steps: Number(values.steps), module, sha256, checksum: crc32, mutant })
    const { nodes, virtualMs, acknowledged, refused, reads, frames, applied, kills, trace } = result
    const ms = Math.round(performance.now() - started)
    console.log(
      `seed ${seed} ok: ${nodes} nodes, ${virtualMs} virtual ms, ${acknowledged} acknowledged, ${refused} refused, ${reads} reads, ${frames} frames, ${applied} entries, ${kills} kills, trace ${trace}, ${ms} ms`,
    )
  } catch (error) {
    if (!(error instanceof Violation)) console.log(`seed ${seed} crashed`)
    else console.log(`seed ${seed} VIOLATION ${error.message}`)
    if (!(error instanceof Violation)) throw error
    process.exitCode = 1
    break
  }
}
