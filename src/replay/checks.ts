import type { RejectionCode } from '../model/rejection.ts'

/** The checks of a replay, in their order. Source: record.md, "Replay". */
export const CHECKS = {
  encoding: 'encoding, CIDs, hash chains',
  signatures: 'every signature',
  causal: 'Lamport and causal order',
  certificates: 'certificates, inclusion, voter changes from genesis',
  slots: 'slots: time never back, beacon from its links',
  policy: 'policy re-executed by capsule, with the same decision, digest and gas',
  committees: 'committees from seed and roster, quorums, commit-reveal',
  decisions: 'one DECIDE; leases, fences, attempts',
  money: 'every credit movement that the needs caused, recomputed',
  plan: "the plan's final state and Merkle root",
  tasks: 'WASM tasks re-executed',
  records: 'the recomputed records equal the recorded ones, byte for byte',
} as const

export type CheckName = keyof typeof CHECKS

/** In the order of the table. */
const CHECK_NAMES = Object.keys(CHECKS) as readonly CheckName[]

/**
 * Which check a rule belongs to that refuses a recorded entry, by its code: what was applied is refused by no rule, so
 * a refusal is a divergence.
 */
export const CHECK_OF: Readonly<Record<RejectionCode, CheckName>> = {
  MALFORMED: 'encoding',
  NOT_CANONICAL: 'encoding',
  TOO_LARGE: 'encoding',
  BAD_SIGNATURE: 'signatures',
  BAD_KEY: 'signatures',
  WRONG_NETWORK: 'signatures',
  WRONG_CAPSULE: 'policy',
  POLICY_DENIED: 'policy',
  GAS_EXCEEDED: 'policy',
  UNKNOWN_THREAD: 'causal',
  BAD_LAMPORT: 'causal',
  EQUIVOCATION: 'committees',
  NOT_IN_COMMITTEE: 'committees',
  STALE_EPOCH: 'decisions',
  STALE_ATTEMPT: 'decisions',
  NOT_LEASE_HOLDER: 'decisions',
  LEASE_EXPIRED: 'decisions',
  WINDOW_CLOSED: 'slots',
  INSUFFICIENT_FUNDS: 'money',
  OVER_CAP: 'money',
  DUPLICATE: 'committees',
  CONFLICT: 'decisions',
  UNKNOWN_CAPABILITY: 'policy',
  BLOCKED_RELATED_PARTY: 'committees',
  RATE_LIMITED: 'decisions',
  HALTED: 'decisions',
}

/** `stopped`: something before its end was wrong, so it says nothing of the whole file. */
export type CheckStatus = 'passed' | 'failed' | 'not-checked' | 'stopped'

export interface CheckReport {
  /** From 1 on. */
  readonly number: number
  readonly name: CheckName
  readonly about: string
  readonly status: CheckStatus
  /** How much of what was looked at. */
  readonly counts: Readonly<Record<string, number>>
  /** Why it was not checked, in the words of the reasons. */
  readonly unchecked: readonly string[]
  /** It was not checked, and the caller said beforehand that this is all right. */
  readonly allowed: boolean
}

type Sums = Map<CheckName, Map<string, number>>

/** What a part of a file comes to, as plain data: of each check what was counted, and what could not be checked. */
export interface BookPage {
  readonly counts: ReadonlyMap<CheckName, ReadonlyMap<string, number>>
  readonly unchecked: ReadonlyMap<CheckName, ReadonlyMap<string, number>>
}

/** What the checks have found so far. */
export class CheckBook {
  #counts: Sums = new Map()
  #unchecked: Sums = new Map()

  /** Everything so far, which is then forgotten. */
  takePage(): BookPage {
    const page = { counts: this.#counts, unchecked: this.#unchecked }
    this.#counts = new Map()
    this.#unchecked = new Map()
    return page
  }

  addPage({ counts, unchecked }: BookPage): void {
    for (const [check, sums] of counts) for (const [what, n] of sums) add(this.#counts, check, what, n)
    for (const [check, sums] of unchecked) for (const [why, n] of sums) add(this.#unchecked, check, why, n)
  }

  count(check: CheckName, what: string, more = 1): void {
    add(this.#counts, check, what, more)
  }

  /** Something could not be checked, and why. It never counts as passed. */
  skip(check: CheckName, why: string): void {
    add(this.#unchecked, check, why, 1)
  }

  countOf(check: CheckName, what: string): number {
    return this.#counts.get(check)?.get(what) ?? 0
  }

  reports(failed: CheckName | undefined, allowed: ReadonlySet<string>): readonly CheckReport[] {
    return CHECK_NAMES.map((name, at) => {
      const unchecked = [...(this.#unchecked.get(name) ?? [])].map(([why, count]) => `${why} (${count})`)
      const ended = unchecked.length > 0 ? 'not-checked' : 'passed'
      const status = failed === undefined ? ended : failed === name ? 'failed' : 'stopped'
      const counts = Object.fromEntries(this.#counts.get(name) ?? [])
      return {
        number: at + 1,
        name,
        about: CHECKS[name],
        status,
        counts,
        unchecked,
        allowed: status === 'not-checked' && allowed.has(name),
      }
    })
  }
}

function add(all: Sums, check: CheckName, what: string, more: number): void {
  const counts = all.get(check)
  if (counts === undefined) all.set(check, new Map([[what, more]]))
  else counts.set(what, (counts.get(what) ?? 0) + more)
}
