import type { Mutant } from '../../services/raft-host/seam.ts'
import { runSim, type SimOptions } from './run.ts'
import { Violation } from './violation.ts'

/** Which check found a mutant, and in which seed, the first being 1: so after how many seeds. */
interface Found {
  readonly check: string
  readonly seed: number
}

/** Runs seeds from 1 on with a mutant until a check finds it; undefined: none did within `seedsMax`. */
export function huntMutant(
  mutant: Mutant,
  parts: Omit<SimOptions, 'seed' | 'mutant'>,
  seedsMax: number,
): Found | undefined {
  for (let seed = 1; seed <= seedsMax; seed++) {
    const check = checkThatFinds(mutant, { ...parts, seed })
    if (check !== undefined) return { check, seed }
  }
  return undefined
}

/** These break what certified groups alone have. */
const OF_CERTIFICATES: ReadonlySet<Mutant> = new Set<Mutant>([
  'sign-before-noting',
  'forget-notes',
  'two-roots',
  'change-skipped',
  'cert-small-quorum',
  'joint-one-set',
  'cert-not-recorded',
  'ask-once',
  'links-not-sent',
  'proof-unchecked',
])

/** The check that a mutant breaks in one seed. */
function checkThatFinds(mutant: Mutant, parts: Omit<SimOptions, 'mutant'>): string | undefined {
  try {
    runSim({ ...parts, mutant, certified: OF_CERTIFICATES.has(mutant) })
    return undefined
  } catch (error) {
    if (error instanceof Violation) return error.check
    throw error
  }
}
