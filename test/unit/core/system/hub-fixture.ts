/** A hub with its state, driven by hand: slots by scripted voters, envelopes by actors, effects of buckets. */
import { nodeCrypto } from '../../../../src/adapters/crypto/node-crypto.ts'
import { type CID, cidFromDigest } from '../../../../src/codec/cid.ts'
import { acceptedKeys } from '../../../../src/codec/did/accepted-keys.ts'
import {
  decodeToBucket,
  decodeToHub,
  encodeEffect,
  type ToBucket,
  type ToBucketOf,
  type ToHub,
} from '../../../../src/codec/entry/effect.ts'
import {
  decodeHubCommand,
  encodeHubCommand,
  type HubCommand,
} from '../../../../src/codec/entry/hub-command.ts'
import { decodeGenesis, encodeGenesis, type Genesis } from '../../../../src/codec/genesis/genesis.ts'
import type { Payload } from '../../../../src/codec/payload/verbs.ts'
import { makeWorld } from '../../../../src/core/records/make-world.ts'
import type { Records } from '../../../../src/core/records/tables.ts'
import type { World } from '../../../../src/core/records/world.ts'
import { checkConservation, conservation } from '../../../../src/core/system/conservation.ts'
import { openHub } from '../../../../src/core/system/open-hub.ts'
import { receiveAtHub } from '../../../../src/core/system/receive.ts'
import { slotFacts } from '../../../../src/core/system/slots.ts'
import { stepHub } from '../../../../src/core/system/step-hub.ts'
import type { HubTables } from '../../../../src/core/system/tables.ts'
import type { HubStep } from '../../../../src/core/system/turn.ts'
import type { SecretKey } from '../../../../src/model/ids.ts'
import type { MicroText } from '../../../../src/model/micro.ts'
import { Actor, type Spoken, Threads } from '../../../../src/sim/heart/actor.ts'

const { sha256 } = nodeCrypto

export const CREDIT = 1_000_000n

export function micro(credits: number): MicroText {
  return (BigInt(Math.round(credits * 1_000)) * 1_000n).toString() as MicroText
}

/** A link to nothing, for evidence. */
export function linkTo(seed: number): CID {
  return cidFromDigest(new Uint8Array(32).fill(seed))
}

export function secretOf(seed: number): SecretKey {
  return sha256(Uint8Array.of(seed & 255, seed >> 8)) as SecretKey
}

const CHAIN_LENGTH = 200

/** Links of a voter's chain, the first to be shown at the start. */
export function chainOf(seed: number, length = CHAIN_LENGTH): readonly Uint8Array[] {
  const links: Uint8Array[] = [new Uint8Array(32).fill(seed)]
  for (let i = 0; i < length; i++) links.unshift(sha256(links[0] as Uint8Array))
  return links
}

export interface HubOptions {
  readonly voters?: number
  readonly verifiers?: number
  readonly stake?: MicroText
  readonly genesis?: Partial<Genesis>
  readonly capability?: string
}

const ZERO_NET = cidFromDigest(new Uint8Array(32))

/** One item of the log, for any replica of the hub. */
export type Item = (replica: Pick<Hub, 'records' | 'world' | 'at'>) => HubStep

/** Keys: voters from 1 on, verifiers from 100 on, people from 200 on. */
export class Hub {
  readonly records: Records<HubTables>
  readonly world: World
  readonly voters: readonly Actor[]
  readonly verifiers: readonly Actor[]
  readonly people: readonly Actor[]
  readonly net: CID
  readonly genesis: Genesis
  readonly sent: { readonly bucket: number; readonly effect: ToBucket }[] = []
  /** Every item, for replicas. */
  readonly log: Item[] = []
  time = 1_000_000
  slot = 0
  #position = 0
  readonly #received = new Map<number, number>()
  readonly #chains = new Map<string, Uint8Array[]>()

  constructor(options: HubOptions = {}) {
    const { voters = 3, verifiers = 4, stake = micro(1_000), capability = 'text/summarize' } = options
    const didOf = (seed: number) =>
      new Actor({ net: ZERO_NET, crypto: nodeCrypto, threads: new Threads() }, secretOf(seed)).did
    const numbers = (from: number, count: number) => Array.from({ length: count }, (_, i) => from + i)
    const genesis: Genesis = {
      v: 1,
      label: 'hub',
      class: 'development',
      nonce: new Uint8Array(16),
      created: 0,
      voters: numbers(1, voters).map(didOf),
      f: 0,
      governance: numbers(1, voters).map(didOf),
      parameters: {},
      insurance: micro(1_000),
      accounts: numbers(200, 8).map((seed) => ({ did: didOf(seed), amount: micro(10_000) })),
      verifiers: numbers(100, verifiers).map((seed) => ({
        did: didOf(seed),
        stake,
        capabilities: [capability],
      })),
      chains: numbers(1, voters).map((seed) => ({
        voter: didOf(seed),
        anchor: chainOf(seed)[0] as Uint8Array,
        length: CHAIN_LENGTH,
      })),
      ...options.genesis,
    }
    this.genesis = genesis
    const opened = decodeGenesis(encodeGenesis(genesis), sha256)
    if (!opened.ok) throw new Error(JSON.stringify(opened.error))
    this.net = opened.value.net
    const actorWorld = { net: this.net, crypto: nodeCrypto, threads: new Threads() }
    const actors = (from: number, count: number) =>
      numbers(from, count).map((seed) => new Actor(actorWorld, secretOf(seed)))
    this.voters = actors(1, voters).sort((a, b) => (a.did < b.did ? -1 : 1))
    this.verifiers = actors(100, verifiers)
    this.people = actors(200, 8)
    for (const [i, did] of numbers(1, voters).map((seed) => [seed, didOf(seed)] as const)) {
      this.#chains.set(did, [...chainOf(i)].slice(1))
    }
    this.world = makeWorld({
      net: this.net,
      generation: 0,
      liars: genesis.f,
      sha256,
      verify: nodeCrypto.verify,
      keys: acceptedKeys(nodeCrypto),
      judge: () => ({ ok: true, value: undefined }),
    })
    this.records = openHub(opened.value, this.world)
    checkConservation(this.records)
  }

  get at() {
    return {
      position: this.#position,
      voters: this.voters.map(({ did }) => did),
      slot: (n: number) => slotFacts(this.records, n),
    }
  }

  person(n: number): Actor {
    return this.people[n] as Actor
  }

  /** Applies what the step says, and keeps what it sends. */
  apply(step: Item): HubStep {
    const made = step(this)
    this.log.push(step)
    this.#position += 1
    if (made.verdict.kind === 'rejected' && (made.writes.length > 0 || made.effects.length > 0)) {
      throw new Error('a refusal changes nothing')
    }
    this.records.apply(made.writes)
    for (const { target, body } of made.effects) {
      const read = decodeToBucket(encodeEffect(body))
      if (!read.ok) throw new Error(`${body.kind}: ${JSON.stringify(read.error)}`)
      this.sent.push({ bucket: Number(target), effect: read.value })
    }
    checkConservation(this.records)
    return made
  }

  command(command: HubCommand): HubStep {
    const item = encodeHubCommand(command)
    const read = decodeHubCommand(item)
    if (!read.ok) throw new Error(JSON.stringify(read.error))
    return this.apply((hub) => stepHub(hub.records, read.value, item, hub.at, hub.world))
  }

  envelope(spoken: Spoken): HubStep {
    return this.command({ v: 1, kind: 'envelope', slot: this.slot, envelope: spoken.field })
  }

  receive(bucket: number, effect: ToHub): HubStep {
    const item = encodeEffect(effect)
    const read = decodeToHub(item)
    if (!read.ok) throw new Error(JSON.stringify(read.error))
    const n = (this.#received.get(bucket) ?? 0) + 1
    this.#received.set(bucket, n)
    return this.apply((hub) => receiveAtHub(hub.records, read.value, item, { bucket, n }, hub.at, hub.world))
  }

  readings(n: number, time: number, voters = this.voters) {
    return voters.map((voter) => voter.state('clock-reading', { v: 1 as const, n, time }))
  }

  /** The next slot; without `link`, the voter whose turn it is withholds it. */
  nextSlot({
    ms = 50,
    withLink = true,
  }: {
    readonly ms?: number
    readonly withLink?: boolean
  } = {}): HubStep {
    this.time += ms
    const n = this.slot + 1
    const voter = this.voters[n % this.voters.length] as Actor
    const link = withLink ? this.#chains.get(voter.did)?.shift() : undefined
    const step = this.command({
      v: 1,
      kind: 'slot',
      n,
      readings: this.readings(n, this.time),
      ...(link === undefined ? {} : { link }),
    })
    if (step.verdict.kind === 'applied') this.slot = n
    return step
  }

  slots(count: number): void {
    for (let i = 0; i < count; i++) this.nextSlot()
  }

  balance(did: string): bigint {
    return this.records.get('accounts', did)?.balance ?? 0n
  }

  lastSent<Kind extends ToBucket['kind']>(kind: Kind): ToBucketOf<Kind> & { readonly at: number } {
    const found = this.sent.findLast(({ effect }) => effect.kind === kind)
    if (found === undefined) throw new Error(`nothing of ${kind} was sent`)
    return { ...(found.effect as ToBucketOf<Kind>), at: found.bucket }
  }

  /** Sums that are kept and sums over everything; equal when all is well. */
  supplies() {
    return { kept: this.records.get('supply', 'all'), made: conservation(this.records) }
  }
}

export function needPayload(change: Partial<Payload<'NEED'>> = {}): Payload<'NEED'> {
  return {
    label: 'a task',
    task_type: 'summary',
    capability: 'text/summarize',
    input: { inline: new Uint8Array([1]) },
    requires: [],
    produces: [],
    constraints: {},
    task_class: 'simple',
    budget: micro(1),
    verify_bounty: micro(2),
    verification: { mode: 'reexecute' },
    idempotency_key: 'k1',
    ...change,
  }
}
