/**
 * npm run sim:core -- [--seed N] [--seeds COUNT] [--steps COUNT] [--needs COUNT] [--signatures] [--certificates]
 * Plays whole lives of needs by honest and dishonest people under virtual time, one seed a line. At the first broken promise
 * it looks for a smaller play that breaks it too, prints that one's history, and ends with 1.
 *
 * npm run sim:core -- --mutants [--seeds COUNT]: breaks one rule after another and prints which check found it, and by
 * which seed; ends with 1 when one is not found.
 */
import { parseArgs } from 'node:util'
import { nodeCrypto } from '../src/adapters/crypto/node-crypto.ts'
import { minimise } from '../src/sim/heart/minimise.ts'
import { type RunOptions, runPlay } from '../src/sim/heart/run-play.ts'
import { hunt } from './sim-core/hunt.ts'
import { RULE_MUTANTS } from './sim-core/mutants.ts'

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    seeds: { type: 'string', default: '1' },
    steps: { type: 'string', default: '600' },
    needs: { type: 'string', default: '4' },
    signatures: { type: 'boolean', default: false },
    certificates: { type: 'boolean', default: false },
    quiet: { type: 'boolean', default: false },
    mutants: { type: 'boolean', default: false },
    'first-only': { type: 'boolean', default: false },
  },
})

function main(): void {
  const first = Number(values.seed)
  const begun = performance.now()
  const sums = { items: 0, needs: 0 }
  for (let seed = first; seed < first + Number(values.seeds); seed++) {
    const options: RunOptions = {
      crypto: nodeCrypto,
      seed,
      steps: Number(values.steps),
      needs: Number(values.needs),
      checksSignatures: values.signatures,
      certifies: values.certificates,
    }
    try {
      const { items, needs, outcomes, hash } = runPlay(options)
      sums.items += items
      sums.needs += needs
      if (!values.quiet)
        console.log(`seed ${seed} ok: ${items} items, ${JSON.stringify(outcomes)}, hub ${hash.slice(0, 16)}`)
    } catch (error) {
      process.exitCode = 1
      if (values['first-only']) {
        console.log(
          `seed ${seed} VIOLATION ${error instanceof Error ? `${error.name}: ${error.message}` : String(error)}`,
        )
        return
      }
      const { smallest, violation, history } = minimise(options, error)
      console.log(`seed ${seed} VIOLATION ${violation}`)
      console.log(`smallest play found: ${JSON.stringify(smallest)}`)
      for (const line of history) console.log(line)
      return
    }
  }
  const seconds = (performance.now() - begun) / 1_000
  console.log(
    `${values.seeds} seeds from ${first} clean: ${sums.items} items, ${sums.needs} needs, ${seconds.toFixed(1)} s`,
  )
}

function huntAll(): void {
  console.log('| broken rule | found by | seed |\n| --- | --- | --- |')
  for (const mutant of RULE_MUTANTS) {
    const { name, check, seed } = hunt(mutant, Math.max(60, Number(values.seeds)))
    console.log(`| ${name} | ${check ?? 'NOT FOUND'} | ${seed} |`)
    if (check === undefined) process.exitCode = 1
  }
}

if (values.mutants) huntAll()
else main()
