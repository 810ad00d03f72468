import { cidOf, RAW } from '../../../codec/cid.ts'
import { verdictCommitment } from '../../../codec/payload/commitments.ts'
import { cidOfId } from '../../../core/bucket/need-turn.ts'
import type { Committee } from '../../../core/bucket/tables.ts'
import type { Sha256 } from '../../../ports/crypto.ts'
import type { Actor } from '../actor.ts'
import { committeeOf, type Line, line, type Part, rightResult, type Scene } from './scene.ts'

/**
 * honest: does the work again and says what it finds. nodder: accepts everything, and upholds nothing. denier: the other
 * way round. meddler: has its say without a seat. stutterer: says the same twice. silent: says nothing. twofaced: gives two verdicts. doubter: finds no rule that decides a challenge. hider: commits itself and never shows its verdict.
 */
export type VerifierWay =
  | 'honest'
  | 'nodder'
  | 'denier'
  | 'silent'
  | 'twofaced'
  | 'hider'
  | 'meddler'
  | 'stutterer'
  | 'doubter'

type Verdict = 'accept' | 'reject'

const NO_DIGEST = new Uint8Array(32)

export class Verifier implements Part {
  readonly actor: Actor
  readonly #way: VerifierWay
  readonly #sha256: Sha256

  constructor(actor: Actor, way: VerifierWay, sha256: Sha256) {
    this.actor = actor
    this.#way = way
    this.#sha256 = sha256
  }

  lines(scene: Scene): readonly Line[] {
    if (this.#way === 'silent') return []
    const { state } = scene.need
    const own = state === 'RANKED' ? this.#plan(scene) : state === 'COMMITTED' ? this.#result(scene) : []
    return [...own, ...this.#challenges(scene)]
  }

  #plan(scene: Scene): readonly Line[] {
    const [head] = scene.need.ranking
    const isSeated = this.#isSeated(committeeOf(scene, 'plan', 0))
    if (head === undefined || !head.isReserved || !isSeated) return []
    const proposal_id = cidOfId(head.proposal)
    return this.#said(true).map((verdict, at) =>
      line(scene, this.actor, `plan ${head.proposal} ${at}`, 'ATTEST_PLAN', {
        bid_round: head.round,
        proposal_id,
        verdict,
        reason: '',
      }),
    )
  }

  #result(scene: Scene): readonly Line[] {
    const { commit, attempt } = scene.need
    const committee = committeeOf(scene, 'result', attempt)
    if (commit === undefined || committee === undefined || !this.#isSeated(committee)) return []
    return this.#said(isRight(scene, this.#sha256)).flatMap((verdict, at) => {
      const key = `${commit.id} ${at}`
      const judged = { attempt, commit_id: cidOfId(commit.id), verdict, digest: NO_DIGEST }
      if (!committee.isCommitReveal) {
        return [line(scene, this.actor, `result ${key}`, 'ATTEST', { ...judged, gas: 1, reason: '' })]
      }
      const salt = this.#sha256(new TextEncoder().encode(`${this.actor.did} ${key}`))
      const { net } = scene.stage.genesis
      const hash = verdictCommitment(
        net,
        this.actor.did,
        { ...judged, need_id: scene.cid },
        salt,
        this.#sha256,
      )
      const bound = { attempt, commit_id: judged.commit_id, hash }
      if (committee.revealing === undefined) {
        return [line(scene, this.actor, `bound ${key}`, 'ATTEST_COMMIT', bound)]
      }
      if (this.#way === 'hider') return []
      return [line(scene, this.actor, `shown ${key}`, 'ATTEST', { ...judged, gas: 1, salt, reason: '' })]
    })
  }

  #challenges(scene: Scene): readonly Line[] {
    return scene.need.challenges.flatMap((id) => {
      const committee = committeeOf(scene, 'challenge', id)
      if (committee === undefined || !this.#isSeated(committee)) return []
      const words = this.#said(isRight(scene, this.#sha256))
      return words.map((verdict, at) =>
        line(scene, this.actor, `challenge ${id} ${at}`, 'VERDICT', {
          challenge_id: cidOfId(id),
          outcome: this.#way === 'doubter' ? 'undecided' : verdict === 'accept' ? 'rejected' : 'upheld',
          gas_used: 1,
          evidence: { inline: new Uint8Array() },
        }),
      )
    })
  }

  #isSeated(committee: Committee | undefined): boolean {
    return this.#way === 'meddler' || committee?.seats.includes(this.actor.did) === true
  }

  #said(isGood: boolean): readonly Verdict[] {
    const honest: Verdict = isGood ? 'accept' : 'reject'
    if (this.#way === 'nodder') return ['accept']
    if (this.#way === 'denier') return ['reject']
    if (this.#way === 'stutterer') return [honest, honest]
    return this.#way === 'twofaced' ? ['accept', 'reject'] : [honest]
  }
}

/** True where what was delivered is what the work makes. */
export function isRight(scene: Scene, sha256: Sha256): boolean {
  return scene.need.commit?.artifact === cidOf(rightResult(scene, sha256), sha256, RAW).toString()
}
