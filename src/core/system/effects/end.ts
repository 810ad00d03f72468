import { MOVES_MAX, type ToBucketOf, type ToHubOf } from '../../../codec/entry/effect.ts'
import type { MicroText } from '../../../model/micro.ts'
import { returnBond } from '../../ledger/bond.ts'
import { payFromBudget, refund } from '../../ledger/escrow.ts'
import { slashSplit, unlockSeat } from '../../ledger/slash.ts'
import type { SlotFacts } from '../../records/world.ts'
import { payAnswered } from '../fees.ts'
import { allLeave } from '../parties.ts'
import { forfeitLocks, slashSilence } from '../penalties.ts'
import { releaseRosters } from '../rosters.ts'
import { creditWork } from '../standing.ts'
import type { Need } from '../tables.ts'
import type { Turn } from '../turn.ts'

type Move = ToBucketOf<'paid'>['moves'][number]

/**
 * The need is over. In this order: silent seats are slashed (after `split` their whole locks), seats that answered get their fees, the worker its price
 * (after `split` half of the budget), the requester the rest; then every lock opens and every bond goes back.
 * Source: economy.md, "Bounties and payout"; lifecycle.md, "States", "Entries of a need" (`settle`, `expire`, `split`, `cancel`).
 */
export function applyEnd(turn: Turn, id: string, need: Need, effect: ToHubOf<'end'>, now: SlotFacts): void {
  const punished = punishSilent(turn, need, effect)
  const { need: paid, fees } = payAnswered(turn, id, punished, effect.answered)
  const moves: Move[] = [...fees]
  const price = priceOf(need, effect)
  if (effect.worker !== undefined && price > 0n) {
    moves.push(move(effect.worker, payFromBudget(turn.book, id, effect.worker, price), 'price'))
  }
  moves.push(move(need.requester, refund(turn.book, id), 'refund'))
  moves.push(...releaseAll(turn, id, paid))
  creditWork(turn, paid, effect)
  allLeave(turn, paid)
  releaseRosters(turn, paid)
  turn.putNeed(id, undefined)
  turn.draft.put('posted', need.key, {
    need: id,
    outcome: effect.outcome,
    slot: now.n,
    envelopes: effect.envelopes,
    head: effect.head,
  })
  turn.send(need.bucket, {
    v: 1,
    kind: 'paid',
    need: effect.need,
    moves: moves.filter(isSome).slice(0, MOVES_MAX),
  })
}

/** Who is paid for the work: after `settle`, and after `split` with half of the budget; what rounding leaves is the requester's. */
function priceOf({ budget }: Need, { outcome, price }: ToHubOf<'end'>): bigint {
  if (outcome === 'split') return budget / 2n
  return outcome === 'settled' ? BigInt(price) : 0n
}

function punishSilent(turn: Turn, need: Need, { outcome, silent }: ToHubOf<'end'>): Need {
  return silent.reduce((before, { role, attempt, seats }) => {
    const after = slashSilence(turn, before, role, attempt, seats)
    return outcome === 'split' ? forfeitLocks(turn, after, role, attempt, seats) : after
  }, need)
}

function releaseAll(turn: Turn, id: string, { seats, bonds }: Need): readonly Move[] {
  const split = slashSplit(turn.network.isBootstrap, turn.settings.parameters)
  for (const { account, role, amount } of seats) {
    unlockSeat(turn.book, account, amount, `seat ${id} ${role}`, split)
  }
  return bonds.map(({ account, left }) => {
    returnBond(turn.book, account, left, `bond ${id}`)
    return move(account, left, 'bond')
  })
}

function move(to: string, amount: bigint, what: string): Move {
  return { to, amount: amount.toString() as MicroText, what }
}

function isSome({ amount }: Move): boolean {
  return amount !== '0'
}
