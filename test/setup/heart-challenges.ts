/** Challenges under way in a bucket that is driven by hand. */
import { challengeCommitment } from '../../src/codec/payload/commitments.ts'
import type { Payload } from '../../src/codec/payload/verbs.ts'
import type { Actor, Spoken } from '../../src/sim/heart/actor.ts'
import { carried, credits, sha256 } from './heart-bucket.ts'
import { type LeadOptions, type Led, leadTo, must, SALT, seatRole } from './heart-moves.ts'

export const TRUST = { isTrusting: true } as const

export type Claim = Omit<Payload<'CHALLENGE'>, 'need_id'>

export function claimOf(changes: Partial<Claim> = {}): Claim {
  return {
    attempt: 0,
    proof_type: 'SCHEMA_VIOLATION',
    proof: { size_bytes: 100, gas_estimate: 100 },
    evidence: { inline: Uint8Array.of(1) },
    salt: SALT,
    ...changes,
  }
}

/** A challenge under way: its commitment, what it will show, and by whom. */
export interface Challenging {
  readonly led: Led
  readonly who: Actor
  readonly claim: Claim
  readonly said: Spoken<'CHALLENGE_COMMIT'>
}

export function challenging(
  led: Led,
  who: Actor,
  changes: Partial<Claim> = {},
  bond = credits(10),
): Challenging {
  const { one, kit } = led
  const claim = claimOf(changes)
  const hash = challengeCommitment(kit.net, who.did, { need_id: one.id, ...claim }, sha256)
  const said = one.say(who, 'CHALLENGE_COMMIT', { attempt: claim.attempt, bond, hash })
  return { led, who, claim, said }
}

export function commitTo({ led: { kit, one }, said }: Challenging) {
  return kit.propose(one.command('challenge', { envelope: said.field }))
}

export function bonded({ led: { kit, one }, said }: Challenging, isBonded = true) {
  return kit.receive({
    v: 1,
    kind: 'bonded',
    need: one.id,
    slot: kit.slot,
    challenge: said.cid,
    bonded: isBonded,
  })
}

export function show({ led: { kit, one }, who, claim }: Challenging) {
  return kit.propose(one.command('challenge', { envelope: one.say(who, 'CHALLENGE', claim).field }))
}

export function voidIt({ led: { kit, one }, said }: Challenging, some: readonly Spoken[] = []) {
  const command = { challenge: said.cid, seen: one.seen(some), carried: carried(some) }
  return kit.propose(one.command('void-challenge', command))
}

export function word({ led: { one }, said }: Challenging, seat: Actor, says: Payload<'VERDICT'>['outcome']) {
  return one.say(seat, 'VERDICT', {
    challenge_id: said.cid,
    outcome: says,
    gas_used: 1,
    evidence: { inline: Uint8Array.of(1) },
  })
}

export function judged({ led: { kit, one }, said }: Challenging, verdicts: readonly Spoken[]) {
  return kit.propose(one.command('verdict', { challenge: said.cid, verdicts: carried(verdicts) }))
}

export function invalidate({ led: { kit, one }, said }: Challenging) {
  return kit.propose(one.command('invalidate', { challenge: said.cid }))
}

/** Committed, bonded, seated, shown: ready to be judged by these seats. */
export function ready(
  led: Led,
  who: Actor,
  seats: readonly Actor[],
  changes: Partial<Claim> = {},
  isUsedUp = false,
): Challenging {
  const one = challenging(led, who, changes)
  must(commitTo(one))
  must(bonded(one))
  must(seatRole(led.kit, led.one, 'challenge', seats, isUsedUp))
  must(show(one))
  return one
}

export function people({ kit }: Led, from: number, count: number): readonly Actor[] {
  return Array.from({ length: count }, (_, i) => kit.person(from + i))
}

export function final(options: LeadOptions = {}): Led {
  return leadTo('FINAL', { ...TRUST, k: 2, bidders: 3, ...options })
}
