import { nodeCrypto } from '../../src/adapters/crypto/node-crypto.ts'
import type { CID } from '../../src/codec/cid.ts'
import type { Payload } from '../../src/codec/payload/verbs.ts'
import type { ThreadId } from '../../src/model/ids.ts'
import type { MicroText } from '../../src/model/micro.ts'
import type { Spoken } from '../../src/sim/heart/actor.ts'
import { Challenger, type ChallengerWay } from '../../src/sim/heart/cast/challenger.ts'
import { type Part, sceneOf } from '../../src/sim/heart/cast/scene.ts'
import { Verifier, type VerifierWay } from '../../src/sim/heart/cast/verifier.ts'
import { Worker, type WorkerWay } from '../../src/sim/heart/cast/worker.ts'
import { closeHistory } from '../../src/sim/heart/close-history.ts'
import { Stage, type StageOptions } from '../../src/sim/heart/stage.ts'

const CREDIT = 1_000_000n

export interface TheatreOptions {
  readonly seed?: string
  readonly voters?: number
  readonly certifies?: boolean
  readonly workers?: readonly WorkerWay[]
  readonly verifiers?: readonly VerifierWay[]
  readonly challengers?: readonly ChallengerWay[]
  /** The capsule that the genesis names. */
  readonly law?: Pick<StageOptions, 'judge' | 'policy' | 'resultOf'>
  /** The one that all of the cast offer and every need asks for. */
  readonly capability?: string
}

interface PlayedNeed {
  readonly id: string
  readonly payload: Payload<'NEED'>
  readonly said: Set<string>
  isDone: boolean
}

/** A stage with a cast that plays needs to their end. */
export class Theatre {
  readonly stage: Stage
  readonly needs: PlayedNeed[] = []
  readonly #parts: Part[] = []
  readonly #certifies: boolean
  readonly #capability: string

  constructor(options: TheatreOptions = {}) {
    const { workers = ['honest'], verifiers = ['honest', 'honest', 'honest'], challengers = [] } = options
    this.#certifies = options.certifies ?? true
    this.#capability = options.capability ?? 'text/hash'
    this.stage = new Stage({
      crypto: nodeCrypto,
      seed: options.seed ?? 'theatre',
      voters: options.voters ?? 3,
      checks: false,
      certifies: this.#certifies,
      startMs: 1_700_000_000_000,
      ...options.law,
      genesis: (didOf) => ({
        ...(options.law?.policy?.capsule === undefined
          ? {}
          : { capsule: options.law.policy.capsule.toString() }),
        insurance: credits(1_000),
        accounts: [
          { did: didOf('requester'), amount: credits(100_000) },
          ...workers.map((_, at) => ({ did: didOf(`worker ${at}`), amount: credits(1_000) })),
          ...challengers.map((_, at) => ({ did: didOf(`challenger ${at}`), amount: credits(1_000) })),
        ],
        verifiers: verifiers.map((_, at) => ({
          did: didOf(`verifier ${at}`),
          stake: credits(100_000),
          capabilities: [this.#capability],
        })),
      }),
    })
    const { sha256 } = nodeCrypto
    this.stage.tick(50)
    for (const [at, way] of workers.entries()) {
      const actor = this.stage.actor(`worker ${at}`)
      const manifest = this.#manifest(
        actor.account('MANIFEST', manifestOf(this.#capability), this.stage.timeMs),
      )
      this.#parts.push(new Worker(actor, way, nodeCrypto, manifest, (budget) => budget / 2n))
    }
    for (const [at, way] of verifiers.entries()) {
      this.#parts.push(new Verifier(this.stage.actor(`verifier ${at}`), way, sha256))
    }
    for (const [at, way] of challengers.entries()) {
      this.#parts.push(new Challenger(this.stage.actor(`challenger ${at}`), way, sha256))
    }
    this.stage.tick(50)
  }

  /** Posts a need, which opens a thread or goes into one that is open. */
  post(key: string, changes: Partial<Payload<'NEED'>> = {}, thread?: ThreadId): Spoken<'NEED'> {
    const payload: Payload<'NEED'> = {
      label: `need ${key}`,
      task_type: 'hash',
      capability: this.#capability,
      input: { inline: new TextEncoder().encode(key) },
      requires: [],
      produces: [],
      constraints: {},
      task_class: 'simple',
      budget: credits(1),
      verify_bounty: credits(1),
      verification: { mode: 'schema', schema: { inline: new TextEncoder().encode('{}') } },
      idempotency_key: key,
      ...changes,
    }
    const requester = this.stage.actor('requester')
    const { timeMs } = this.stage
    const spoken =
      thread === undefined ? requester.need(payload, timeMs) : requester.say('NEED', thread, payload, timeMs)
    const verdict = this.stage.submit(spoken)
    if (verdict.kind === 'rejected') throw new Error(`${verdict.code}: ${verdict.message}`)
    this.needs.push({ id: spoken.id, payload, said: new Set(), isDone: false })
    return spoken
  }

  /** Plays slots until all needs are over and certified, or so many have passed. True when all are. */
  play(slots = 1_000, ms = 50): boolean {
    for (let slot = 0; slot < slots; slot++) {
      this.step(ms)
      if (this.needs.every((need) => need.isDone)) return true
    }
    return false
  }

  step(ms = 50): void {
    this.stage.tick(ms)
    this.stage.network.deliverAll()
    for (const need of this.needs) if (!need.isDone) this.#playNeed(need)
    this.stage.network.deliverAll()
    for (const need of this.needs) {
      if (need.isDone) continue
      this.#certify(need.id)
      need.isDone = this.isDone(need.id)
    }
  }

  isDone(id: string): boolean {
    const over = this.#needOf(id)?.over
    return over !== undefined && (over.isCertified || !this.#certifies)
  }

  stateOf(id: string): string | undefined {
    return this.#needOf(id)?.state
  }

  #needOf(id: string) {
    const bucket = this.stage.bucketOf(id)
    return bucket === undefined ? undefined : this.stage.bucket(bucket).records.get('needs', id)
  }

  #playNeed({ id, payload, said }: PlayedNeed): void {
    const { stage } = this
    for (const part of this.#parts) {
      const scene = sceneOf(stage, id, payload)
      if (scene === undefined) return
      for (const { key, say } of part.lines(scene)) {
        const name = `${part.actor.did} ${key}`
        if (said.has(name)) continue
        said.add(name)
        stage.say(id, say())
      }
    }
    const bucket = stage.bucketOf(id)
    if (bucket !== undefined) stage.leader(bucket).act(id, stage.slot)
  }

  #certify(id: string): void {
    if (!this.#certifies) return
    const verdict = closeHistory(this.stage, id)
    if (verdict?.kind === 'rejected') throw new Error(`cert: ${verdict.code}: ${verdict.message}`)
  }

  #manifest(spoken: Spoken<'MANIFEST'>): CID {
    const verdict = this.stage.submit(spoken)
    if (verdict.kind === 'rejected') throw new Error(`${verdict.code}: ${verdict.message}`)
    return spoken.cid
  }
}

function manifestOf(name: string): Payload<'MANIFEST'> {
  const capability = { name, about: '', task_types: [], tags: [], constraints: {}, price: credits(1) }
  return { version: 1, label: 'worker', capabilities: [capability] }
}

function credits(count: number): MicroText {
  return String(BigInt(count) * CREDIT) as MicroText
}
