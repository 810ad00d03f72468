import { envelopeIdOf } from '../../../codec/cid.ts'
import type { ToHubOf } from '../../../codec/entry/effect.ts'
import { returnBond, takeBond } from '../../ledger/bond.ts'
import { burn, credit } from '../../ledger/credits.ts'
import { payFromInsurance, takeFromBounty } from '../../ledger/escrow.ts'
import { least, partOf } from '../../ledger/slash.ts'
import { coverOf, feeOf, hasSat } from '../fees.ts'
import { slashSilence } from '../penalties.ts'
import { noteEvent } from '../standing.ts'
import type { Bond, Need } from '../tables.ts'
import type { Turn } from '../turn.ts'

type End = ToHubOf<'challenge-end'>

/**
 * A challenge is over; its seats earn their flat fee in either outcome. Upheld: the bond goes back, the fees come from the insurance account, and the
 * part of verify_bounty that no seat can earn any more is shared out. Rejected: the bond pays the fees, the rest of it burns. Withdrawn: the bond less a part.
 * Void: the bond goes back. Source: economy.md, "Challenges", "Bounties and payout" (After an upheld challenge …).
 */
export function applyChallengeEnd(turn: Turn, id: string, need: Need, effect: End): void {
  const challenge = envelopeIdOf(effect.challenge)
  const key = challengeKey(challenge)
  const bond = need.bonds.find(({ what }) => what === challenge)
  if (bond === undefined || need.done.includes(key)) return
  const judged = { ...need, done: [...need.done, key] }
  const punished = slashSilence(turn, judged, 'challenge', effect.attempt, effect.silent)
  const insured = punished.insured + settleBond(turn, id, punished, effect, bond)
  if (effect.outcome === 'upheld') shareUnpaid(turn, id, punished, effect)
  noteOutcome(turn, effect, bond.account)
  turn.putNeed(id, { ...punished, insured, bonds: punished.bonds.filter((one) => one !== bond) })
}

/** In `Need.done`: the challenge has ended, and its CHALLENGE_COMMIT authorises no further bond. */
export function challengeKey(challenge: string): string {
  return `challenge ${challenge}`
}

/** What the insurance account paid of the fees. Upheld: all that lacks, as the slashes of who was wrong follow at once. */
function settleBond(turn: Turn, id: string, need: Need, effect: End, { account, left }: Bond): bigint {
  const { outcome, attempt } = effect
  const { book } = turn
  const seats = [...new Set(effect.answered)].filter((did) => hasSat(need, 'challenge', attempt, did))
  if (outcome === 'rejected') {
    takeBond(book, account, left)
    const { rest, insured } = payFees(turn, id, need, seats, left, coverOf(need))
    burn(book, `bond ${id}`, rest)
    return insured
  }
  const fine = outcome === 'withdrawn' ? partOf(left, turn.settings.parameters.withdrawFeePpm) : 0n
  takeBond(book, account, fine)
  const fees = seats.reduce((sum, did) => sum + feeOf(turn, need, did), 0n)
  const { rest, insured } = payFees(turn, id, need, seats, fine, outcome === 'upheld' ? fees : coverOf(need))
  burn(book, `bond ${id}`, rest)
  returnBond(book, account, left - fine, `bond ${id}`)
  return insured
}

/**
 * Pays the fees out of what was taken of a bond, and what that lacks from the insurance account, at most `cover`: where that is
 * not enough, no seat gets more than an equal part. What is left of the bond, and what the insurance account paid.
 */
function payFees(
  turn: Turn,
  id: string,
  need: Need,
  seats: readonly string[],
  from: bigint,
  cover: bigint,
): { readonly rest: bigint; readonly insured: bigint } {
  const equal = seats.length === 0 ? 0n : (from + cover) / BigInt(seats.length)
  let rest = from
  let insured = 0n
  for (const did of seats) {
    const fee = least(feeOf(turn, need, did), equal)
    const paid = least(rest, fee)
    credit(turn.book, did, paid)
    turn.book.row('PAYOUT', paid, `bond ${id}`, `balance ${did}`)
    rest -= paid
    insured += payFromInsurance(turn.book, did, fee - paid)
  }
  return { rest, insured }
}

/**
 * Of the bounty there stays what those who were seated so far may have earned; the rest is the invalidated attempt's unpaid part:
 * half to the challenger, two fifths to the seats that were right, the rest burns.
 */
function shareUnpaid(turn: Turn, id: string, need: Need, { challenger, honest }: End): void {
  const { book, settings } = turn
  const { upheldToChallengerPpm, upheldToSeatsPpm } = settings.parameters
  const seated = need.roles.filter(({ key }) => !key.startsWith('challenge/')).flatMap(({ taken }) => taken)
  const owed = seated.reduce((sum, did) => sum + feeOf(turn, need, did), 0n)
  const held = book.escrow(id)?.bounty ?? 0n
  const unpaid = takeFromBounty(book, id, held > owed ? held - owed : 0n)
  const reward = partOf(unpaid, upheldToChallengerPpm)
  const each = honest.length === 0 ? 0n : partOf(unpaid, upheldToSeatsPpm) / BigInt(honest.length)
  for (const [did, amount] of [
    [challenger, reward],
    ...honest.map((seat) => [seat, each] as const),
  ] as const) {
    credit(book, did, amount)
    book.row('PAYOUT', amount, `escrow ${id}`, `balance ${did}`)
  }
  burn(book, `escrow ${id}`, unpaid - reward - each * BigInt(honest.length))
}

function noteOutcome(turn: Turn, { outcome }: End, challenger: string): void {
  const { draft } = turn
  if (outcome === 'upheld') {
    noteEvent(turn, challenger, 'upheld-challenge')
    draft.put('rejected', challenger, undefined)
  }
  if (outcome === 'rejected') draft.put('rejected', challenger, (draft.get('rejected', challenger) ?? 0) + 1)
}
