import { describe, expect, it } from 'vitest'
import { broken, hunt, sourceOf } from '../../scripts/sim-core/hunt.ts'
import { RULE_MUTANTS } from '../../scripts/sim-core/mutants.ts'
import { nodeCrypto } from '../../src/adapters/crypto/node-crypto.ts'
import { readBucket } from '../../src/sim/heart/audit/reading.ts'
import type { Casting } from '../../src/sim/heart/casting.ts'
import { minimise } from '../../src/sim/heart/minimise.ts'
import { type RunOptions, runPlay } from '../../src/sim/heart/run-play.ts'
import type { Stage } from '../../src/sim/heart/stage.ts'

const SEEDS = 500
/** Plays in one test, so that a failure names a hundred seeds at most and says which one. */
const SEEDS_A_TEST = 50

function options(seed: number): RunOptions {
  return {
    crypto: nodeCrypto,
    seed,
    steps: 170,
    needs: 2,
    checksSignatures: false,
    certifies: false,
    replicas: 1,
  }
}

/** The play of a seed; what it breaks, with the smallest play that breaks it. */
function play(seed: number): ReturnType<typeof runPlay> {
  try {
    return runPlay(options(seed))
  } catch (error) {
    const { violation, smallest, history } = minimise(options(seed), error)
    throw new Error(`seed ${seed}: ${violation}\n${JSON.stringify(smallest)}\n${history.join('\n')}`, {
      cause: error,
    })
  }
}

describe('needs live their lives among honest and dishonest people', () => {
  const outcomes = new Set<string>()
  for (let first = 1; first <= SEEDS; first += SEEDS_A_TEST) {
    it(`seeds ${first} to ${first + SEEDS_A_TEST - 1} keep every promise, on every replica`, () => {
      for (let seed = first; seed < first + SEEDS_A_TEST; seed++) {
        const played = play(seed)
        expect(played.items).toBeGreaterThan(0)
        for (const outcome of Object.keys(played.outcomes)) outcomes.add(outcome)
      }
    })
  }

  it('and come to every kind of end', () => {
    for (const outcome of ['SETTLED', 'EXPIRED', 'SPLIT']) expect(outcomes).toContain(outcome)
  })

  it('challenges that no seat decides go to people, who may say something or not', () => {
    const casting: Casting = {
      voters: 3,
      workers: ['honest', 'liar', 'honest'],
      verifiers: [...Array<'doubter'>(10).fill('doubter'), 'nodder', 'nodder', 'honest'],
      challengers: ['honest', 'frivolous'],
      requesters: 2,
    }
    const heard = new Set<string>()
    for (let seed = 1; seed <= 12; seed++) {
      let stage: Stage | undefined
      runPlay({ ...options(seed), casting, onStage: (made) => (stage = made) })
      for (const bucket of stage?.network.buckets ?? []) {
        for (const event of readBucket(stage as Stage, bucket)) {
          heard.add(event.kind === 'effect' ? event.effect.kind : event.command.kind)
        }
      }
    }
    expect([...heard]).toEqual(expect.arrayContaining(['verdict', 'reviewed', 'void-challenge']))
  })

  it('with signatures checked and effects certified, too', () => {
    for (let seed = 1_001; seed <= 1_004; seed++) {
      const played = runPlay({ ...options(seed), checksSignatures: true, certifies: true })
      expect(played.items).toBeGreaterThan(0)
    }
  })

  it('the same seed is the same play, to the same state', () => {
    expect(runPlay(options(7))).toEqual(runPlay(options(7)))
  })
})

describe('broken rules', () => {
  it('are at least 25, and each breaks a piece that stands in the source just once', () => {
    expect(RULE_MUTANTS.length).toBeGreaterThanOrEqual(25)
    for (const mutant of RULE_MUTANTS) expect(broken(mutant, sourceOf(mutant))).toContain(mutant.replace)
  })

  it.each(['credits from nowhere', 'commit without the lease', 'settle at once'])('%s is found', (name) => {
    const mutant = RULE_MUTANTS.find((one) => one.name === name)
    if (mutant === undefined) throw new Error(`no such mutant: ${name}`)
    expect(hunt(mutant, 40).check).toBeDefined()
  })
})
