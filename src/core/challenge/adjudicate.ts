/** What verdicts on a challenge come to. Source: lifecycle.md, "Committees"; economy.md, "Challenges". */

export type ChallengeOutcome = 'upheld' | 'rejected' | 'undecided'

/**
 * The first outcome that K verdicts name, in the order in which entries carried them: it fires once, on the verdict that
 * completes it. A committee that was enlarged because K said `undecided` needs twice as many to say so again. Undefined: not yet.
 */
export function adjudicate(
  verdicts: readonly ChallengeOutcome[],
  k: number,
  isEscalated: boolean,
): ChallengeOutcome | undefined {
  const counts = { upheld: 0, rejected: 0, undecided: 0 }
  for (const verdict of verdicts) {
    counts[verdict] += 1
    const needed = verdict === 'undecided' && isEscalated ? 2 * k : k
    if (counts[verdict] >= needed) return verdict
  }
  return undefined
}
