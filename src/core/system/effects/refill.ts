import type { ToHubOf } from '../../../codec/entry/effect.ts'
import type { MicroText } from '../../../model/micro.ts'
import { refillBounty } from '../../ledger/escrow.ts'
import type { SlotFacts } from '../../records/world.ts'
import { coverOf } from '../fees.ts'
import type { Need } from '../tables.ts'
import type { Turn } from '../turn.ts'

/**
 * The insurance account, which has its part of the slashes by now, puts the fees of the next attempt's seats into the escrow: all of it or, refused,
 * nothing; then the bucket refunds and expires. Once an attempt. Source: economy.md, "Bounties and payout"; lifecycle.md (`refilled`).
 */
export function applyRefill(
  turn: Turn,
  id: string,
  need: Need,
  effect: ToHubOf<'refill'>,
  now: SlotFacts,
): void {
  const { attempt, seats } = effect
  const amount = need.fee * BigInt(seats)
  const key = `refill ${attempt}`
  const isCovered = amount <= coverOf(need)
  const refilled = !need.done.includes(key) && isCovered && refillBounty(turn.book, id, amount)
  if (refilled) turn.putNeed(id, { ...need, insured: need.insured + amount, done: [...need.done, key] })
  turn.send(need.bucket, {
    v: 1,
    kind: 'refilled',
    need: effect.need,
    slot: now.n,
    attempt,
    refilled,
    amount: (refilled ? amount : 0n).toString() as MicroText,
  })
}
