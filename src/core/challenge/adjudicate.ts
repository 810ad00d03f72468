/** What verdicts on a challenge come to. Source: lifecycle.md, "Committees"; economy.md, "Challenges". */

export type ChallengeOutcome = 'upheld' | 'rejected' | 'undecided'

/**
 * The first outcome that K verdicts name, in the order in which entries carried them: it fires once, on the verdict that
 * completes it. `undecided` decides nothing for a committee that was called because of it. Undefined: not yet.
 */
export function adjudicate(
  verdicts: readonly ChallengeOutcome[],
  k: number,
  isEscalated: boolean,
): ChallengeOutcome | undefined {
  const counts = { upheld: 0, rejected: 0, undecided: 0 }
  for (const verdict of verdicts) {
    counts[verdict] += 1
    const isDeciding = verdict !== 'undecided' || !isEscalated
    if (isDeciding && counts[verdict] >= k) return verdict
  }
  return undefined
}
