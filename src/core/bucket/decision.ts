import { adjudicate, type ChallengeOutcome } from '../challenge/adjudicate.ts'
import { equivocating } from './committee.ts'
import type { Committee } from './tables.ts'

/** What a challenge's seats came to; each seat counts once, by its first verdict. */
export function decisionOf(committee: Committee, challenge: string): ChallengeOutcome | undefined {
  const out = equivocating(committee)
  const heard = new Set<string>(committee.silent)
  const verdicts: ChallengeOutcome[] = []
  for (const { seat, on, choice } of committee.votes) {
    if (on !== challenge || out.has(seat) || heard.has(seat)) continue
    heard.add(seat)
    if (choice === 'upheld' || choice === 'rejected' || choice === 'undecided') verdicts.push(choice)
  }
  return adjudicate(verdicts, committee.k, committee.isEscalated)
}
