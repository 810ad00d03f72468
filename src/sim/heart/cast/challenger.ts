import { challengeCommitment } from '../../../codec/payload/commitments.ts'
import { cidOfId } from '../../../core/bucket/need-turn.ts'
import { challengeKey } from '../../../core/bucket/tables.ts'
import { challengeBond } from '../../../core/market/bounds.ts'
import type { MicroText } from '../../../model/micro.ts'
import type { Sha256 } from '../../../ports/crypto.ts'
import type { Actor } from '../actor.ts'
import { type Line, line, type Part, type Scene } from './scene.ts'
import { isRight } from './verifier.ts'

/** honest: challenges what is wrong. frivolous: what is right. teaser: never shows what it committed to. waverer: takes it back. late: comes after the window. */
export type ChallengerWay = 'honest' | 'frivolous' | 'teaser' | 'waverer' | 'late'

/** After every window for challenges of a play, and before it settles. */
const LATE_MS = 4_500

export class Challenger implements Part {
  readonly actor: Actor
  readonly #way: ChallengerWay
  readonly #sha256: Sha256

  constructor(actor: Actor, way: ChallengerWay, sha256: Sha256) {
    this.actor = actor
    this.#way = way
    this.#sha256 = sha256
  }

  lines(scene: Scene): readonly Line[] {
    const { need } = scene
    if (need.state !== 'FINAL') return []
    return [...this.#commitment(scene), ...need.challenges.flatMap((id) => this.#next(scene, id))]
  }

  #commitment(scene: Scene): readonly Line[] {
    const { finalized } = scene.need
    if (this.#way === 'late' && scene.stage.timeMs - (finalized?.at.time ?? 0) < LATE_MS) return []
    const isWanted = this.#way === 'late' || (this.#way === 'frivolous') === isRight(scene, this.#sha256)
    if (!isWanted) return []
    const { taskClass, parameters } = scene.terms
    const bond = challengeBond('OUTPUT_MISMATCH', taskClass, parameters)
    const { attempt } = scene.need
    const { net } = scene.stage.genesis
    const shown = { ...this.#content(scene, attempt), need_id: scene.cid }
    const hash = challengeCommitment(net, this.actor.did, shown, this.#sha256)
    const said = { attempt, bond: bond.toString() as MicroText, hash }
    return [line(scene, this.actor, `commit ${attempt}`, 'CHALLENGE_COMMIT', said)]
  }

  #next(scene: Scene, id: string): readonly Line[] {
    const challenge = scene.view.get('challenges', challengeKey(scene.id, id))
    if (challenge?.challenger !== this.actor.did || this.#way === 'teaser') return []
    const { attempt, state } = challenge
    if (state === 'committed') {
      return [line(scene, this.actor, `show ${id}`, 'CHALLENGE', this.#content(scene, attempt))]
    }
    if (state !== 'revealed' || this.#way !== 'waverer') return []
    return [line(scene, this.actor, `withdraw ${id}`, 'WITHDRAW', { challenge_id: cidOfId(id) })]
  }

  #content({ cid }: Scene, attempt: number) {
    const salt = this.#sha256(new TextEncoder().encode(`${this.actor.did} ${cid.toString()} ${attempt}`))
    const proof = { size_bytes: 0, gas_estimate: 1 }
    const evidence = { inline: new Uint8Array() }
    return { attempt, proof_type: 'OUTPUT_MISMATCH' as const, proof, evidence, salt }
  }
}
