import { nodeCrypto } from '../../src/adapters/crypto/node-crypto.ts'
import { didOfKey } from '../../src/codec/did/did-key.ts'
import { encodeHubCommand } from '../../src/codec/entry/hub-command.ts'
import { HUB } from '../../src/codec/entry/item.ts'
import { decodeBatch } from '../../src/codec/envelope/batch.ts'
import type { ReadBody } from '../../src/codec/envelope/read-body.ts'
import { envelopesOf, envelopeToIpld } from '../../src/codec/envelope/single-form.ts'
import type { SingleEnvelope } from '../../src/codec/envelope/verify-single.ts'
import type { Ipld } from '../../src/codec/ipld.ts'
import type { Payload } from '../../src/codec/payload/verbs.ts'
import { needOfBody } from '../../src/core/agent/line.ts'
import type { Offer } from '../../src/core/agent/worker.ts'
import type { Need } from '../../src/core/bucket/tables.ts'
import type { Did, SecretKey } from '../../src/model/ids.ts'
import type { MicroText } from '../../src/model/micro.ts'
import type { Verdict } from '../../src/model/replicated.ts'
import type { ContentStore } from '../../src/ports/content-store.ts'
import type { Job } from '../../src/ports/job.ts'
import type { Runner, RunOutcome } from '../../src/ports/runner.ts'
import { Author } from '../../src/services/author/author.ts'
import type { Capability } from '../../src/services/roles/capability.ts'
import type { HeartView, Unsubscribe } from '../../src/services/roles/heart-view.ts'
import { Registration } from '../../src/services/roles/registration.ts'
import { Requester } from '../../src/services/roles/requester.ts'
import type { RoleEvent } from '../../src/services/roles/role-event.ts'
import { Roles } from '../../src/services/roles/roles.ts'
import type { RoleSwitches } from '../../src/services/roles/roles-deps.ts'
import { saltsOf } from '../../src/services/roles/salts.ts'
import { Stage } from '../../src/sim/heart/stage.ts'
import { ManualClock } from './manual-clock.ts'
import { MemoryContent } from './memory-content.ts'

const CREDIT = 1_000_000n
export const CAPABILITY = 'text/hash'
const { sha256 } = nodeCrypto
const SLOT_MS = 50

export function credits(count: number): MicroText {
  return String(BigInt(Math.round(count * 1_000)) * (CREDIT / 1_000n)) as MicroText
}

type Listener<Value> = (value: Value) => void

/** What a node of the stage sees: everybody sees the same at once. */
class StageHeart implements HeartView {
  readonly self: Did
  readonly generation = 0
  readonly #troupe: Troupe
  readonly needs = new Set<Listener<string>>()
  readonly slots = new Set<Listener<number>>()
  readonly verdicts = new Set<Listener<{ id: string; verdict: Verdict }>>()

  constructor(troupe: Troupe, self: Did) {
    this.#troupe = troupe
    this.self = self
  }

  get net() {
    return this.#troupe.stage.genesis.net
  }

  slot() {
    const { slot, timeMs } = this.#troupe.stage
    return { n: slot, timeMs }
  }

  hub() {
    return this.#troupe.stage.hub.records
  }

  bucketOf(need: string) {
    return this.#troupe.stage.bucketOf(need)
  }

  bucket(n: number) {
    return this.#troupe.stage.bucket(n).records
  }

  needEnvelope(need: string) {
    return this.#troupe.isOpen(need) ? this.#troupe.needs.get(need) : undefined
  }

  /** Read once, as those of a node's heart. */
  *envelopes(need: string): Iterable<SingleEnvelope> {
    if (this.#troupe.isOpen(need)) yield* this.#troupe.heard.get(need) ?? []
  }

  openNeeds() {
    return [...this.#troupe.needs.keys()].filter((need) => this.#troupe.isOpen(need))
  }

  onNeed(listener: Listener<string>): Unsubscribe {
    this.needs.add(listener)
    return () => void this.needs.delete(listener)
  }

  onSlot(listener: Listener<number>): Unsubscribe {
    this.slots.add(listener)
    return () => void this.slots.delete(listener)
  }

  onHubVerdict(listener: Listener<{ id: string; verdict: Verdict }>): Unsubscribe {
    this.verdicts.add(listener)
    return () => void this.verdicts.delete(listener)
  }

  submit(batch: Uint8Array, bodies: readonly ReadBody[]): void {
    this.#troupe.take(batch, bodies)
  }
}

export interface PlayerOptions {
  readonly switches?: Partial<RoleSwitches>
  readonly capabilities?: readonly Capability[]
  readonly stake?: bigint
}

/** One node with its roles. What it recorded outlives a restart. */
export class Player {
  readonly name: string
  readonly did: Did
  readonly heart: StageHeart
  readonly recorded: ReadBody[] = []
  readonly events: RoleEvent[] = []
  readonly faults: unknown[] = []
  author: Author
  roles: Roles
  requester: Requester
  readonly #troupe: Troupe
  readonly #options: PlayerOptions
  readonly #secret: SecretKey

  constructor(troupe: Troupe, name: string, options: PlayerOptions) {
    this.name = name
    this.#troupe = troupe
    this.#options = options
    this.#secret = secretOf(name)
    this.did = didOfKey(nodeCrypto.publicKeyOf(this.#secret))
    this.heart = new StageHeart(troupe, this.did)
    ;({ author: this.author, roles: this.roles, requester: this.requester } = this.#open())
  }

  /** True while its jobs wait for something that the test does. */
  waits: () => boolean = () => false

  get isBusy(): boolean {
    if (this.waits()) return false
    const { capabilities = [] } = this.#options
    return capabilities.some(({ name }) => (this.roles.status(name)?.running ?? 0) > 0)
  }

  start(): void {
    for (const capability of this.#options.capabilities ?? []) this.roles.attach(capability)
    this.roles.start()
    this.requester.start()
  }

  /** As after a crash: what was recorded is all that is left. `prepare`: before it looks at anything. */
  async restart(prepare: () => void = () => {}): Promise<void> {
    await this.roles.stop()
    this.requester.stop()
    ;({ author: this.author, roles: this.roles, requester: this.requester } = this.#open())
    const { recorded, roles } = this
    async function* bodies(): AsyncGenerator<ReadBody> {
      for (const read of recorded) {
        roles.restore(read)
        yield read
      }
    }
    await this.author.restore(bodies(), () => false)
    prepare()
    this.start()
  }

  async stop(): Promise<void> {
    await this.roles.stop()
    this.requester.stop()
  }

  said(kind: string): readonly ReadBody[] {
    return this.recorded.filter(({ body }) => body.kind === kind)
  }

  #open() {
    const { heart, did } = this
    const { net } = heart
    const onFault = (fault: unknown) => void this.faults.push(fault)
    const author = new Author({
      did,
      secret: this.#secret,
      net,
      crypto: nodeCrypto,
      clock: new ManualClock(),
      record: async (bodies) => void this.recorded.push(...bodies),
      submit: (batch, bodies) => heart.submit(batch, bodies),
    })
    const registration = new Registration({
      heart,
      author,
      sha256,
      label: this.name,
      stake: this.#options.stake ?? 0n,
      onRefused: onFault,
    })
    const content = this.#troupe.content as unknown as ContentStore
    const roles = new Roles({
      heart,
      author,
      registration,
      content,
      sha256,
      saltOf: saltsOf(this.#secret, net, sha256),
      switches: { worker: true, verifier: true, ...this.#options.switches },
      onEvent: (event) => this.events.push(event),
      onFault,
    })
    const requester = new Requester({ heart, author, content, sha256, onFault })
    return { author, roles, requester }
  }
}

function secretOf(name: string): SecretKey {
  return sha256(new TextEncoder().encode(`troupe/${name}`)) as SecretKey
}

/** A network in one process under virtual time, whose nodes run the services of a real one. */
export class Troupe {
  readonly stage: Stage
  readonly content = new MemoryContent()
  readonly needs = new Map<string, SingleEnvelope<'NEED'>>()
  readonly heard = new Map<string, SingleEnvelope[]>()
  readonly players: Player[] = []

  /** `verifiers`: names of those that genesis made verifiers; `rich`: who else has credits. */
  constructor(
    verifiers: readonly string[],
    rich: readonly string[],
    judged: readonly string[] = [CAPABILITY],
  ) {
    const did = (name: string): Did => didOfKey(nodeCrypto.publicKeyOf(secretOf(name)))
    this.stage = new Stage({
      crypto: nodeCrypto,
      seed: 'troupe',
      voters: 3,
      checks: false,
      certifies: false,
      startMs: 1_700_000_000_000,
      genesis: () => ({
        insurance: credits(1_000),
        accounts: rich.map((name) => ({ did: did(name), amount: credits(100_000) })),
        verifiers: verifiers.map((name) => ({
          did: did(name),
          stake: credits(100_000),
          capabilities: [...judged],
        })),
      }),
    })
    this.stage.tick(SLOT_MS)
  }

  join(name: string, options: PlayerOptions = {}): Player {
    const player = new Player(this, name, options)
    this.players.push(player)
    player.start()
    return player
  }

  isOpen(need: string): boolean {
    const found = this.needOf(need)
    return found !== undefined && found.over === undefined
  }

  needOf(need: string): Need | undefined {
    const bucket = this.stage.bucketOf(need)
    return bucket === undefined ? undefined : this.stage.bucket(bucket).records.get('needs', need)
  }

  /** Envelopes reach whoever decides about them. */
  take(batch: Uint8Array, bodies: readonly ReadBody[]): void {
    const decoded = decodeBatch(batch)
    if (!decoded.ok) throw new Error(decoded.error.message)
    const forms = envelopesOf(decoded.value, sha256)
    for (const [at, read] of bodies.entries()) {
      const form = forms[at]
      if (form === undefined) throw new Error('a form for each body')
      const envelope = { ...read, sig: form.sig } as SingleEnvelope
      this.#place(envelope, envelopeToIpld(form) as { readonly [key: string]: Ipld })
    }
  }

  #place(envelope: SingleEnvelope, field: { readonly [key: string]: Ipld }): void {
    const { stage } = this
    const need = needOfBody(envelope.body)
    if (need !== undefined) {
      this.heard.set(need, [...(this.heard.get(need) ?? []), envelope])
      if (this.isOpen(need)) stage.say(need, { ...envelope, field } as never)
      return
    }
    const command = encodeHubCommand({ v: 1, kind: 'envelope', slot: stage.slot, envelope: field })
    const verdict = stage.network.propose(HUB, command)
    if (envelope.body.kind === 'NEED' && verdict.kind === 'applied') {
      this.needs.set(envelope.id, envelope as SingleEnvelope<'NEED'>)
    }
    for (const { heart } of this.players) {
      for (const listener of heart.verdicts) listener({ id: envelope.id, verdict })
    }
  }

  /** A slot passes; whoever has something to do has done it afterwards. */
  async step(): Promise<void> {
    const { stage } = this
    stage.tick(SLOT_MS)
    stage.network.deliverAll()
    this.#tell()
    await this.settle()
    for (const need of this.needs.keys()) {
      const bucket = stage.bucketOf(need)
      if (bucket !== undefined && this.isOpen(need)) stage.leader(bucket).act(need, stage.slot)
    }
    stage.network.deliverAll()
    for (const { heart } of this.players) {
      for (const listener of heart.needs) for (const need of this.needs.keys()) listener(need)
    }
    await this.settle()
  }

  #tell(): void {
    for (const { heart } of this.players) for (const listener of heart.slots) listener(this.stage.slot)
  }

  /** Virtual time stands still while jobs run. */
  async settle(): Promise<void> {
    for (let calm = 0; calm < 3; calm++) {
      await new Promise(setImmediate)
      if (this.players.some(({ isBusy }) => isBusy)) calm = -1
    }
  }

  /** Slots pass until it is so; throws when that takes too long. */
  async until(isSo: () => boolean, slots = 600): Promise<void> {
    for (let slot = 0; slot < slots && !isSo(); slot++) await this.step()
    const [fault] = this.players.flatMap(({ faults }) => faults)
    if (fault !== undefined) throw fault
    if (!isSo()) throw new Error(`not within ${slots} slots`)
  }
}

export function needOfKey(key: string, changes: Partial<Payload<'NEED'>> = {}): Payload<'NEED'> {
  return {
    label: key,
    task_type: 'hash',
    capability: CAPABILITY,
    input: { inline: new TextEncoder().encode(key) },
    requires: [],
    produces: [],
    constraints: {},
    task_class: 'simple',
    budget: credits(1),
    verify_bounty: credits(1),
    verification: { mode: 'reexecute' },
    idempotency_key: key,
    ...changes,
  }
}

export function capabilityOf(
  runner: Runner,
  changes: Partial<Capability> = {},
  offer: Partial<Offer> = {},
): Capability {
  return {
    name: 'agent',
    runner,
    parallelMax: 2,
    queueMax: 8,
    works: true,
    judges: true,
    ...changes,
    offer: {
      capability: CAPABILITY,
      price: CREDIT / 2n,
      pricePerKib: 0n,
      inputBytesMax: 1_000_000,
      eta: 1_000,
      leaseTtl: 2_000,
      heartbeatInterval: 200,
      isolation: 'sandbox',
      ...offer,
    },
  }
}

/** A runner whose tasks are a function of the job. */
export class FunctionRunner implements Runner {
  readonly isDeterministic = true
  readonly isolation = 'sandbox'
  readonly jobs: Job[] = []
  readonly #run: (job: Job, signal?: AbortSignal) => Uint8Array | RunOutcome | Promise<RunOutcome>

  constructor(run: (job: Job, signal?: AbortSignal) => Uint8Array | RunOutcome | Promise<RunOutcome>) {
    this.#run = run
  }

  async run(job: Job, signal?: AbortSignal): Promise<RunOutcome> {
    this.jobs.push(job)
    const made = await this.#run(job, signal)
    return made instanceof Uint8Array
      ? { kind: 'done', output: made, usage: { gas: 1, bytes: made.length, wallMs: 1 } }
      : made
  }

  close(): Promise<void> {
    return Promise.resolve()
  }
}

export const hashing = (): FunctionRunner => new FunctionRunner(({ input }) => sha256(input))
export const lying = (): FunctionRunner => new FunctionRunner(({ input }) => sha256(sha256(input)))
