import * as z from 'zod'
import { challengeKey, committeeKey } from '../core/bucket/tables.ts'
import { ok } from '../model/result.ts'
import { count, did, envelopeId } from './fields.ts'
import { placeOf } from './need-view.ts'
import type { NodeServices } from './services.ts'
import { defineVerb } from './verb.ts'

const CHALLENGES_MAX = 1_000

const open = z.strictObject({
  need: envelopeId,
  challenge: envelopeId.describe('id of the CHALLENGE_COMMIT'),
  challenger: did,
  attempt: count,
  against: z.enum(['finalize', 'reject']),
  proof_type: z.string().nullable().describe('null: what it shows was not heard here'),
  state: z.enum(['revealed', 'review']).describe('review: no committee could decide, people do'),
  votes: count.describe('verdicts that entries carried'),
  wanted_of: z.array(z.string()).describe('accounts of this node with a seat that has not said its verdict'),
})

type Open = z.input<typeof open>

/** Challenges that somebody has to look at. Source: economy.md, "Challenges" (human review queue). */
export const challengeReview = defineVerb({
  name: 'challengeReview',
  summary:
    'Challenges that are being judged, with the seats of this node that have not said their verdict, and those that people have to decide',
  input: z.strictObject({}),
  output: z.strictObject({ challenges: z.array(open) }),
  rejects: [],
  handle: (_input, services) => {
    const found = [...services.heart.openNeeds()].flatMap((need) => openIn(services, need))
    return ok({ challenges: found.slice(0, CHALLENGES_MAX) })
  },
})

function openIn(services: NodeServices, need: string): readonly Open[] {
  const place = placeOf(services, need)
  return (place?.need.challenges ?? []).flatMap((id): readonly Open[] => {
    const challenge = place?.view.get('challenges', challengeKey(need, id))
    const committee = place?.view.get('committees', committeeKey(need, 'challenge', id))
    if (challenge?.state !== 'revealed' && challenge?.state !== 'review') return []
    const { challenger, attempt, against, state } = challenge
    const isWanted = (seat: Open['challenger']): boolean =>
      state === 'revealed' &&
      committee?.seats.includes(seat) === true &&
      !committee.silent.includes(seat) &&
      !committee.votes.some((vote) => vote.seat === seat)
    return [
      {
        need: need as Open['need'],
        challenge: id as Open['challenge'],
        challenger,
        attempt,
        against,
        proof_type: proofOf(services, need, challenger, attempt),
        state,
        votes: committee?.votes.length ?? 0,
        wanted_of: services.accounts.filter(({ author }) => isWanted(author.did)).map(({ name }) => name),
      },
    ]
  })
}

function proofOf({ heart }: NodeServices, need: string, challenger: string, attempt: number): string | null {
  for (const { body } of heart.envelopes(need)) {
    if (body.kind !== 'CHALLENGE' || body.sender !== challenger) continue
    if (body.payload.attempt === attempt) return body.payload.proof_type
  }
  return null
}
