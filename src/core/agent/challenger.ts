import { equalBytes } from '../../codec/bytes.ts'
import { challengeCommitment } from '../../codec/payload/commitments.ts'
import type { Payload } from '../../codec/payload/verbs.ts'
import type { Did } from '../../model/ids.ts'
import { microText } from '../../model/micro.ts'
import type { ProofType } from '../../model/task.ts'
import { challengeKey } from '../bucket/tables.ts'
import { elapsed } from '../bucket/windows.ts'
import { challengeBond, challengeWindowMs } from '../market/bounds.ts'
import { commitOf, type Delivered } from './delivered.ts'
import { line } from './line.ts'
import type { Scene } from './scene.ts'
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

export interface ChallengerSelf {
  readonly did: Did
  /** The largest bond that it puts up, micro-credits. */
  readonly bondMax: bigint
  /** Part of the results that it looks at. */
  readonly sharePpm: number
  /** False: it cannot do this need's work again. */
  readonly canJudge: (capability: string) => boolean
  readonly saltOf: SaltOf
}

/**
 * What shows that a result is wrong, by how its need is judged: seats say no to any other proof, a breach of the policy left out,
 * which every result may be.
 */
export const PROOF_OF_MODE: Readonly<Record<Payload<'NEED'>['verification']['mode'], ProofType>> = {
  reexecute: 'OUTPUT_MISMATCH',
  schema: 'SCHEMA_VIOLATION',
  citations: 'MISSING_CITATION',
  judge: 'SEMANTIC_CONTRADICTION',
}

/**
 * What an honest challenger does: looks at some of the accepted results of others, and challenges what is wrong; and challenges the
 * rejection of its own work where doing it again gives the same. Source: lifecycle.md, entry `challenge`; economy.md,
 * "Challenges".
 */
export function challengerPart(
  scene: Scene,
  self: ChallengerSelf,
  outcomes: Pick<Outcomes, 'judgement'>,
): Part {
  const shown = scene.need.challenges.map((id) => show(scene, self, id))
  // Asked first: most nodes look at no result at all.
  if (!self.canJudge(scene.terms.capability)) return together(shown)
  return together([accepted(scene, self, outcomes), ownRejection(scene, self, outcomes), ...shown])
}

function accepted(scene: Scene, self: ChallengerSelf, outcomes: Pick<Outcomes, 'judgement'>): Part {
  const { state, attempt, commit } = scene.need
  if (state !== 'FINAL' || commit === undefined || commit.worker === self.did) return NO_PART
  if (!isOpen(scene) || !isChosen(scene, self)) return NO_PART
  return doubt(scene, self, { ...commit, attempt }, outcomes, 'reject')
}

/** In the list it is only for as long as it can be challenged. */
function ownRejection(scene: Scene, self: ChallengerSelf, outcomes: Pick<Outcomes, 'judgement'>): Part {
  const own = scene.need.rejections.find(
    ({ worker, challenge }) => worker === self.did && challenge === undefined,
  )
  const commit = own === undefined ? undefined : commitOf(scene, own.attempt)
  return commit === undefined ? NO_PART : doubt(scene, self, commit, outcomes, 'accept')
}

/** Puts up the bond where the network has said otherwise than `finding`. */
function doubt(
  scene: Scene,
  self: ChallengerSelf,
  { id, attempt, artifact }: Delivered,
  { judgement }: Pick<Outcomes, 'judgement'>,
  finding: Judgement['verdict'],
): Part {
  if (scene.hasSaid(`CHALLENGE_COMMIT ${attempt}`)) return NO_PART
  const bond = bondOf(scene)
  const free = scene.hub.get('accounts', self.did)?.balance ?? 0n
  if (bond > self.bondMax || bond > free) return NO_PART
  const key = `judge ${id}`
  const found = judgement(key)
  if (found === undefined) return wanting({ kind: 'judge', key, attempt, commit: id, artifact })
  if (found.verdict !== finding) return NO_PART
  const shown = shownOf(scene, self, attempt)
  const hash = challengeCommitment(scene.net, self.did, shown, scene.sha256)
  return saying(line('CHALLENGE_COMMIT', { need_id: scene.cid, attempt, bond: microText(bond), hash }))
}

function show(scene: Scene, self: ChallengerSelf, id: string): Part {
  const challenge = scene.view.get('challenges', challengeKey(scene.id, id))
  if (challenge?.challenger !== self.did || challenge.state !== 'committed') return NO_PART
  const shown = shownOf(scene, self, challenge.attempt)
  // One that its owner made by hand is shown by whoever kept what it holds.
  const isOwn = equalBytes(challengeCommitment(scene.net, self.did, shown, scene.sha256), challenge.hash)
  return isOwn ? saying(line('CHALLENGE', shown)) : NO_PART
}

/** Follows from need and attempt alone: after a restart it opens the same commitment. */
function shownOf({ cid, id, payload }: Scene, { did, saltOf }: ChallengerSelf, attempt: number) {
  return {
    need_id: cid,
    attempt,
    proof_type: PROOF_OF_MODE[payload.verification.mode],
    proof: { size_bytes: 0, gas_estimate: 0 },
    evidence: { inline: new Uint8Array() },
    salt: saltOf(`challenge ${did} ${id} ${attempt}`),
  }
}

function bondOf({ terms, payload }: Scene) {
  return challengeBond(PROOF_OF_MODE[payload.verification.mode], terms.taskClass, terms.parameters)
}

function isOpen({ need, terms, slot, view }: Scene): boolean {
  const bucket = view.get('bucket', '')
  if (need.finalized === undefined || bucket === undefined) return false
  const { taskClass, budget, parameters } = terms
  return elapsed(need.finalized.at, slot, bucket) < challengeWindowMs(taskClass, budget, parameters)
}

/** Which ones it looks at nobody can foresee, and a restart changes nothing. */
function isChosen({ id }: Scene, { saltOf, did, sharePpm }: ChallengerSelf): boolean {
  const [a = 0, b = 0, c = 0] = saltOf(`look ${did} ${id}`)
  return (a * 65_536 + b * 256 + c) % 1_000_000 < sharePpm
}
