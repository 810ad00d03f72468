/** One bucket driven by hand: slots, a registry, voters and people with real keys, and the hub's part played by the test. */
import { nodeCrypto } from '../../src/adapters/crypto/node-crypto.ts'
import { type CID, cidFromDigest, parseCid } from '../../src/codec/cid.ts'
import { acceptedKeys } from '../../src/codec/did/accepted-keys.ts'
import {
  type BucketCommand,
  type BucketCommandKind,
  type BucketCommandOf,
  decodeBucketCommand,
  encodeBucketCommand,
} from '../../src/codec/entry/bucket-command.ts'
import {
  decodeToBucket,
  decodeToHub,
  encodeEffect,
  type ToBucket,
  type ToBucketOf,
  type ToHub,
  type ToHubOf,
} from '../../src/codec/entry/effect.ts'
import { encodeItem } from '../../src/codec/entry/item.ts'
import { encodeRegistryRecord, type RegistryRecord } from '../../src/codec/entry/registry-record.ts'
import { leafHash } from '../../src/codec/merkle/hash.ts'
import { inclusionPath } from '../../src/codec/merkle/inclusion.ts'
import { merkleRoot } from '../../src/codec/merkle/root.ts'
import { receiveAtBucket } from '../../src/core/bucket/receive.ts'
import { type BucketStep, needOf, openBucket, stepBucket } from '../../src/core/bucket/step.ts'
import type { BucketTables, Need } from '../../src/core/bucket/tables.ts'
import { makeWorld } from '../../src/core/records/make-world.ts'
import type { Records } from '../../src/core/records/tables.ts'
import type { AppliedAt, SlotFacts, World } from '../../src/core/records/world.ts'
import type { Did, SecretKey } from '../../src/model/ids.ts'
import type { MicroText } from '../../src/model/micro.ts'
import { PARAMETERS } from '../../src/model/parameters.ts'
import { defaultParameters } from '../../src/model/parse-parameters.ts'
import { Actor, type Spoken, Threads } from '../../src/sim/heart/actor.ts'

export const { sha256 } = nodeCrypto
const CAPABILITY = 'text/summarize'

export function cidOfText(text: string): CID {
  const cid = parseCid(text)
  if (!cid.ok) throw new Error(`${text} is no link`)
  return cid.value
}

/** A link to nothing in particular. */
export function someLink(seed: number): CID {
  return cidFromDigest(sha256(Uint8Array.of(seed & 255, seed >> 8, 7)))
}

export function credits(amount: number): MicroText {
  return (BigInt(Math.round(amount * 1_000)) * 1_000n).toString() as MicroText
}

/** All parameters as the hub sends them: those of development, with these in their place. */
export function parametersOnWire(
  changes: Readonly<Record<string, number | MicroText>> = {},
): Record<string, number | MicroText> {
  const values = defaultParameters('development')
  const wire = Object.keys(PARAMETERS).map((name) => {
    const value = values[name as keyof typeof values]
    return [name, typeof value === 'bigint' ? value.toString() : value]
  })
  return { ...Object.fromEntries(wire), ...changes }
}

export interface BucketOptions {
  readonly voters?: number
  readonly people?: number
  /** Every signature is taken for good: rules alone, at the speed of rules. */
  readonly isTrusting?: boolean
  readonly judge?: World['judge']
  readonly bucket?: number
  /** `f` of the network. */
  readonly liars?: number
}

const NET = cidFromDigest(sha256(Uint8Array.of(1, 2, 3)))
const BEGIN_MS = 1_000_000
/** Of a development network. */
const SLOT_MS = 50

function secretOf(seed: number): SecretKey {
  return sha256(Uint8Array.of(seed & 255, seed >> 8, 1)) as SecretKey
}

/** A bucket with its state, its slots, and everything that it sent. */
export class BucketKit {
  readonly records: Records<BucketTables>
  readonly world: World
  readonly net = NET
  readonly voters: readonly Actor[]
  readonly people: readonly Actor[]
  readonly sent: ToHub[] = []
  /** Bytes of all items that were applied or refused. */
  readonly items: Uint8Array[] = []
  readonly bucket: number
  /** Number of the last slot. */
  slot = 0
  readonly #slots = new Map<number, SlotFacts>()
  readonly #leaves: Uint8Array[]
  readonly #registry: RegistryRecord[]
  #received = 0

  constructor({
    voters = 3,
    people = 24,
    isTrusting = false,
    judge,
    bucket = 7,
    liars = 0,
  }: BucketOptions = {}) {
    const actorWorld = { net: NET, crypto: nodeCrypto, threads: new Threads() }
    const actors = (from: number, count: number) =>
      Array.from({ length: count }, (_, i) => new Actor(actorWorld, secretOf(from + i)))
    this.bucket = bucket
    this.voters = actors(1, voters).sort((a, b) => (a.did < b.did ? -1 : 1))
    this.people = actors(100, people)
    const sorted = this.people.map(({ did }) => did).sort()
    this.#registry = sorted.map(recordOf)
    this.#leaves = this.#registry.map((record) => leafHash(encodeRegistryRecord(record), sha256))
    this.world = makeWorld({
      net: NET,
      generation: 0,
      liars,
      sha256,
      verify: isTrusting ? () => true : nodeCrypto.verify,
      keys: acceptedKeys(nodeCrypto),
      judge: judge ?? (() => ({ ok: true, value: undefined })),
    })
    this.records = openBucket(bucket, 0)
    this.advance(SLOT_MS)
  }

  get at(): AppliedAt {
    return {
      position: this.items.length,
      voters: this.voters.map(({ did }) => did),
      slot: (n) => this.#slots.get(n),
    }
  }

  get facts(): SlotFacts {
    return this.#slots.get(this.slot) as SlotFacts
  }

  person(n: number): Actor {
    return this.people[n] as Actor
  }

  voter(n = 0): Actor {
    return this.voters[n] as Actor
  }

  /** The next slot, after so many milliseconds, all of which windows count. */
  advance(ms: number): void {
    const last = this.#slots.get(this.slot)
    this.slot += 1
    this.#slots.set(this.slot, {
      n: this.slot,
      time: (last?.time ?? BEGIN_MS) + ms,
      clock: (last?.clock ?? 0) + ms,
      beacon: sha256(Uint8Array.of(this.slot & 255, this.slot >> 8)),
      roster: new Uint8Array(32).fill(1),
      registry: merkleRoot(this.#leaves, sha256),
    })
  }

  /** What a PROPOSE carries of the registry. */
  registryOf(did: Did) {
    const index = this.#registry.findIndex((record) => record.did === did)
    const record = encodeRegistryRecord(this.#registry[index] as RegistryRecord)
    const path = inclusionPath(this.#leaves, index, sha256).map(([side, hash]): [0 | 1, Uint8Array] => [
      side,
      hash,
    ])
    return { slot: this.slot, record, path }
  }

  /** Applies a command as its bytes say; what is refused must not have changed anything. */
  propose(command: BucketCommand): BucketStep {
    const bytes = encodeBucketCommand(command)
    const read = decodeBucketCommand(bytes)
    if (!read.ok) throw new Error(`${command.kind}: ${JSON.stringify(read.error)}`)
    const item = encodeItem({ kind: 'command', command: bytes })
    return this.#apply(stepBucket(this.records, read.value, item, this.at, this.world), item)
  }

  /** The same without applying: what would come of it. */
  ask(command: BucketCommand): BucketStep {
    const item = encodeItem({ kind: 'command', command: encodeBucketCommand(command) })
    return stepBucket(this.records, command, item, this.at, this.world)
  }

  receive(effect: ToBucket): BucketStep {
    const body = encodeEffect(effect)
    const read = decodeToBucket(body)
    if (!read.ok) throw new Error(`${effect.kind}: ${JSON.stringify(read.error)}`)
    this.#received += 1
    const n = this.#received
    const item = encodeItem({ kind: 'received', source: -1, n, body })
    return this.#apply(receiveAtBucket(this.records, read.value, item, { n }, this.at, this.world), item)
  }

  /** The last effect of this kind; throws where there is none. */
  lastSent<Kind extends ToHub['kind']>(kind: Kind): ToHubOf<Kind> {
    const found = this.sent.findLast((one) => one.kind === kind)
    if (found === undefined) throw new Error(`no ${kind} was sent`)
    return found as ToHubOf<Kind>
  }

  sentOf<Kind extends ToHub['kind']>(kind: Kind): readonly ToHubOf<Kind>[] {
    return this.sent.filter((one) => one.kind === kind) as ToHubOf<Kind>[]
  }

  #apply(step: BucketStep, item: Uint8Array): BucketStep {
    if (step.verdict.kind === 'rejected' && (step.writes.length > 0 || step.effects.length > 0)) {
      throw new Error('a refusal changes nothing')
    }
    this.items.push(item)
    this.records.apply(step.writes)
    for (const { body } of step.effects) {
      const read = decodeToHub(encodeEffect(body))
      if (!read.ok) throw new Error(`${body.kind}: ${JSON.stringify(read.error)}`)
      this.sent.push(read.value)
    }
    return step
  }
}

function recordOf(did: Did): RegistryRecord {
  return {
    v: 1,
    did,
    offers: [CAPABILITY],
    manifest: { id: someLink(9), version: 1 },
    judges: [],
    active: false,
    stake: credits(0),
    tee: false,
    reputation: 500_000,
    recency: 1_000_000,
    banned_until: 0,
    links: [],
  }
}

export type NeedChanges = Partial<Spoken<'NEED'>['payload']>
export type OpenChanges = Partial<ToBucketOf<'open'>>

/** One need of a kit's bucket: makes its envelopes, statements and commands. Person 0 asks; 1 to 9 bid; seats are 10 and up. */
export class NeedKit {
  readonly kit: BucketKit
  readonly spoken: Spoken<'NEED'>
  readonly requester: Actor

  constructor(kit: BucketKit, changes: NeedChanges = {}, key = 'need-1') {
    this.kit = kit
    this.requester = kit.person(0)
    this.spoken = this.requester.need(
      {
        label: 'a task',
        task_type: 'summary',
        capability: CAPABILITY,
        input: { inline: Uint8Array.of(1, 2, 3) },
        requires: [],
        produces: ['summary'],
        constraints: {},
        task_class: 'simple',
        budget: credits(1),
        verify_bounty: credits(3),
        verification: { mode: 'reexecute' },
        idempotency_key: key,
        ...changes,
      },
      0,
    )
  }

  get id(): CID {
    return this.spoken.cid
  }

  get key(): string {
    return this.spoken.id
  }

  get need(): Need {
    const need = needOf(this.kit.records, this.key)
    if (need === undefined) throw new Error('the need has not been opened')
    return need
  }

  get state(): string {
    return this.need.state
  }

  seats(from: number, count: number): Did[] {
    return Array.from({ length: count }, (_, i) => this.kit.person(from + i).did)
  }

  /** What a draw came to. */
  drawn(seats: readonly Did[], isUsedUp = false) {
    const bytes = new Uint8Array(32)
    return {
      slot: this.kit.slot,
      seed: bytes,
      roster: bytes,
      seats: [...seats],
      skips: [],
      relaxed: [],
      used_up: isUsedUp,
    }
  }

  /** By default class simple in bootstrap mode: one plan seat (person 10), one result seat (person 11). */
  opening(changes: OpenChanges = {}): ToBucketOf<'open'> {
    const { kit } = this
    return {
      v: 1,
      kind: 'open',
      need: this.id,
      envelope: this.spoken.field,
      bucket: kit.bucket,
      slot: kit.slot,
      beacon: new Uint8Array(32),
      eligible: 4,
      bootstrap: true,
      k_plan: 1,
      k_result: 1,
      fee: credits(1),
      lock: credits(8),
      capsule: '',
      parameters: parametersOnWire(),
      deadline: kit.facts.time + 3_600_000,
      plan: this.drawn(this.seats(10, 1)),
      result: this.drawn(this.seats(11, 1)),
      ...changes,
    }
  }

  open(changes: OpenChanges = {}): BucketStep {
    return this.kit.receive(this.opening(changes))
  }

  say<K extends Spoken['kind']>(
    who: Actor,
    kind: K,
    payload: Omit<Spoken<K>['payload'], 'need_id'>,
  ): Spoken<K> {
    return who.say(kind, this.spoken.thread, { need_id: this.id, ...payload } as Spoken<K>['payload'], 0)
  }

  /** The command in the frame that fits now: the need's head, the last slot, the first voter. */
  command<Kind extends Exclude<BucketCommandKind, 'fence' | 'lead'>>(
    kind: Kind,
    content: Omit<BucketCommandOf<Kind>, 'v' | 'kind' | 'need' | 'prev' | 'slot' | 'by'>,
  ): BucketCommand {
    const { kit } = this
    const frame = { v: 1, kind, need: this.id, prev: this.need.head, slot: kit.slot, by: kit.voter().did }
    return { ...frame, ...content } as unknown as BucketCommand
  }

  /** What the voters have seen: each of these envelopes, now; no need of more than a majority. */
  seen(envelopes: readonly Spoken[] = [], voters = this.kit.voters, seenAt = this.kit.slot) {
    const sightings = envelopes
      .map(({ cid }): [CID, number] => [cid, seenAt])
      .sort(([a], [b]) => (String(a) < String(b) ? -1 : 1))
    const body = { v: 1 as const, need: this.id, head: this.need.head, slot: this.kit.slot, seen: sightings }
    return voters.map((voter) => voter.state('seen-statement', body))
  }
}

export function carried(spoken: readonly Spoken[]): never[] {
  return spoken.map(({ field }) => field) as never[]
}
