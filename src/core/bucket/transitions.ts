/**
 * States of a need and what leads from one to another. The step itself asks this table, and docs/state-machines.md is
 * drawn from it. Source: lifecycle.md, "States", "Entries of a need".
 */

export const NEED_STATES = [
  'OPEN',
  'RANKED',
  'DECIDED',
  'CLAIMED',
  'COMMITTED',
  'FINAL',
  'SETTLED',
  'CANCELLED',
  'EXPIRED',
  'SPLIT',
] as const

export type NeedState = (typeof NEED_STATES)[number]

/** Entries of a need: commands of voters, and effects of the hub as they are received. */
export type NeedEntry =
  | 'open'
  | 'cancel'
  | 'close'
  | 'reserved'
  | 'pass'
  | 'decide'
  | 'claim'
  | 'lapse'
  | 'yield'
  | 'release'
  | 'commit'
  | 'seated'
  | 'reveal'
  | 'wave'
  | 'finalize'
  | 'reject'
  | 'challenge'
  | 'bonded'
  | 'void-challenge'
  | 'verdict'
  | 'reviewed'
  | 'invalidate'
  | 'refilled'
  | 'settle'
  | 'expire'
  | 'split'
  | 'paid'
  | 'cert'

/** States to which an entry can lead, by the state that it finds; an entry is refused where it finds another. */
export type Moves = Partial<Record<NeedState, readonly NeedState[]>>

/** No need exists yet. */
export const BEGINNING: Readonly<Record<'open', readonly NeedState[]>> = { open: ['OPEN', 'CANCELLED'] }

const OVER = ['SETTLED', 'CANCELLED', 'EXPIRED', 'SPLIT'] as const

/** The same state afterwards, for each of these. */
function stay(...states: readonly NeedState[]): Moves {
  return Object.fromEntries(states.map((state) => [state, [state]]))
}

export const TRANSITIONS: Readonly<Record<Exclude<NeedEntry, 'open'>, Moves>> = {
  cancel: { OPEN: ['CANCELLED'] },
  close: { OPEN: ['OPEN', 'RANKED'] },
  reserved: { RANKED: ['RANKED', 'OPEN'], ...stay(...OVER) },
  pass: { RANKED: ['RANKED', 'OPEN'] },
  decide: { RANKED: ['CLAIMED'] },
  claim: { DECIDED: ['CLAIMED'] },
  lapse: { DECIDED: ['DECIDED'] },
  yield: { CLAIMED: ['DECIDED'] },
  release: { CLAIMED: ['DECIDED'] },
  commit: { CLAIMED: ['COMMITTED'] },
  seated: stay(...NEED_STATES),
  reveal: stay('COMMITTED'),
  wave: stay('RANKED', 'DECIDED', 'CLAIMED', 'COMMITTED', 'FINAL'),
  finalize: { COMMITTED: ['FINAL'] },
  reject: { COMMITTED: ['DECIDED'] },
  challenge: stay('DECIDED', 'CLAIMED', 'COMMITTED', 'FINAL'),
  bonded: stay(...NEED_STATES),
  'void-challenge': stay('DECIDED', 'CLAIMED', 'COMMITTED', 'FINAL'),
  verdict: stay('DECIDED', 'CLAIMED', 'COMMITTED', 'FINAL'),
  reviewed: stay(...NEED_STATES),
  invalidate: { FINAL: ['DECIDED'] },
  refilled: { DECIDED: ['DECIDED', 'EXPIRED'], ...stay(...OVER) },
  settle: { FINAL: ['SETTLED'] },
  expire: { OPEN: ['EXPIRED'], RANKED: ['EXPIRED'], DECIDED: ['EXPIRED'], CLAIMED: ['EXPIRED'] },
  split: { COMMITTED: ['SPLIT'] },
  paid: stay(...OVER),
  cert: stay(...OVER),
}

/** States to which the entry can lead from this one; undefined where it is refused. */
export function movesOf(
  entry: Exclude<NeedEntry, 'open'>,
  from: NeedState,
): readonly NeedState[] | undefined {
  return TRANSITIONS[entry][from]
}

/** True when only the hub's last word and the certificate are still to come. */
export function isOver(state: NeedState): boolean {
  return (OVER as readonly NeedState[]).includes(state)
}

export const CHALLENGE_STATES = ['bonding', 'committed', 'revealed', 'review', 'upheld', 'closed'] as const

export type ChallengeState = (typeof CHALLENGE_STATES)[number]

/** What leads a challenge from one state to another, by the entry that does it. It begins as `bonding`. */
export const CHALLENGE_TRANSITIONS: Readonly<
  Record<ChallengeState, Partial<Record<ChallengeState, readonly NeedEntry[]>>>
> = {
  bonding: { committed: ['bonded'], closed: ['bonded', 'invalidate'] },
  committed: { revealed: ['challenge'], closed: ['void-challenge', 'verdict', 'invalidate'] },
  revealed: {
    review: ['verdict', 'wave'],
    upheld: ['verdict'],
    closed: ['verdict', 'void-challenge', 'invalidate'],
  },
  review: { upheld: ['reviewed'], closed: ['reviewed', 'void-challenge', 'invalidate'] },
  upheld: { closed: ['invalidate'] },
  closed: {},
}
