import type { CID } from '../../../codec/cid.ts'
import { planCommitment } from '../../../codec/payload/commitments.ts'
import type { Payload } from '../../../codec/payload/verbs.ts'
import { cidOfId } from '../../../core/bucket/need-turn.ts'
import { proveRegistry } from '../../../core/system/registry.ts'
import type { MicroText } from '../../../model/micro.ts'
import type { Crypto } from '../../../ports/crypto.ts'
import type { Actor } from '../actor.ts'
import { type Line, line, type Part, rightResult, type Scene } from './scene.ts'

/**
 * honest: does it all. liar: delivers something else. secretive: bids and never shows its plan. sleeper: takes the lease
 * and is not heard of again. thief: delivers whoever holds the lease. absent: does not claim when its turn comes. quitter: yields.
 */
export type WorkerWay = 'honest' | 'liar' | 'secretive' | 'sleeper' | 'absent' | 'quitter' | 'thief'

const LEASE_MS = 5_000
const BEAT_MS = 500

export class Worker implements Part {
  readonly actor: Actor
  readonly #way: WorkerWay
  readonly #crypto: Crypto
  readonly #manifest: CID
  readonly #price: (budget: bigint) => bigint

  constructor(
    actor: Actor,
    way: WorkerWay,
    crypto: Crypto,
    manifest: CID,
    price: (budget: bigint) => bigint,
  ) {
    this.actor = actor
    this.#way = way
    this.#crypto = crypto
    this.#manifest = manifest
    this.#price = price
  }

  lines(scene: Scene): readonly Line[] {
    const { state } = scene.need
    if (state === 'OPEN') return this.#bid(scene)
    if (state === 'RANKED') return this.#way === 'secretive' ? [] : this.#reveal(scene)
    if (state === 'DECIDED') return this.#way === 'absent' ? [] : this.#claim(scene)
    return state === 'CLAIMED' ? this.#work(scene) : []
  }

  #bid(scene: Scene): readonly Line[] {
    const { need, terms, stage } = scene
    const { did } = this.actor
    const proof = proveRegistry(stage.hub.records, did, this.#crypto.sha256)
    if (proof === undefined || proof.slot < terms.escrowed || did === terms.requester) return []
    if (terms.invited.length > 0 && !terms.invited.includes(did)) return []
    const hash = planCommitment(stage.genesis.net, did, this.#plan(scene, need.bidRound), this.#crypto.sha256)
    const bid = {
      bid_round: need.bidRound,
      cost: this.#price(terms.budget).toString() as MicroText,
      eta: 1_000,
      lease_ttl: LEASE_MS,
      heartbeat_interval: BEAT_MS,
      manifest: this.#manifest,
      registry: {
        ...proof,
        path: proof.path.map(([side, sibling]): [0 | 1, Uint8Array] => [side, sibling]),
      },
      plan: { hash },
    }
    return [line(scene, this.actor, `bid ${need.bidRound}`, 'PROPOSE', bid)]
  }

  #plan({ cid }: Scene, bidRound: number): Omit<Payload<'REVEAL_PLAN'>, 'proposal_id'> {
    const op = {
      op_id: '1',
      op_type: 'ADD_TASK' as const,
      task_id: 'work',
      payload: { label: 'do the work' },
    }
    const salt = this.#crypto.sha256(
      new TextEncoder().encode(`${this.actor.did} ${cid.toString()} ${bidRound}`),
    )
    return { need_id: cid, bid_round: bidRound, patch: { ops: [op], base_lamport: 0 }, salt }
  }

  #reveal(scene: Scene): readonly Line[] {
    const [head] = scene.need.ranking
    if (head?.bidder !== this.actor.did || !head.isReserved) return []
    const { patch, salt } = this.#plan(scene, head.round)
    const shown = { bid_round: head.round, proposal_id: cidOfId(head.proposal), patch, salt }
    return [line(scene, this.actor, `reveal ${head.proposal}`, 'REVEAL_PLAN', shown)]
  }

  #claim(scene: Scene): readonly Line[] {
    const { attempt, ranking } = scene.need
    const [head] = ranking
    if (head?.bidder !== this.actor.did) return []
    const claim = {
      attempt,
      proposal_id: cidOfId(head.proposal),
      lease_ttl: LEASE_MS,
      heartbeat_interval: BEAT_MS,
    }
    return [line(scene, this.actor, `claim ${attempt}`, 'CLAIM', claim)]
  }

  #work(scene: Scene): readonly Line[] {
    const { need, bucket, stage } = scene
    const { lease, attempt } = need
    if (lease === undefined || this.#way === 'sleeper') return []
    if (lease.worker !== this.actor.did && this.#way !== 'thief') return []
    const lease_id = cidOfId(lease.id)
    if (this.#way === 'quitter') {
      return [line(scene, this.actor, `yield ${attempt}`, 'YIELD', { attempt, lease_id, reason: 'busy' })]
    }
    const beats = Math.floor((stage.timeMs - lease.granted.time) / BEAT_MS)
    const beat = { attempt, lease_id, progress: Math.min(100, beats * 20) }
    const right = rightResult(scene, this.#crypto.sha256)
    const commit = {
      attempt,
      lease_id,
      fence: { bucket, generation: 0, fence_epoch: lease.fenceEpoch, record: lease_id },
      artifact: { inline: this.#way === 'liar' ? this.#crypto.sha256(right) : right },
      telemetry: { gas: 1, bytes: right.length },
    }
    return [
      line(scene, this.actor, `beat ${attempt} ${beats}`, 'HEARTBEAT', beat),
      ...(beats >= 2 ? [line(scene, this.actor, `commit ${attempt}`, 'COMMIT', commit)] : []),
    ]
  }
}
