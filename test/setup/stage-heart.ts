import { nodeCrypto } from '../../src/adapters/crypto/node-crypto.ts'
import { envelopeIdOf } from '../../src/codec/cid.ts'
import type { GovernanceBody } from '../../src/codec/entry/hub-command.ts'
import { decodeBatch } from '../../src/codec/envelope/batch.ts'
import type { ReadBody } from '../../src/codec/envelope/read-body.ts'
import { envelopesOf, envelopeToIpld, type SingleForm } from '../../src/codec/envelope/single-form.ts'
import type { SingleEnvelope } from '../../src/codec/envelope/verify-single.ts'
import type { Did } from '../../src/model/ids.ts'
import type { HeldAct } from '../../src/services/heart/act-driver.ts'
import type { HubVerdict } from '../../src/services/heart/listeners.ts'
import type { Unsubscribe } from '../../src/services/roles/heart-view.ts'
import type { Spoken } from '../../src/sim/heart/actor.ts'
import type { NodeHeart } from '../../src/verbs/services.ts'
import type { Theatre } from './theatre.ts'

/** What a node of a theatre's network sees, and its way to the voters; slots pass when they are told to. */
export class StageHeart implements NodeHeart {
  readonly self: Did
  readonly generation = 0
  readonly #theatre: Theatre
  readonly #needs = new Set<(need: string) => void>()
  readonly #slots = new Set<(n: number) => void>()
  readonly #verdicts = new Set<(verdict: HubVerdict) => void>()
  readonly #own = new Map<string, SingleEnvelope<'NEED'>>()
  /** What this node said in a need beside. */
  readonly #said = new Map<string, SingleEnvelope[]>()
  /** Acts that this node signed; the theatre's hub hears of none. */
  readonly acts: { sign(body: GovernanceBody): void; held(): readonly HeldAct[] }
  /** False: the hub's words do not come here, as on a node that does not host it. */
  hearsHub = true
  /** What is said while the hub has no leader; undefined while it has one. */
  #unheard: (readonly [batch: Uint8Array, envelopes: readonly ReadBody[]])[] | undefined

  constructor(theatre: Theatre, self: Did) {
    this.#theatre = theatre
    this.self = self
    const held: HeldAct[] = []
    this.acts = { held: () => held, sign: (body) => void held.push({ body, voters: [self] }) }
  }

  get net() {
    return this.#theatre.stage.genesis.net
  }

  slot() {
    const { slot, timeMs } = this.#theatre.stage
    return { n: slot, timeMs }
  }

  hub() {
    return this.#theatre.stage.hub.records
  }

  bucketOf(need: string) {
    return this.#theatre.stage.bucketOf(need)
  }

  bucket(n: number) {
    return this.#theatre.stage.bucket(n).records
  }

  needEnvelope(need: string) {
    return this.#theatre.isDone(need) ? undefined : this.#own.get(need)
  }

  *envelopes(need: string): Iterable<SingleEnvelope> {
    const posted = this.needEnvelope(need)
    if (posted !== undefined) yield posted
    yield* this.#said.get(need) ?? []
  }

  *openNeeds(): Iterable<string> {
    for (const { id, isDone } of this.#theatre.needs) if (!isDone && this.bucketOf(id) !== undefined) yield id
  }

  onNeed(listener: (need: string) => void): Unsubscribe {
    this.#needs.add(listener)
    return () => this.#needs.delete(listener)
  }

  onSlot(listener: (n: number) => void): Unsubscribe {
    this.#slots.add(listener)
    return () => this.#slots.delete(listener)
  }

  onHubVerdict(listener: (verdict: HubVerdict) => void): Unsubscribe {
    this.#verdicts.add(listener)
    return () => this.#verdicts.delete(listener)
  }

  leads(machine: number): boolean {
    return machine < 3
  }

  leaderOf(): Did {
    return this.self
  }

  /** Until `lead`. */
  unlead(): void {
    this.#unheard ??= []
  }

  lead(): void {
    const unheard = this.#unheard ?? []
    this.#unheard = undefined
    for (const [batch, envelopes] of unheard) this.submit(batch, envelopes)
  }

  submit(batch: Uint8Array, envelopes: readonly ReadBody[]): void {
    if (this.#unheard !== undefined) {
      this.#unheard.push([batch, envelopes])
      return
    }
    const read = decodeBatch(batch)
    if (!read.ok) throw new Error(read.error.message)
    const forms = envelopesOf(read.value, nodeCrypto.sha256)
    for (const [at, envelope] of envelopes.entries()) this.#take(envelope, forms[at] as SingleForm)
  }

  /** A slot passes, and everybody does what there is to do. */
  tick(): void {
    this.#theatre.step()
    for (const listener of this.#slots) listener(this.slot().n)
    for (const { id } of this.#theatre.needs) for (const listener of this.#needs) listener(id)
  }

  #take({ id, bytes, body, opens }: ReadBody, form: SingleForm): void {
    const { stage, needs } = this.#theatre
    const spoken = { id, field: envelopeToIpld(form) } as Spoken
    stage.threads.said(body.thread, body.sender, { id, lamport: body.lamport, seq: body.seq })
    const isAtHub = body.kind === 'CANCEL' && this.bucketOf(envelopeIdOf(body.payload.need_id)) === undefined
    if ('need_id' in body.payload && !isAtHub) {
      const need = envelopeIdOf(body.payload.need_id)
      const envelope = { id, bytes, body, opens, sig: form.sig } as SingleEnvelope
      this.#said.set(need, [...(this.#said.get(need) ?? []), envelope])
      stage.say(need, spoken)
      return
    }
    const verdict = stage.submit(spoken)
    if (verdict.kind === 'applied' && body.kind === 'NEED') {
      this.#own.set(id, { id, bytes, body, opens, sig: form.sig } as SingleEnvelope<'NEED'>)
      needs.push({ id, payload: body.payload, said: new Set(), isDone: false })
    }
    if (this.hearsHub) for (const listener of this.#verdicts) listener({ id, verdict })
  }
}
