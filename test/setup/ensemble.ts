import { nodeCrypto } from '../../src/adapters/crypto/node-crypto.ts'
import { cidOf, RAW } from '../../src/codec/cid.ts'
import { encodeDagCbor } from '../../src/codec/dag-cbor/encode.ts'
import type { SingleEnvelope } from '../../src/codec/envelope/verify-single.ts'
import type { Payload } from '../../src/codec/payload/verbs.ts'
import { type ChallengerSelf, challengerPart } from '../../src/core/agent/challenger.ts'
import type { Line } from '../../src/core/agent/line.ts'
import { type Scene, sceneOf } from '../../src/core/agent/scene.ts'
import { type VerifierSelf, verifierPart } from '../../src/core/agent/verifier.ts'
import { type Delivery, type Judgement, type Part, together, type Work } from '../../src/core/agent/work.ts'
import { type WorkerSelf, workerPart } from '../../src/core/agent/worker.ts'
import { cidOfId } from '../../src/core/bucket/need-turn.ts'
import type { Need } from '../../src/core/bucket/tables.ts'
import { proveRegistry } from '../../src/core/system/registry.ts'
import type { MicroText } from '../../src/model/micro.ts'
import type { Actor, Spoken } from '../../src/sim/heart/actor.ts'
import { Stage } from '../../src/sim/heart/stage.ts'

const CREDIT = 1_000_000n
export const CAPABILITY = 'text/hash'
const { sha256 } = nodeCrypto

/** Changes what an honest agent would say: drops lines, or bends them. */
export type Bend = (line: Line, scene: Scene) => readonly Line[]

export interface Agent {
  readonly actor: Actor
  readonly role: 'worker' | 'verifier' | 'challenger'
  readonly bend: Bend
  /** What its job makes of the input. */
  readonly run: (input: Uint8Array) => Uint8Array
  readonly said: Set<string>
  readonly results: Map<string, Delivery | Judgement>
}

export interface EnsembleOptions {
  readonly workers?: number
  readonly verifiers?: number
  readonly challengers?: number
  /** Workers challenge rejections of their own work. */
  readonly stubborn?: boolean
}

export const rightRun = (input: Uint8Array): Uint8Array => sha256(input)
export const wrongRun = (input: Uint8Array): Uint8Array => sha256(sha256(input))

export function credits(count: number): MicroText {
  return String(BigInt(count) * CREDIT) as MicroText
}

/** A stage whose people follow the rules of the core, unless they are bent. */
export class Ensemble {
  readonly stage: Stage
  readonly agents = new Map<string, Agent>()
  readonly lines: { readonly name: string; readonly line: Line }[] = []
  readonly states: string[] = []
  readonly #manifests = new Map<string, Spoken<'MANIFEST'>>()
  readonly #heard = new Map<string, SingleEnvelope[]>()

  readonly #isStubborn: boolean

  constructor({ workers = 2, verifiers = 3, challengers = 0, stubborn = false }: EnsembleOptions = {}) {
    this.#isStubborn = stubborn
    const named = (kind: string, count: number) => Array.from({ length: count }, (_, at) => `${kind} ${at}`)
    const [works, judges, doubts] = [
      named('worker', workers),
      named('verifier', verifiers),
      named('challenger', challengers),
    ]
    this.stage = new Stage({
      crypto: nodeCrypto,
      seed: 'ensemble',
      voters: 3,
      checks: false,
      certifies: false,
      startMs: 1_700_000_000_000,
      genesis: (didOf) => ({
        insurance: credits(1_000),
        accounts: ['requester', ...works, ...doubts].map((name) => ({
          did: didOf(name),
          amount: credits(100_000),
        })),
        verifiers: judges.map((name) => ({
          did: didOf(name),
          stake: credits(100_000),
          capabilities: [CAPABILITY],
        })),
      }),
    })
    this.stage.tick(50)
    for (const name of works) this.#hire(name, 'worker')
    for (const name of judges) this.#hire(name, 'verifier')
    for (const name of doubts) this.#hire(name, 'challenger')
    this.stage.tick(50)
  }

  bend(name: string, changes: Partial<Pick<Agent, 'bend' | 'run'>>): void {
    const agent = this.agents.get(name)
    if (agent === undefined) throw new Error(`nobody is called ${name}`)
    this.agents.set(name, { ...agent, ...changes })
  }

  post(changes: Partial<Payload<'NEED'>> = {}): Spoken<'NEED'> {
    const payload: Payload<'NEED'> = {
      label: 'a need',
      task_type: 'hash',
      capability: CAPABILITY,
      input: { inline: new TextEncoder().encode('input') },
      requires: [],
      produces: [],
      constraints: {},
      task_class: 'simple',
      budget: credits(1),
      verify_bounty: credits(1),
      verification: { mode: 'reexecute' },
      idempotency_key: 'key',
      ...changes,
    }
    const spoken = this.stage.actor('requester').need(payload, this.stage.timeMs)
    const verdict = this.stage.submit(spoken)
    if (verdict.kind === 'rejected') throw new Error(`${verdict.code}: ${verdict.message}`)
    return spoken
  }

  /** Plays a need until it is over, or so many slots have passed. */
  play({ id, payload }: Spoken<'NEED'>, slots = 600): Need | undefined {
    for (let slot = 0; slot < slots; slot++) {
      this.step(id, payload)
      const need = this.needOf(id)
      if (need?.over !== undefined) return need
    }
    return this.needOf(id)
  }

  step(id: string, payload: Payload<'NEED'>): void {
    const { stage } = this
    stage.tick(50)
    stage.network.deliverAll()
    for (const [name, agent] of this.agents) {
      const scene = this.sceneOf(id, payload, (key) => agent.said.has(`${id} ${key}`))
      if (scene !== undefined) this.#speak(name, agent, scene)
    }
    const bucket = stage.bucketOf(id)
    if (bucket !== undefined) stage.leader(bucket).act(id, stage.slot)
    stage.network.deliverAll()
    const state = this.needOf(id)?.state
    if (state !== undefined && this.states.at(-1) !== state) this.states.push(state)
  }

  needOf(id: string): Need | undefined {
    const bucket = this.stage.bucketOf(id)
    return bucket === undefined ? undefined : this.stage.bucket(bucket).records.get('needs', id)
  }

  sceneOf(
    id: string,
    payload: Payload<'NEED'>,
    hasSaid: (key: string) => boolean = () => false,
  ): Scene | undefined {
    const { stage } = this
    const bucket = stage.bucketOf(id)
    if (bucket === undefined) return undefined
    return sceneOf({
      net: stage.genesis.net,
      generation: 0,
      sha256,
      id,
      cid: cidOfId(id),
      bucket,
      hub: stage.hub.records,
      view: stage.bucket(bucket).records,
      payload,
      envelopes: this.#heard.get(id) ?? [],
      slotNumber: stage.slot,
      hasSaid,
    })
  }

  /** What an agent would say now. */
  partOf(name: string, scene: Scene): Part {
    const agent = this.agents.get(name)
    if (agent === undefined) throw new Error(`nobody is called ${name}`)
    const outcomes = {
      delivery: (key: string) => agent.results.get(key) as Delivery | undefined,
      judgement: (key: string) => agent.results.get(key) as Judgement | undefined,
    }
    const doubts = () => challengerPart(scene, challengerSelf(agent), outcomes)
    if (agent.role === 'worker') {
      const works = workerPart(scene, this.workerSelf(name, agent), outcomes)
      return this.#isStubborn ? together([works, doubts()]) : works
    }
    if (agent.role === 'verifier') return verifierPart(scene, verifierSelf(agent), outcomes)
    return doubts()
  }

  workerSelf(name: string, { actor }: Agent): WorkerSelf {
    const offer = {
      capability: CAPABILITY,
      price: CREDIT / 2n + BigInt(Number(name.at(-1))) * (CREDIT / 4n),
      pricePerKib: 0n,
      inputBytesMax: 1_000_000,
      eta: 1_000,
      leaseTtl: 2_000,
      heartbeatInterval: 200,
      isolation: 'sandbox' as const,
    }
    return {
      did: actor.did,
      offers: new Map([[CAPABILITY, offer]]),
      manifest: this.#manifests.get(name)?.cid,
      registry: () => proveRegistry(this.stage.hub.records, actor.did, sha256),
      hasRoom: true,
      isFinished: () => true,
      saltOf: saltOf(name),
    }
  }

  #speak(name: string, agent: Agent, scene: Scene): void {
    for (const work of this.partOf(name, scene).work) {
      if (!agent.results.has(work.key)) agent.results.set(work.key, resultOf(agent, scene, work))
    }
    for (const line of this.partOf(name, scene).lines.flatMap((one) => agent.bend(one, scene))) {
      const key = `${scene.id} ${line.key}`
      if (agent.said.has(key)) continue
      agent.said.add(key)
      this.lines.push({ name, line })
      this.#say(agent.actor, scene, line)
    }
  }

  #say(actor: Actor, { id, terms }: Scene, { kind, payload }: Line): void {
    const { stage } = this
    const spoken = actor.say(kind, terms.thread as Spoken['thread'], payload, stage.timeMs)
    stage.say(id, spoken)
    const opened = stage.world.openEnvelope(spoken.field, stage.timeMs)
    if (!opened.ok) throw new Error(opened.error.message)
    this.#heard.set(id, [...(this.#heard.get(id) ?? []), opened.value])
  }

  #hire(name: string, role: Agent['role']): void {
    const actor = this.stage.actor(name)
    this.agents.set(name, {
      actor,
      role,
      bend: (line) => [line],
      run: rightRun,
      said: new Set(),
      results: new Map(),
    })
    if (role !== 'worker') return
    const offer = {
      name: CAPABILITY,
      about: '',
      task_types: [],
      tags: [],
      constraints: {},
      price: credits(1),
    }
    const manifest = actor.account(
      'MANIFEST',
      { version: 1, label: name, capabilities: [offer] },
      this.stage.timeMs,
    )
    this.stage.submit(manifest)
    this.#manifests.set(name, manifest)
  }
}

function saltOf(name: string): (label: string) => Uint8Array {
  return (label) => sha256(encodeDagCbor([name, label]))
}

function verifierSelf({ actor }: Agent): VerifierSelf {
  return { did: actor.did, saltOf: saltOf(actor.did) }
}

function challengerSelf({ actor }: Agent): ChallengerSelf {
  return {
    did: actor.did,
    bondMax: 1_000n * CREDIT,
    sharePpm: 1_000_000,
    canJudge: () => true,
    saltOf: saltOf(actor.did),
  }
}

/** Does a piece of work at once. */
function resultOf({ run }: Agent, { payload }: Scene, work: Work): Delivery | Judgement {
  const input = 'inline' in payload.input ? payload.input.inline : new Uint8Array()
  const made = attempted(() => run(input))
  if (made === undefined) return { kind: 'failed', reason: 'the job failed' }
  if (work.kind === 'deliver') {
    return { kind: 'delivered', artifact: { inline: made }, telemetry: { gas: 1, bytes: made.length } }
  }
  const artifact = cidOf(made, sha256, RAW)
  const verdict = artifact.toString() === work.artifact ? 'accept' : 'reject'
  return { verdict, artifact, gas: 1, reason: '' }
}

function attempted<Value>(act: () => Value): Value | undefined {
  try {
    return act()
  } catch {
    return undefined
  }
}
