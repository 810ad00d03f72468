/** How a need ends, and what is sent then. Source: lifecycle.md, "States"; record.md, "History and export". */
import { encodeDagCbor } from '../../codec/dag-cbor/encode.ts'
import { ANSWERED_MAX, type ToHubOf } from '../../codec/entry/effect.ts'
import { leafHash } from '../../codec/merkle/hash.ts'
import { merkleRoot } from '../../codec/merkle/root.ts'
import type { Did } from '../../model/ids.ts'
import { type Micro, microText } from '../../model/micro.ts'
import type { Sha256 } from '../../ports/crypto.ts'
import { answeredSeats, sideOf, tally } from './committee.ts'
import { cidOfId, type NeedTurn } from './need-turn.ts'
import type { Carried, Committee } from './tables.ts'

export type Outcome = ToHubOf<'end'>['outcome']

const STATE_OF = {
  settled: 'SETTLED',
  cancelled: 'CANCELLED',
  expired: 'EXPIRED',
  split: 'SPLIT',
} as const satisfies Record<Outcome, string>

/**
 * RFC 6962 root over dag-cbor [id, hash of the envelope with its signature] of every envelope of a history, in the order in
 * which entries carried them first. Source: record.md, "History and export".
 */
function envelopesRoot(carried: readonly Carried[], sha256: Sha256): Uint8Array {
  const leaves = carried.map(({ id, hash }) => leafHash(encodeDagCbor([cidOfId(id), hash]), sha256))
  return merkleRoot(leaves, sha256)
}

/** The need has ended: the hub is told who earned what, and moves credits. `worker` is who is paid for the work. */
export function endNeed(turn: NeedTurn, outcome: Outcome, worker?: Did, price: Micro = 0n as Micro): void {
  const committees = committeesOf(turn)
  const { lease: _, ...rest } = turn.need
  turn.update({ ...rest, state: STATE_OF[outcome], lease: undefined, awaits: undefined })
  turn.ask({
    v: 1,
    kind: 'end',
    need: turn.id,
    outcome,
    ...(worker === undefined ? {} : { worker }),
    price: microText(price),
    answered: firstSeats(committees.map((one) => seatsOf(one, answeredSeats(one)))).filter(hasSeats),
    silent:
      outcome === 'split' ? committees.map((one) => seatsOf(one, unheard(turn, one))).filter(hasSeats) : [],
    confirmed: outcome === 'settled' ? confirmedSeats(turn) : [],
    envelopes: envelopesRoot(turn.carried, turn.world.sha256),
    head: turn.nextHead,
  })
}

/** Plan seats, then those of each attempt. Challenge seats were paid when their challenge ended. */
function committeesOf(turn: NeedTurn): readonly Committee[] {
  const plan = turn.committee('plan', 0)
  const results: Committee[] = []
  for (let attempt = 0; attempt <= turn.need.attempt; attempt++) {
    const result = turn.committee('result', attempt)
    if (result !== undefined) results.push(result)
  }
  return plan === undefined ? results : [plan, ...results]
}

type SeatList = ToHubOf<'end'>['answered'][number]

function seatsOf({ role, attempt }: Committee, seats: readonly Did[]): SeatList {
  return { role, attempt, seats: [...seats] }
}

/** As many as an effect names, in their order. */
function firstSeats(lists: readonly SeatList[]): readonly SeatList[] {
  let room = ANSWERED_MAX
  return lists.map((list) => {
    const seats = list.seats.slice(0, room)
    room -= seats.length
    return { ...list, seats }
  })
}

function hasSeats({ seats }: SeatList): boolean {
  return seats.length > 0
}

/** Seats of the judging committee that said nothing until the end. */
function unheard({ need }: NeedTurn, committee: Committee): readonly Did[] {
  return committee.role === 'result' && committee.attempt === need.attempt && need.commit !== undefined
    ? tally(committee, need.commit.id).open
    : []
}

/** Seats whose verdict stood to the end. */
function confirmedSeats(turn: NeedTurn): Did[] {
  const { need } = turn
  const result = turn.committee('result', need.attempt)
  if (result === undefined || need.commit === undefined) return []
  return [...sideOf(tally(result, need.commit.id), 'accept')]
}
