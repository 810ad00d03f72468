import { kResult } from '../../core/market/quorum.ts'
import { movesOf } from './moves.ts'
import { type Attempt, goesOn, type Play } from './play.ts'
import { type Outcome, Run } from './run-play.ts'
import { type Setting, termsOf } from './setting.ts'

/** The best play that the search found, and how many it ran. */
export interface Found extends Outcome {
  readonly play: Play
  readonly plays: number
  /**
   * By how much less than budget and verify_bounty burned in the worst play with a wrong result that was challenged; 0 where it
   * was never less: what is lost by the cheater is at least what was at stake.
   */
  readonly shortfall: bigint
}

/** A play that another attempt can follow. */
interface Branch extends Outcome {
  readonly play: Play
  readonly run: Run
  readonly upheld: number
}

/**
 * The play by which a coalition gains most in one need. All ways in which a first attempt may go, with none and with all of
 * the plan seats; then, of those after which another attempt follows, the best of each kind grown by every way in which that one
 * may go, up to the network's number of attempts. A play that ends without a further attempt counts as it is.
 */
export function worstCoalition(setting: Setting): Found {
  let branches: readonly Branch[] = [0, termsOf(setting).kPlan].map((count) => openBranch(setting, count))
  let best: Branch = branches.reduce(better)
  let plays = branches.length
  let shortfall = 0n
  for (let depth = 0; depth < setting.parameters.attemptsMax && branches.length > 0; depth += 1) {
    const next = branches.flatMap((branch) => grow(setting, branch))
    plays += next.length
    shortfall = next.reduce((most, branch) => larger(most, shortfallOf(setting, branch)), shortfall)
    best = [best, ...next].reduce(better)
    branches = bestOfEachKind(next)
  }
  const { play, gain, insured, burned } = best
  return { play, gain, insured, burned, plays, shortfall }
}

function shortfallOf({ budget, bounty }: Setting, { play, burned }: Branch): bigint {
  const isCaught = play.attempts.some(({ work, end }) => work === 'wrong' && end === 'final')
  return isCaught ? budget + bounty - burned : 0n
}

function larger(a: bigint, b: bigint): bigint {
  return a > b ? a : b
}

/** A plan seat earns the same whatever it says. */
function openBranch(setting: Setting, planSeats: number): Branch {
  const run = new Run(setting)
  run.plan(planSeats)
  return { play: { planSeats, attempts: [] }, run, upheld: 0, ...run.fork().outcome() }
}

function grow(setting: Setting, { play, run, upheld }: Branch): readonly Branch[] {
  const { eligible, isBootstrap, parameters } = setting
  return movesOf(kResult(eligible, isBootstrap, upheld, parameters)).map((move) => {
    const next = run.fork()
    next.attempt(move)
    return {
      play: { ...play, attempts: [...play.attempts, move] },
      run: next,
      upheld: upheld + (move.end === 'final' ? 1 : 0),
      ...next.fork().outcome(),
    }
  })
}

function better(a: Branch, b: Branch): Branch {
  return b.gain > a.gain ? b : a
}

/** Of the plays that go on, by how their last attempt ended, the one that has gained most. */
function bestOfEachKind(found: readonly Branch[]): readonly Branch[] {
  const going = found.filter(({ play }) => {
    const last = play.attempts.at(-1)
    return last !== undefined && goesOn(last)
  })
  const kinds = Map.groupBy(going, ({ play }) => kindOf(play.attempts.at(-1)))
  return [...kinds.values()].map((branches) => branches.reduce(better))
}

function kindOf(last: Attempt | undefined): string {
  return last === undefined ? '' : `${last.worker} ${last.end}`
}
