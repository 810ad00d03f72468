import { equalBytes } from '../../codec/bytes.ts'
import { challengeCommitment } from '../../codec/payload/commitments.ts'
import type { Payload } from '../../codec/payload/verbs.ts'
import type { Did } from '../../model/ids.ts'
import { cidOfId } from '../bucket/need-turn.ts'
import { type Challenge, challengeKey } from '../bucket/tables.ts'
import { commitOf } from './delivered.ts'
import { type Line, line } from './line.ts'
import { committeeOf, envelopesOfKind, hasSeat, type Scene } from './scene.ts'
import {
  type Judgement,
  type JudgeWork,
  NO_PART,
  type Outcomes,
  type Part,
  saying,
  together,
  wanting,
} from './work.ts'

/**
 * What a challenge seat does: looks at the challenged result itself, and says whether the challenge is right.
 * Source: lifecycle.md, entry `verdict`; economy.md, "Challenges".
 */
export function challengeSeatPart(scene: Scene, did: Did, outcomes: Pick<Outcomes, 'judgement'>): Part {
  return together(scene.need.challenges.map((id) => judgeOne(scene, did, id, outcomes)))
}

function judgeOne(scene: Scene, did: Did, id: string, { judgement }: Pick<Outcomes, 'judgement'>): Part {
  const challenge = scene.view.get('challenges', challengeKey(scene.id, id))
  const committee = committeeOf(scene, 'challenge', id)
  if (challenge?.state !== 'revealed' || !hasSeat(committee, did)) return NO_PART
  if (scene.hasSaid(`VERDICT ${id}`)) return NO_PART
  const work = workOf(scene, id, challenge)
  if (work === undefined) return NO_PART
  const found = judgement(work.key)
  if (found === undefined) return wanting(work)
  return saying(verdictLine(scene, id, { outcome: outcomeOf(challenge, found), ...found }))
}

/** A verdict on a challenge, in the words of a seat. */
export function verdictLine(
  scene: Scene,
  id: string,
  {
    outcome,
    gas,
    reason,
  }: { readonly outcome: Payload<'VERDICT'>['outcome'] } & Pick<Judgement, 'gas' | 'reason'>,
): Line {
  return line('VERDICT', {
    need_id: scene.cid,
    challenge_id: cidOfId(id),
    outcome,
    gas_used: gas,
    evidence: { inline: new TextEncoder().encode(reason.slice(0, 1_024)) },
  })
}

/** What the challenge says and the result that it is about; undefined while one of them was not heard. */
function workOf(scene: Scene, id: string, challenge: Challenge): JudgeWork | undefined {
  const { net, sha256 } = scene
  const { challenger, attempt } = challenge
  const shown = envelopesOfKind(scene, 'CHALLENGE').find(
    ({ body }) =>
      body.sender === challenger &&
      equalBytes(challengeCommitment(net, challenger, body.payload, sha256), challenge.hash),
  )
  const commit = commitOf(scene, attempt)
  if (shown === undefined || commit === undefined) return undefined
  const proof = challenge.against === 'finalize' ? { proof: shown.body.payload.proof_type } : {}
  const key = `judge challenge ${id}`
  return { kind: 'judge', key, attempt, commit: commit.id, artifact: commit.artifact, ...proof }
}

/** A challenge of a rejection is right where the result is; any other where it is not. */
function outcomeOf({ against }: Challenge, { verdict }: Judgement): Payload<'VERDICT'>['outcome'] {
  if (verdict === 'unavailable') return 'undecided'
  return (verdict === 'accept') === (against === 'reject') ? 'upheld' : 'rejected'
}
