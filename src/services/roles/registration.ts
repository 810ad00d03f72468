import { type CID, parseCid } from '../../codec/cid.ts'
import type { ReadBody } from '../../codec/envelope/read-body.ts'
import type { Payload } from '../../codec/payload/verbs.ts'
import type { Offer } from '../../core/agent/worker.ts'
import { proveRegistry, type RegistryProof } from '../../core/system/registry.ts'
import type { Agent } from '../../core/system/tables.ts'
import type { MicroText } from '../../model/micro.ts'
import type { Rejection } from '../../model/rejection.ts'
import type { Result } from '../../model/result.ts'
import type { Sha256 } from '../../ports/crypto.ts'
import type { Author } from '../author/author.ts'
import type { HeartView } from './heart-view.ts'

/** Slots after which an account's verb that was not applied is given up, doubled with each one in a row. */
const PATIENCE_SLOTS = 64
const PATIENCE_SLOTS_MAX = 65_536

export interface RegistrationDeps {
  readonly heart: Pick<HeartView, 'hub' | 'slot'>
  readonly author: Pick<Author, 'did' | 'account'>
  readonly sha256: Sha256
  /** For people, in the manifest. */
  readonly label: string
  /** What a verifier stakes, micro-credits; 0: it registers for nothing and judges only where genesis says so. */
  readonly stake: bigint
  readonly onRefused: (rejection: Rejection) => void
}

/** What an agent wants the registry to say of it. */
export interface Wanted {
  readonly offers: readonly Offer[]
  /** Capabilities that it judges. */
  readonly judges: readonly string[]
}

/**
 * Keeps the registry's record of an agent as it should be: a MANIFEST when what it offers is another than what stands there,
 * a REGISTER for what it judges. One of them at a time, since the account's counter goes only up.
 * Source: economy.md, "Pools, reputation, committees", "Registry, …".
 */
export class Registration {
  readonly #deps: RegistrationDeps
  #pending: { readonly seq: number; readonly untilSlot: number } | undefined
  #isSaying = false
  #patience = PATIENCE_SLOTS
  #manifest:
    | { readonly agent: Agent; readonly offers: ReadonlyMap<string, Offer>; readonly id: CID | undefined }
    | undefined
  #proof: { readonly agent: Agent; readonly slot: number; readonly proof: RegistryProof } | undefined

  constructor(deps: RegistrationDeps) {
    this.#deps = deps
  }

  /** Id of the MANIFEST in force, where it offers just these. */
  manifest(offers: ReadonlyMap<string, Offer>): CID | undefined {
    const agent = this.#agent()
    if (agent?.manifest === undefined) return undefined
    if (this.#manifest?.agent !== agent || this.#manifest.offers !== offers) {
      const isInForce = sameNames(agent.offers, [...offers.keys()])
      this.#manifest = { agent, offers, id: isInForce ? cidOf(agent.manifest.id) : undefined }
    }
    return this.#manifest.id
  }

  /** The agent's record with its path, of the last slot in which it could be proved; a path is made once a slot at most. */
  proof(): RegistryProof | undefined {
    const { heart, author, sha256 } = this.#deps
    const agent = this.#agent()
    const { n } = heart.slot()
    if (agent === undefined) return undefined
    if (this.#proof?.agent === agent && this.#proof.slot === n) return this.#proof.proof
    const proof = proveRegistry(heart.hub(), author.did, sha256)
    if (proof !== undefined) this.#proof = { agent, slot: n, proof }
    return proof ?? (this.#proof?.agent === agent ? this.#proof.proof : undefined)
  }

  /** Says what is missing, if nothing that was said is under way. Faults as `Author.account`. */
  async tend(wanted: Wanted): Promise<void> {
    const { heart, author, onRefused } = this.#deps
    if (this.#isSaying || this.#isWaiting() || heart.hub().get('accounts', author.did) === undefined) return
    const next = this.#next(wanted)
    if (next === undefined) return
    this.#isSaying = true
    try {
      const said = await next()
      if (!said.ok) onRefused(said.error)
      this.#pending = {
        seq: said.ok ? said.value.body.seq : Number.MAX_SAFE_INTEGER,
        untilSlot: heart.slot().n + this.#patience,
      }
    } finally {
      this.#isSaying = false
    }
  }

  #isWaiting(): boolean {
    const { heart, author } = this.#deps
    if (this.#pending === undefined) return false
    const isApplied = (heart.hub().get('accounts', author.did)?.nonce ?? 0) >= this.#pending.seq
    if (!isApplied && heart.slot().n < this.#pending.untilSlot) return true
    this.#patience = isApplied ? PATIENCE_SLOTS : Math.min(2 * this.#patience, PATIENCE_SLOTS_MAX)
    this.#pending = undefined
    return false
  }

  #next({ offers, judges }: Wanted): (() => Promise<Result<ReadBody, Rejection>>) | undefined {
    const { author } = this.#deps
    const agent = this.#agent()
    if (!sameNames(agent?.offers ?? [], namesOf(offers))) {
      return () => author.account('MANIFEST', this.#manifestOf(offers, agent))
    }
    if (judges.length === 0 || sameNames(agent?.judges ?? [], judges)) return undefined
    return () => author.account('REGISTER', { stake: this.#stakeToAdd(), capabilities: [...judges] })
  }

  #manifestOf(offers: readonly Offer[], agent: Agent | undefined): Payload<'MANIFEST'> {
    const version = (agent?.manifest?.version ?? 0) + 1
    return { version, label: this.#deps.label, capabilities: offers.map(capabilityOf) }
  }

  /** REGISTER adds to the stake, at least one micro-credit. */
  #stakeToAdd(): MicroText {
    const { heart, author, stake } = this.#deps
    const missing = stake - (heart.hub().get('accounts', author.did)?.stake ?? 0n)
    return String(missing > 0n ? missing : 1n) as MicroText
  }

  #agent(): Agent | undefined {
    const { heart, author } = this.#deps
    return heart.hub().get('agents', author.did)
  }
}

function capabilityOf(offer: Offer): Payload<'MANIFEST'>['capabilities'][number] {
  const { capability, price, eta, isolation, inputBytesMax, zones } = offer
  const constraints = { isolation, input_bytes_max: inputBytesMax }
  return {
    name: capability,
    about: '',
    task_types: [],
    tags: [],
    constraints:
      zones === undefined || zones.length === 0 ? constraints : { ...constraints, zones: [...zones] },
    price: String(price) as MicroText,
    latency: eta,
  }
}

function cidOf(id: string): CID | undefined {
  const cid = parseCid(id)
  return cid.ok ? cid.value : undefined
}

function namesOf(offers: readonly Offer[]): readonly string[] {
  return offers.map(({ capability }) => capability)
}

function sameNames(some: readonly string[], others: readonly string[]): boolean {
  return some.length === others.length && some.every((one) => others.includes(one))
}
