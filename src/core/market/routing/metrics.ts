/** One routed task, afterwards. */
export interface Routed {
  readonly succeeded: boolean
  /** From the wish to the assignment. */
  readonly assignedAfterMs: number
  readonly reward: number
}

/** How routing has done. Source: economy.md, "Auction, leases, routing" (Metrics). */
export interface RoutingMetrics {
  /** 0 to 1; 0 of nothing. */
  readonly successRate: number
  /** Median; 0 of nothing. */
  readonly timeToAssignmentMs: number
  /** What the agent that would have been best for all tasks would have earned more, per task. */
  readonly regret: number
}

/** `bestMean`: mean reward of the best agent in hindsight, as far as it is known. */
export function routingMetrics(routed: readonly Routed[], bestMean: number): RoutingMetrics {
  const count = routed.length
  if (count === 0) return { successRate: 0, timeToAssignmentMs: 0, regret: 0 }
  const times = routed.map(({ assignedAfterMs }) => assignedAfterMs).sort((a, b) => a - b)
  const earned = routed.reduce((sum, { reward }) => sum + reward, 0)
  return {
    successRate: routed.filter(({ succeeded }) => succeeded).length / count,
    timeToAssignmentMs: times[(count - 1) >> 1] ?? 0,
    regret: Math.max(0, bestMean - earned / count),
  }
}
