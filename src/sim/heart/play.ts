import type { Payload } from '../../codec/payload/verbs.ts'
import { cidOfId } from '../../core/bucket/need-turn.ts'
import type { NeedState } from '../../core/bucket/transitions.ts'
import { isOver } from '../../core/bucket/transitions.ts'
import { slotFacts } from '../../core/system/slots.ts'
import type { ThreadId } from '../../model/ids.ts'
import type { MicroText } from '../../model/micro.ts'
import type { Chance } from '../raft/chance.ts'
import { Violation } from '../raft/violation.ts'
import type { Actor, Spoken } from './actor.ts'
import { type Part, type Scene, sceneOf } from './cast/scene.ts'
import { makeNoise, overtakeDecide } from './noise.ts'
import type { Stage } from './stage.ts'

/** A need that somebody posted. */
export interface Posted {
  readonly id: string
  readonly payload: Payload<'NEED'>
  readonly requester: Actor
  readonly thread: ThreadId
  readonly spoken: Spoken
}

export interface PlayOptions {
  readonly stage: Stage
  readonly parts: readonly Part[]
  readonly chance: Chance
  /** Time of a slot: between one interval and two, so that windows count all of it. */
  readonly slotMs: number
  /** Called after each act, to check what must always hold. */
  readonly check: () => void
}

/**
 * A play under virtual time: parts say their lines, leaders propose, effects travel, slots pass, all in an order that
 * chance chooses, within what the logs allow.
 */
export class Play {
  readonly posted: Posted[] = []
  readonly #options: PlayOptions
  /** Lines that were said, by actor and need. */
  readonly #said = new Set<string>()

  constructor(options: PlayOptions) {
    this.#options = options
  }

  /** Posts a need; false when the hub refuses it. */
  post(requester: Actor, payload: Payload<'NEED'>): boolean {
    const { stage, check } = this.#options
    const spoken = requester.need(payload, stage.timeMs)
    const verdict = stage.submit(spoken)
    check()
    if (verdict.kind !== 'applied') return false
    this.posted.push({ id: spoken.id, payload, requester, thread: spoken.thread, spoken })
    return true
  }

  /** Needs that are not over yet, those that wait for their bucket too. */
  get open(): readonly Posted[] {
    return this.posted.filter(({ id }) => !this.isOver(id))
  }

  isOver(id: string): boolean {
    const { stage } = this.#options
    const bucket = stage.bucketOf(id)
    if (bucket === undefined) return stage.hub.records.get('needs', id) === undefined
    return stage.bucket(bucket).records.get('needs', id)?.over !== undefined
  }

  stateOf(id: string): NeedState | undefined {
    const { stage } = this.#options
    const bucket = stage.bucketOf(id)
    return bucket === undefined ? undefined : stage.bucket(bucket).records.get('needs', id)?.state
  }

  /** One act of chance. */
  step(): void {
    const { chance, check } = this.#options
    const roll = chance.below(100)
    if (roll < 8) this.tick()
    else if (roll < 35) this.#deliverOne()
    else if (roll < 70) this.#speakOne()
    else if (roll < 75) this.#noise()
    else if (roll < 77) this.#pay()
    else if (roll < 78) this.#cancelWaiting()
    else this.#leadOne()
    check()
  }

  #noise(): void {
    const { stage, chance } = this.#options
    if (chance.is(0.15)) return this.#repost()
    const needs = this.posted.map(({ id }) => id)
    makeNoise(stage, needs, chance)
  }

  /** A NEED a second time, while it lives or when it is over: never escrowed again. */
  #repost(): void {
    const { stage, chance } = this.#options
    if (this.posted.length === 0) return
    const { id, spoken } = chance.pick(this.posted)
    const { kind } = stage.submit(spoken)
    if (kind === 'applied') throw new Violation('P1', `need ${id} was escrowed twice`)
  }

  /** Somebody moves credits of its own, within or beyond its means. */
  #pay(): void {
    const { stage, chance, parts } = this.#options
    const [from, to] = [chance.pick(parts).actor, chance.pick(parts).actor]
    const amount = String(1 + chance.below(3_000_000_000)) as MicroText
    const { timeMs } = stage
    const spoken = chance.is(0.6)
      ? from.account('TRANSFER', { to: to.did, amount }, timeMs)
      : chance.is(0.5)
        ? from.account('STAKE', { amount }, timeMs)
        : from.account('UNSTAKE', { amount }, timeMs)
    if (stage.submit(spoken).kind === 'rejected' || !chance.is(0.3)) return
    if (stage.submit(spoken).kind === 'applied') throw new Violation('once', 'an envelope was applied twice')
  }

  /** The requester takes back a need that no bucket runs yet, or that one runs by now: then the hub refuses. */
  #cancelWaiting(): void {
    const { stage, chance } = this.#options
    if (this.open.length === 0 || !chance.is(0.2)) return
    const { id, requester, thread } = chance.pick(this.open)
    stage.submit(requester.say('CANCEL', thread, { need_id: cidOfId(id) }, stage.timeMs))
  }

  tick(): void {
    const { stage, chance, slotMs } = this.#options
    const ms = slotMs + chance.below(slotMs)
    const isBack = chance.is(0.05)
    const isWithheld = chance.is(0.05)
    const back = isBack ? stage.timeMs - chance.below(60_000) : undefined
    // Clocks that show a time within the last slot's interval make no slot: the voters wait for the next reading.
    const last = slotFacts(stage.hub.records, stage.slot)?.time ?? 0
    stage.tick(ms, isWithheld, back !== undefined && back < last ? back : stage.timeMs + ms)
  }

  /** A slot passes and everybody does at once what there is to do; so a play ends in bounded time. */
  round(): void {
    const { stage, chance, check } = this.#options
    this.tick()
    if (chance.is(0.3)) this.#noise()
    stage.network.deliverAll()
    for (const { id, payload } of this.open) {
      const scene = sceneOf(stage, id, payload)
      if (scene !== undefined) for (const part of this.#options.parts) this.#speak(scene, part, 1)
      this.#lead(id)
      stage.network.deliverAll()
      check()
    }
  }

  #deliverOne(): void {
    const { stage, chance } = this.#options
    const deliveries = stage.network.deliveries()
    if (deliveries.length > 0) stage.network.deliver(chance.pick(deliveries))
  }

  #speakOne(): void {
    const { stage, chance, parts } = this.#options
    if (this.open.length === 0) return
    const { id, payload } = chance.pick(this.open)
    const scene = sceneOf(stage, id, payload)
    if (scene !== undefined) this.#speak(scene, chance.pick(parts), 0.8)
  }

  #speak(scene: Scene, part: Part, willingness: number): void {
    const { stage, chance } = this.#options
    for (const { key, say } of part.lines(scene)) {
      const place = `${part.actor.did} ${scene.id} ${key}`
      if (this.#said.has(place) || !chance.is(willingness)) continue
      this.#said.add(place)
      stage.say(scene.id, say())
    }
  }

  #leadOne(): void {
    const { chance } = this.#options
    if (this.open.length > 0) this.#lead(chance.pick(this.open).id)
  }

  #lead(id: string): void {
    const { stage, chance } = this.#options
    const bucket = stage.bucketOf(id)
    if (bucket === undefined) return
    const need = stage.bucket(bucket).records.get('needs', id)
    if (need === undefined || isOver(need.state)) return
    if (need.state === 'RANKED' && chance.is(0.1)) overtakeDecide(stage, id, chance)
    stage.leader(bucket).act(id, stage.slot)
  }
}
