/** What seats earn. Source: economy.md, "Bounties and payout". */
import type { ToBucketOf, ToHubOf } from '../../codec/entry/effect.ts'
import type { MicroText } from '../../model/micro.ts'
import { payFee } from '../ledger/escrow.ts'
import { least, partOf } from '../ledger/slash.ts'
import { insuredMost } from '../market/bounds.ts'
import type { Need } from './tables.ts'
import type { Turn } from './turn.ts'

type Move = ToBucketOf<'paid'>['moves'][number]

/** The need's fee; attested hardware earns its factor. */
export function feeOf(turn: Turn, need: Need, did: string): bigint {
  const isTee = turn.agent(did)?.tee === true
  return isTee ? partOf(need.fee, turn.settings.parameters.teeWeightPpm) : need.fee
}

/** True for who was drawn into a seat of this role, whether it is still locked or not. */
export function hasSat({ roles }: Need, role: string, attempt: number, did: string): boolean {
  const key = `${role}/${attempt}`
  return roles.some((one) => (one.key === key || one.key.startsWith(`${key}/`)) && one.taken.includes(did))
}

/** What the insurance account may still pay for the need. */
export function coverOf({ lost, bounty, insured }: Need): bigint {
  return insuredMost(lost, bounty, insured)
}

/**
 * Pays who answered, once a role and attempt, from the bounty and, as far as it may pay for this need, the insurance account:
 * who was never seated there gets nothing.
 */
export function payAnswered(
  turn: Turn,
  id: string,
  need: Need,
  answered: ToHubOf<'end'>['answered'],
): { readonly need: Need; readonly fees: readonly Move[] } {
  const done = new Set(need.done)
  const fees: Move[] = []
  let { insured } = need
  for (const { role, attempt, seats } of answered) {
    for (const did of seats) {
      const key = `fee ${role}/${attempt} ${did}`
      if (done.has(key) || !hasSat(need, role, attempt, did)) continue
      done.add(key)
      const fee = feeOf(turn, need, did)
      const fromBounty = least(fee, turn.book.escrow(id)?.bounty ?? 0n)
      const paid = payFee(turn.book, id, did, fee, coverOf({ ...need, insured }))
      insured += paid - fromBounty
      fees.push({ to: did, amount: paid.toString() as MicroText, what: 'fee' })
    }
  }
  return { need: { ...need, insured, done: [...done] }, fees }
}
