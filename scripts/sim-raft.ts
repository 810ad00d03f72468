/**
 * npm run sim:raft -- [--seed N] [--seeds COUNT] [--steps COUNT] [--mutant NAME] [--quiet] [--porcupine]
 * Runs seeds of the raft simulation, one line each, and ends with 1 at the first broken promise. `--from` is another
 * name of `--seed`. With `--porcupine` every history is checked by Porcupine too, where Go is.
 *
 * npm run sim:raft -- --mutants [--seeds COUNT] [--steps COUNT]
 * Runs each way to break shim, store, host and certificates until a check finds it, and prints the table. Ends with 1
 * when fewer than twenty are found.
 */
import { parseArgs } from 'node:util'
import { crc32 } from 'node:zlib'
import { nodeCrypto } from '../src/adapters/crypto/node-crypto.ts'
import { compileEngine, readEngineFiles } from '../src/adapters/etcd-raft/engine-module.ts'
import { MUTANTS, type Mutant } from '../src/services/raft-host/seam.ts'
import { huntMutant } from '../src/sim/raft/hunt.ts'
import { runSim } from '../src/sim/raft/run.ts'
import { Violation } from '../src/sim/raft/violation.ts'
import { judgeHistory } from './sim-raft/porcupine.ts'

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    from: { type: 'string' },
    seeds: { type: 'string' },
    steps: { type: 'string' },
    mutant: { type: 'string' },
    mutants: { type: 'boolean', default: false },
    quiet: { type: 'boolean', default: false },
    porcupine: { type: 'boolean', default: false },
  },
})
/** Groups of every so manyth seed have certificates. */
const CERTIFIED_EVERY = 4
const FOUND_MIN = 20
const parts = { module: compileEngine(readEngineFiles()), sha256: nodeCrypto.sha256, checksum: crc32 }

function runSeeds(first: number, count: number, steps: number, mutant: Mutant | undefined): void {
  const begun = performance.now()
  const sum = { steps: 0, acknowledged: 0, expired: 0, kills: 0, deposed: 0, frames: 0, certificates: 0 }
  for (let seed = first; seed < first + count; seed++) {
    const started = performance.now()
    try {
      const result = runSim({ ...parts, seed, steps, mutant, certified: seed % CERTIFIED_EVERY === 0 })
      if (values.porcupine) judgeHistory(seed, result.history)
      for (const name of [
        'steps',
        'acknowledged',
        'expired',
        'kills',
        'deposed',
        'frames',
        'certificates',
      ] as const)
        sum[name] += result[name]
      if (!values.quiet)
        console.log(`seed ${seed} ok: ${lineOf(result)}, ${Math.round(performance.now() - started)} ms`)
    } catch (error) {
      console.log(`seed ${seed} ${error instanceof Violation ? `VIOLATION ${error.message}` : 'crashed'}`)
      if (!(error instanceof Violation)) throw error
      process.exitCode = 1
      return
    }
  }
  const seconds = (performance.now() - begun) / 1000
  console.log(
    `${count} seeds from ${first} clean: ${sum.steps} steps, ${sum.acknowledged} acknowledged, ${sum.expired} expired, ${sum.kills} kills, ${sum.deposed} depositions, ${sum.frames} frames, ${sum.certificates} certificates, ${seconds.toFixed(1)} s, ${Math.round(sum.steps / seconds)} steps/s`,
  )
}

function lineOf(result: ReturnType<typeof runSim>): string {
  const {
    nodes,
    virtualMs,
    acknowledged,
    refused,
    reads,
    frames,
    applied,
    kills,
    deposed,
    certificates,
    trace,
  } = result
  return `${nodes} nodes, ${virtualMs} virtual ms, ${acknowledged} acknowledged, ${refused} refused, ${reads} reads, ${frames} frames, ${applied} entries, ${kills} kills, ${deposed} depositions, ${certificates} certificates, trace ${trace}`
}

function printMutants(seedsMax: number, steps: number): void {
  console.log('| mutant | found by | after seeds |\n| --- | --- | --- |')
  let found = 0
  for (const mutant of MUTANTS) {
    const by = huntMutant(mutant, { ...parts, steps }, seedsMax)
    if (by !== undefined) found++
    console.log(`| ${mutant} | ${by?.check ?? 'nothing'} | ${by?.seed ?? `not in ${seedsMax}`} |`)
  }
  console.log(`\n${found} of ${MUTANTS.length} found`)
  if (found < FOUND_MIN) process.exitCode = 1
}

if (values.mutants) printMutants(Number(values.seeds ?? 60), Number(values.steps ?? 5000))
else {
  const mutant = MUTANTS.find((name) => name === values.mutant)
  if (values.mutant !== undefined && mutant === undefined) throw new Error(`no mutant ${values.mutant}`)
  runSeeds(
    Number(values.from ?? values.seed),
    Number(values.seeds ?? 1),
    Number(values.steps ?? 20_000),
    mutant,
  )
}
