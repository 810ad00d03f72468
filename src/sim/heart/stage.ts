import { concatBytes } from '../../codec/bytes.ts'
import type { CID } from '../../codec/cid.ts'
import { acceptedKeys } from '../../codec/did/accepted-keys.ts'
import { encodeHubCommand } from '../../codec/entry/hub-command.ts'
import { HUB } from '../../codec/entry/item.ts'
import {
  decodeGenesis,
  encodeGenesis,
  type Genesis,
  type OpenedGenesis,
} from '../../codec/genesis/genesis.ts'
import type { Payload } from '../../codec/payload/verbs.ts'
import { machinesOf } from '../../core/machines/machines.ts'
import { makeWorld } from '../../core/records/make-world.ts'
import type { World } from '../../core/records/world.ts'
import { slotFacts } from '../../core/system/slots.ts'
import type { Machines } from '../../core/witness/machine.ts'
import { assert } from '../../model/fault.ts'
import type { Did, SecretKey, Signature } from '../../model/ids.ts'
import type { Verdict } from '../../model/replicated.ts'
import { ok } from '../../model/result.ts'
import type { Crypto } from '../../ports/crypto.ts'
import { Actor, type ActorWorld, type Spoken, Threads } from './actor.ts'
import { Leader } from './leader.ts'
import { type BucketMachine, bucketMachine, type HubMachine, hubMachine } from './machines.ts'
import { HeartNetwork } from './network.ts'
import { BeaconChain, SlotMaker } from './slots.ts'
import { Voters } from './voters.ts'

export interface StageOptions {
  readonly crypto: Crypto
  /** Makes keys: the same seed is the same cast. */
  readonly seed: string
  readonly voters: number
  /** What the genesis holds beside voters and chains, given the keys of everybody on stage. */
  readonly genesis: (didOf: (name: string) => Did) => Partial<Genesis>
  /** False: signatures are not checked, for speed. */
  readonly checks: boolean
  /** False: effects travel without certificates. */
  readonly certifies: boolean
  /** False: what people and voters say carries no signature of theirs, for speed where nobody checks. */
  readonly signs?: boolean
  /** Beacons that a voter can draw; 4,096 where it is absent. */
  readonly chainLength?: number
  readonly judge?: World['judge']
  /** What the work gives where it is something else than the hash of the input. */
  readonly resultOf?: (need: Payload<'NEED'>) => Uint8Array | undefined
  /** What people evaluate before they speak; absent: the network has no capsule. */
  readonly policy?: Pick<ActorWorld, 'capsule' | 'digestOf'>
  readonly startMs: number
}

const CHAIN_LENGTH = 4_096

/** A whole network in one process under virtual time: hub, buckets, voters, and actors with names. */
export class Stage {
  readonly genesis: OpenedGenesis
  readonly genesisBytes: Uint8Array
  readonly network: HeartNetwork
  readonly world: World
  readonly hub: HubMachine
  /** Ascending by DID. */
  readonly voters: readonly Actor[]
  /** The hub's last slot, and its time. */
  slot = 0
  timeMs: number
  /** What it was made with: another stage of the same options has the same genesis and cast. */
  readonly options: StageOptions
  readonly machines: Machines
  /** What everybody on stage has seen of each thread. */
  readonly threads = new Threads()
  readonly #actorWorld: ActorWorld
  readonly #slots: SlotMaker
  readonly #buckets = new Map<number, BucketMachine>()
  readonly #leaders = new Map<number, Leader>()
  /** Buckets of needs that were looked for. */
  readonly #places = new Map<string, number>()
  readonly #actors = new Map<string, Actor>()
  readonly #inForce = new Map<number, Did[]>()

  constructor(options: StageOptions) {
    const { crypto, voters, checks, certifies, startMs, signs = true, chainLength = CHAIN_LENGTH } = options
    this.options = options
    this.timeMs = startMs
    const names = Array.from({ length: voters }, (_, at) => `voter ${at}`)
    const chains = new Map(
      names.map((name) => [
        name,
        new BeaconChain(this.#secretOf(`chain of ${name}`), chainLength, crypto.sha256),
      ]),
    )
    const nameless = { net: undefined as unknown as CID, crypto, threads: new Threads() }
    const didOf = (name: string): Did => new Actor(nameless, this.#secretOf(name)).did
    this.genesisBytes = encodeGenesis(
      genesisOf(
        options,
        names.map(didOf),
        names.map((name) => chains.get(name) as BeaconChain),
        didOf,
      ),
    )
    const opened = decodeGenesis(this.genesisBytes, crypto.sha256)
    assert(opened.ok, 'the stage has a lawful genesis')
    this.genesis = opened.value
    const { net } = opened.value
    const speech = { crypto: signs ? crypto : unsigned(crypto), threads: this.threads }
    this.#actorWorld = { net, ...speech, ...options.policy }
    this.voters = names.map((name) => this.actor(name)).sort((a, b) => (a.did < b.did ? -1 : 1))
    this.world = makeWorld({
      net,
      generation: 0,
      liars: opened.value.genesis.f,
      sha256: crypto.sha256,
      verify: checks ? crypto.verify : () => true,
      keys: acceptedKeys(crypto),
      judge: options.judge ?? (() => ok(undefined)),
    })
    this.machines = machinesOf(opened.value, this.world)
    this.hub = hubMachine(this.machines, this.#votersOf(HUB), crypto.sha256)
    const { f } = opened.value.genesis
    this.network = new HeartNetwork({
      hub: this.hub,
      bucket: (bucket) => this.bucket(bucket),
      sha256: crypto.sha256,
      voters: certifies ? new Voters(this.voters, crypto, net, f, 0) : undefined,
    })
    this.#slots = new SlotMaker(
      this.voters,
      new Map(names.map((name) => [didOf(name), chains.get(name) as BeaconChain])),
      this.#votersOf(HUB),
    )
  }

  /** The actor of this name; the same each time. */
  actor(name: string): Actor {
    const known = this.#actors.get(name)
    if (known !== undefined) return known
    const made = new Actor(this.#actorWorld, this.#secretOf(name))
    this.#actors.set(name, made)
    return made
  }

  bucket(bucket: number): BucketMachine {
    const known = this.#buckets.get(bucket)
    if (known !== undefined) return known
    const around = { voters: this.#votersOf(bucket), slot: (n: number) => slotFacts(this.hub.records, n) }
    const made = bucketMachine(this.machines, bucket, around, this.options.crypto.sha256)
    this.#buckets.set(bucket, made)
    return made
  }

  leader(bucket: number): Leader {
    const known = this.#leaders.get(bucket)
    if (known !== undefined) return known
    const { records } = this.bucket(bucket)
    const voters = this.#votersOf(bucket)
    const made = new Leader({
      bucket,
      view: records,
      world: this.world,
      at: () => ({
        position: this.network.log(bucket).length,
        voters,
        slot: (n) => slotFacts(this.hub.records, n),
      }),
      voters: this.voters,
      propose: (command) => {
        this.network.propose(bucket, command)
      },
    })
    this.#leaders.set(bucket, made)
    return made
  }

  /** The bucket that a need was drawn into; undefined before. */
  bucketOf(need: string): number | undefined {
    const known = this.#places.get(need)
    if (known !== undefined) return known
    for (const [bucket, { records }] of this.#buckets) {
      if (records.get('needs', need) === undefined) continue
      this.#places.set(need, bucket)
      return bucket
    }
    return undefined
  }

  /** Somebody joins the voters of a machine's group, and says nothing there. */
  joinVoters(machine: number, { did }: Actor): void {
    this.network.joinVoters(machine, did)
    const voters = this.#votersOf(machine)
    voters.push(did)
    voters.sort()
  }

  /** Voters in force, ascending: one list a machine, which changes with them. */
  #votersOf(machine: number): Did[] {
    const known = this.#inForce.get(machine)
    if (known !== undefined) return known
    const made = this.voters.map(({ did }) => did)
    this.#inForce.set(machine, made)
    return made
  }

  /** A NEED, or an account's verb, goes to the hub. */
  submit({ field }: Spoken): Verdict {
    return this.network.propose(
      HUB,
      encodeHubCommand({ v: 1, kind: 'envelope', slot: this.slot, envelope: field }),
    )
  }

  /** What is said of a need reaches the leader of its bucket. */
  say(need: string, spoken: Spoken): void {
    const bucket = this.bucketOf(need)
    assert(bucket !== undefined, 'only a need that was opened is spoken of')
    this.leader(bucket).hear(need, spoken, this.slot, this.timeMs)
  }

  /** The next slot, so much later; `isWithheld`: without a beacon; `readMs`: what the clocks show. */
  tick(ms: number, isWithheld = false, readMs = this.timeMs + ms): void {
    this.timeMs += ms
    const verdict = this.network.propose(HUB, this.#slots.command(this.slot + 1, readMs, isWithheld))
    assert(verdict.kind === 'applied', `a slot is made: ${JSON.stringify(verdict)}`)
    this.slot += 1
  }

  #secretOf(name: string): SecretKey {
    return this.options.crypto.sha256(new TextEncoder().encode(`${this.options.seed}/${name}`)) as SecretKey
  }
}

/** Signs with 64 bytes that follow from the message alone. */
function unsigned(crypto: Crypto): Crypto {
  const sign: Crypto['sign'] = (_, message) => {
    const half = crypto.sha256(message)
    return concatBytes(half, half) as Signature
  }
  return { ...crypto, sign }
}

function genesisOf(
  { genesis, startMs }: StageOptions,
  voters: readonly Did[],
  chains: readonly BeaconChain[],
  didOf: (name: string) => Did,
): Genesis {
  return {
    v: 1,
    label: 'stage',
    class: 'development',
    nonce: new Uint8Array(16),
    created: startMs,
    voters,
    f: 0,
    governance: voters,
    parameters: {},
    chains: voters.map((voter, at) => {
      const { anchor, length } = chains[at] as BeaconChain
      return { voter, anchor, length }
    }),
    ...genesis(didOf),
  }
}
