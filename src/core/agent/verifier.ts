import { equalBytes } from '../../codec/bytes.ts'
import { CID } from '../../codec/cid.ts'
import { planCommitment, verdictCommitment } from '../../codec/payload/commitments.ts'
import type { PlanPatch } from '../../codec/payload/plan-patch.ts'
import type { Payload } from '../../codec/payload/verbs.ts'
import type { Did } from '../../model/ids.ts'
import { cidOfId } from '../bucket/need-turn.ts'
import type { Bid, Commit, Committee } from '../bucket/tables.ts'
import { challengeSeatPart } from './challenge-seat.ts'
import { type Line, line } from './line.ts'
import { committeeOf, envelopeOf, envelopesOfKind, hasSeat, type Scene } from './scene.ts'
import {
  type Judgement,
  NO_PART,
  type Outcomes,
  type Part,
  type SaltOf,
  saying,
  together,
  wanting,
} from './work.ts'

export interface VerifierSelf {
  readonly did: Did
  readonly saltOf: SaltOf
}

/** What an honest verifier does in a need, in whatever seats it has. Source: lifecycle.md, "Committees". */
export function verifierPart(scene: Scene, self: VerifierSelf, outcomes: Pick<Outcomes, 'judgement'>): Part {
  return together([
    planSeat(scene, self),
    resultSeat(scene, self, outcomes),
    challengeSeatPart(scene, self.did, outcomes),
  ])
}

/** Judges the head's plan as soon as it has seen it. */
function planSeat(scene: Scene, { did }: VerifierSelf): Part {
  const { state, ranking } = scene.need
  const [head] = ranking
  if (state !== 'RANKED' || head?.isReserved !== true || !hasSeat(committeeOf(scene, 'plan', 0), did)) {
    return NO_PART
  }
  if (scene.hasSaid(`ATTEST_PLAN ${head.proposal}`)) return NO_PART
  const patch = patchOf(scene, head)
  if (patch === undefined) return NO_PART
  const reason = flawOf(patch)
  return saying(
    line('ATTEST_PLAN', {
      need_id: scene.cid,
      bid_round: head.round,
      proposal_id: cidOfId(head.proposal),
      verdict: reason === undefined ? 'accept' : 'reject',
      reason: reason ?? '',
    }),
  )
}

/** The plan that the bid is bound to, once it was heard. */
function patchOf(scene: Scene, { proposal, bidder, sealed }: Bid): PlanPatch | undefined {
  const { net, sha256 } = scene
  if (sealed === undefined) {
    const plan = envelopeOf(scene, 'PROPOSE', proposal)?.body.payload.plan
    return plan !== undefined && 'patch' in plan ? (plan.patch as PlanPatch) : undefined
  }
  const shown = envelopesOfKind(scene, 'REVEAL_PLAN').find(
    ({ body }) =>
      body.sender === bidder && equalBytes(planCommitment(net, bidder, body.payload, sha256), sealed),
  )
  return shown?.body.payload.patch as PlanPatch | undefined
}

/** What stands against a plan. What the capsule says of it, the bucket's machine asks itself. */
function flawOf({ ops }: PlanPatch): string | undefined {
  return ops.some(({ op_type }) => op_type === 'ADD_TASK') ? undefined : 'the plan adds no task'
}

function resultSeat(scene: Scene, self: VerifierSelf, outcomes: Pick<Outcomes, 'judgement'>): Part {
  const { state, commit, attempt } = scene.need
  const committee = committeeOf(scene, 'result', attempt)
  if (state !== 'COMMITTED' || commit === undefined || !hasSeat(committee, self.did)) return NO_PART
  if (scene.hasSaid(`ATTEST ${commit.id}`)) return NO_PART
  if (committee.isCommitReveal && committee.revealing !== undefined) {
    return show(scene, self, commit, committee)
  }
  if (scene.hasSaid(`ATTEST_COMMIT ${commit.id}`)) return NO_PART
  const key = `judge ${commit.id}`
  const found = outcomes.judgement(key)
  if (found === undefined) {
    return wanting({ kind: 'judge', key, attempt, commit: commit.id, artifact: commit.artifact })
  }
  return saying(committee.isCommitReveal ? bind(scene, self, commit, found) : attest(scene, commit, found))
}

type Attest = Payload<'ATTEST'>
type Said = Pick<Attest, 'need_id' | 'attempt' | 'commit_id' | 'verdict' | 'artifact' | 'digest'>

/** Of a verdict that no capsule had a part in. */
const NO_DIGEST = new Uint8Array(32)

function saidOf(
  scene: Scene,
  { id }: Commit,
  verdict: Attest['verdict'],
  artifact: Attest['artifact'],
): Said {
  const { attempt } = scene.need
  const said = { need_id: scene.cid, attempt, commit_id: cidOfId(id), verdict, digest: NO_DIGEST }
  return artifact === undefined ? said : { ...said, artifact }
}

function attest(scene: Scene, commit: Commit, { verdict, artifact, gas, reason }: Judgement): Line {
  return line('ATTEST', { ...saidOf(scene, commit, verdict, artifact), gas, reason: reason.slice(0, 1_024) })
}

/** What a seat binds itself to holds nothing that a second look could find otherwise: see `show`. */
function bound(scene: Scene, commit: Commit, verdict: Attest['verdict']): Said {
  return saidOf(scene, commit, verdict, verdict === 'accept' ? artifactOf(commit) : undefined)
}

/** The artifact of a file of many blocks is named by a CID that `parseCid` does not know; state holds checked ones. */
function artifactOf({ artifact }: Commit): NonNullable<Attest['artifact']> {
  return CID.parse(artifact)
}

function saltFor({ saltOf, did }: VerifierSelf, commit: Commit): Uint8Array {
  return saltOf(`verdict ${did} ${commit.id}`)
}

function bind(scene: Scene, self: VerifierSelf, commit: Commit, { verdict }: Judgement): Line {
  const said = bound(scene, commit, verdict)
  const hash = verdictCommitment(scene.net, self.did, said, saltFor(self, commit), scene.sha256)
  const { need_id, attempt, commit_id } = said
  return line('ATTEST_COMMIT', { need_id, attempt, commit_id, hash })
}

/**
 * Shows the verdict that it is bound to, whatever a second look says by now: another one would count as wrong. It is found
 * by trying all three, so a seat that was restarted in between needs nothing but the commitment.
 */
function show(scene: Scene, self: VerifierSelf, commit: Commit, committee: Committee): Part {
  const own = committee.commitments.find(({ seat }) => seat === self.did)
  if (own === undefined) return NO_PART
  const salt = saltFor(self, commit)
  const said = (['accept', 'reject', 'unavailable'] as const)
    .map((verdict) => bound(scene, commit, verdict))
    .find((one) => equalBytes(verdictCommitment(scene.net, self.did, one, salt, scene.sha256), own.hash))
  return said === undefined ? NO_PART : saying(line('ATTEST', { ...said, gas: 0, salt, reason: '' }))
}
