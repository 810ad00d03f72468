import type { SingleEnvelope } from '../../../codec/envelope/verify-single.ts'
import { Violation } from '../../raft/violation.ts'

/** What is needed of a need to count the verdicts of a record again. */
export interface Voting {
  /** What its entries carried, by id. */
  readonly envelopes: ReadonlyMap<string, SingleEnvelope>
  /** Who was seated, by role. */
  readonly seats: ReadonlyMap<string, ReadonlySet<string>>
}

/** P6: the accepting seats are distinct, seated, of one voice, and enough. */
export function auditVotes(
  { envelopes, seats }: Voting,
  what: 'DECIDE' | 'FINALIZE',
  role: string,
  ids: readonly string[],
  k: number,
): void {
  const kind = what === 'DECIDE' ? 'ATTEST_PLAN' : 'ATTEST'
  const voters = new Set<string>()
  for (const id of ids) {
    const body = envelopes.get(id)?.body
    if (body?.kind !== kind)
      throw new Violation('P6', `${what} names ${id}, which no entry carries as ${kind}`)
    const { sender, payload } = body
    if (seats.get(role)?.has(sender) !== true) {
      throw new Violation('P6', `${what} counts ${sender}, who has no seat`)
    }
    if (payload.verdict !== 'accept') {
      throw new Violation('P6', `${what} counts a verdict that is ${payload.verdict}`)
    }
    if (voters.has(sender)) throw new Violation('P6', `${what} counts ${sender} twice`)
    if ([...envelopes.values()].some((one) => isContrary(one, envelopes.get(id)))) {
      throw new Violation('P6', `${what} counts ${sender}, who said two things`)
    }
    voters.add(sender)
  }
  if (voters.size < k) throw new Violation('P6', `${what} has ${voters.size} of ${k} verdicts`)
}

/** Another verdict of the same seat on the same thing, shown openly. */
function isContrary({ body }: SingleEnvelope, counted: SingleEnvelope | undefined): boolean {
  if (body.sender !== counted?.body.sender) return false
  if (body.kind === 'ATTEST' && counted.body.kind === 'ATTEST') {
    const isSame = body.payload.commit_id.toString() === counted.body.payload.commit_id.toString()
    return isSame && body.payload.salt === undefined && body.payload.verdict !== counted.body.payload.verdict
  }
  if (body.kind !== 'ATTEST_PLAN' || counted.body.kind !== 'ATTEST_PLAN') return false
  const isSame = body.payload.proposal_id.toString() === counted.body.payload.proposal_id.toString()
  return isSame && body.payload.verdict !== counted.body.payload.verdict
}
