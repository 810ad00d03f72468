/**
 * Replays an export: runs the rules over what it holds, and says of each check what came of it. One pass over the file;
 * in memory are one block, the shadows of the machines, and hashes and headers of bounded number.
 *
 * 1. Every rule is the one that the network runs: steps of the machines, certificates, thread law, policies.
 * 2. The first thing that is otherwise ends the replay, with its place, what stands there and the rule.
 * 3. What could not be checked is said, and never counts as passed.
 *
 * Source: record.md, "Replay".
 */
import type { BundleBlock, BundleBlockOf } from '../codec/bundle/block.ts'
import type { Place } from '../codec/bundle/raw-block.ts'
import { type ReadBlock, readBundle } from '../codec/bundle/read-bundle.ts'
import type { BundleRoot } from '../codec/bundle/root.ts'
import { equalBytes } from '../codec/bytes.ts'
import { type CID, cidOf, DAG_CBOR } from '../codec/cid.ts'
import { encodeDagCbor } from '../codec/dag-cbor/encode.ts'
import type { SingleEnvelope } from '../codec/envelope/verify-single.ts'
import { decodeGenesis, type OpenedGenesis } from '../codec/genesis/genesis.ts'
import type { World } from '../core/records/world.ts'
import type { Machines } from '../core/witness/machine.ts'
import { ThreadPlans } from '../core/witness/thread-plans.ts'
import type { Rejection } from '../model/rejection.ts'
import type { Crypto } from '../ports/crypto.ts'
import type { PolicyEngine } from '../ports/policy-engine.ts'
import type { ReplayedOutcome, ReplayedTask } from '../ports/task-replay.ts'
import { BucketPart, type ReplayedNeed } from './bucket-part.ts'
import { CausalOrder } from './causal-order.ts'
import { CertifiedLogs } from './certified-logs.ts'
import { CheckBook, type CheckReport } from './checks.ts'
import { Diverged, type Divergence, expectThat, sound } from './divergence.ts'
import { nameOfItem } from './folded-item.ts'
import { HubPart } from './hub-part.ts'
import { ReplayWorld } from './replay-world.ts'
import { TaskChecks } from './task-checks.ts'

/** Items of hub and buckets, at most. */
const EVENTS_MAX = 4_000_000

export interface ReplayOptions {
  /** The network that the caller knows; absent: the file's own word is taken, and that is said. */
  readonly network?: CID
  /** A size and root of the hub's tree that the caller trusts. */
  readonly anchor?: { readonly size: number; readonly root: Uint8Array }
  /** Checks that may stay undone. */
  readonly allowUnchecked: ReadonlySet<string>
  readonly crypto: Pick<Crypto, 'sha256' | 'verify' | 'isAcceptableKey'>
  readonly machinesOf: (genesis: OpenedGenesis, world: World) => Machines
  readonly policy?: PolicyEngine
}

export interface ReplayReport {
  /** Known once the genesis was read. */
  readonly network?: string
  readonly networkChecked: boolean
  readonly anchored: boolean
  readonly root?: BundleRoot
  readonly needs: readonly ReplayedNeed[]
  /** Items of hub and buckets. */
  readonly events: number
  readonly blocks: number
  readonly checks: readonly CheckReport[]
  readonly divergence?: Divergence
  /** No divergence, and nothing unchecked that was not allowed. Says nothing of who names the network. */
  readonly sound: boolean
}

/** How far a replay is: byte of the file, and events so far. */
export interface ReplayProgress {
  readonly byte: number
  readonly events: number
  /** To be done again: what became of it is the answer to this. No answer: nobody did it, which is said. */
  readonly task?: ReplayedTask
}

const PROGRESS_BLOCKS = 256

/** Yields now and then how far it is; returns what it found. Never throws for what a file holds. */
export function* replay(
  chunks: Iterable<Uint8Array>,
  options: ReplayOptions,
): Generator<ReplayProgress, ReplayReport, ReplayedOutcome | undefined> {
  const run = new Replay(options)
  let blocks = 0
  let byte = 0
  for (const read of readBundle(chunks, options.crypto.sha256)) {
    if (!read.ok) {
      const { place, rejection } = read.error
      return run.report({ place, event: `what follows ${run.event}`, check: 'encoding', rejection })
    }
    const divergence = run.take(read.value)
    if (divergence !== undefined) return run.report(divergence)
    blocks += 1
    byte = read.value.place.byte
    if (blocks % PROGRESS_BLOCKS === 0) yield { byte, events: run.events }
  }
  let divergence = run.finish()
  for (const task of divergence === undefined ? run.tasks() : []) {
    divergence ??= run.judge(task, yield { byte, events: run.events, task })
  }
  return run.report(divergence)
}

class Replay {
  readonly #options: ReplayOptions
  readonly #book = new CheckBook()
  readonly #order = new CausalOrder()
  readonly #plans = new ThreadPlans()
  readonly #tasks: TaskChecks
  readonly #needs: ReplayedNeed[] = []
  #root: BundleRoot | undefined
  #genesis: OpenedGenesis | undefined
  #world: ReplayWorld | undefined
  #logs: CertifiedLogs | undefined
  #hub: HubPart | undefined
  #bucket: BucketPart | undefined
  #stage = 0
  #place: Place = { unit: 'block', number: 0, byte: 0 }
  /** What stands at the place. */
  event = 'the start of the file'
  #blocks = 0
  #anchored = false
  #lawless: Diverged | undefined
  events = 0

  constructor(options: ReplayOptions) {
    this.#options = options
    this.#tasks = new TaskChecks(options.crypto.sha256, this.#book)
  }

  /** What is wrong with a block, if anything is. */
  take(read: ReadBlock): Divergence | undefined {
    this.#place = read.place
    this.event = eventOf(read, this.#bucket?.bucket)
    return this.#guarded(() => {
      this.#blocks += 1
      this.#book.count('encoding', 'blocks')
      if (read.kind === 'root') this.#root = read.root
      else if (read.kind === 'content') this.#takeContent(read.cid, read.bytes)
      else if (read.kind === 'block') this.#takeBlock(read.block)
      if (this.#lawless !== undefined) throw this.#lawless
    })
  }

  /** What is wrong with the whole. */
  finish(): Divergence | undefined {
    this.event = 'the end of the file'
    return this.#guarded(() => {
      expectThat(this.#hub !== undefined, 'encoding', 'MALFORMED', 'there is no part of the hub')
      this.#closeBucket()
      expectThat(this.#stage >= STAGES.plans, 'encoding', 'MALFORMED', 'there are no plans')
      const finished = this.#needs.length > 0 && this.#needs.every((need) => need.finished)
      const isAsSaid = finished || this.#root?.finished === false
      expectThat(isAsSaid, 'encoding', 'CONFLICT', 'the root says that all is over')
      this.#book.count('causal', 'envelopes', this.#order.size)
      const disorder = this.#order.judge()
      if (disorder !== undefined)
        throw new Diverged('causal', {
          ...disorder.rejection,
          message: `${disorder.id}: ${disorder.rejection.message}`,
        })
    })
  }

  tasks(): readonly ReplayedTask[] {
    const states = new Map(this.#needs.map(({ need, state }) => [need, state]))
    return this.#tasks.due((need) => states.get(need))
  }

  /** What is wrong with a task that was done again. */
  judge(task: ReplayedTask, outcome: ReplayedOutcome | undefined): Divergence | undefined {
    this.event = `task of need ${task.need}`
    return this.#guarded(() => this.#tasks.judge(task, outcome))
  }

  report(divergence: Divergence | undefined): ReplayReport {
    const { network, allowUnchecked } = this.#options
    const checks = this.#book.reports(divergence?.check, allowUnchecked)
    const isWhole = checks.every(({ status, allowed }) => status === 'passed' || allowed)
    return {
      ...(this.#genesis === undefined ? {} : { network: this.#genesis.net.toString() }),
      networkChecked: network !== undefined,
      anchored: this.#anchored,
      ...(this.#root === undefined ? {} : { root: this.#root }),
      needs: this.#needs,
      events: this.events,
      blocks: this.#blocks,
      checks,
      ...(divergence === undefined ? {} : { divergence }),
      sound: divergence === undefined && isWhole,
    }
  }

  #guarded(run: () => void): Divergence | undefined {
    this.#world?.takeDenial()
    try {
      run()
      return undefined
    } catch (error) {
      if (!(error instanceof Diverged)) throw error
      const denial = this.#world?.takeDenial()
      const because = denial === undefined ? error : becauseOf(denial, error)
      return { place: this.#place, event: this.event, check: because.check, rejection: because.rejection }
    }
  }

  #takeBlock(block: BundleBlock): void {
    this.#enter(block)
    switch (block.kind) {
      case 'genesis':
        return this.#takeGenesis(block)
      case 'voters':
        return this.#known().logs.addVoters(block)
      case 'capsule':
        return this.#known().world.addCapsule(block.bundle)
      case 'hub':
        return this.#takeHub(block)
      case 'hub-item':
        this.#countEvent()
        return this.#hub?.add(block)
      case 'bucket':
        return this.#takeBucket(block)
      case 'item':
        this.#countEvent()
        return this.#inBucket().add(block)
      case 'bucket-item':
        this.#countEvent()
        return this.#inBucket().addWide(block)
      case 'end':
        this.#needs.push(this.#inBucket().end(block))
        return undefined
      case 'plans':
        return this.#takePlans(block)
      case 'content':
        return this.#takeContent(block.cid, block.bytes)
      default:
        return block satisfies never
    }
  }

  /** Blocks stand in the order of their stages; what stands once is not entered twice. */
  #enter({ kind }: BundleBlock): void {
    const stage = STAGES[kind]
    const isNext = stage > this.#stage || (stage === this.#stage && !ONCE.has(kind))
    expectThat(isNext, 'encoding', 'MALFORMED', `no ${kind} here`)
    expectThat(
      kind === 'genesis' || this.#genesis !== undefined,
      'encoding',
      'MALFORMED',
      'genesis comes first',
    )
    const needsHub = stage > STAGES.hub
    expectThat(!needsHub || this.#hub !== undefined, 'encoding', 'MALFORMED', 'the hub comes before that')
    this.#stage = stage
  }

  #takeGenesis({ genesis }: BundleBlockOf<'genesis'>): void {
    const { crypto, network, machinesOf } = this.#options
    const opened = sound(decodeGenesis(encodeDagCbor(genesis), crypto.sha256), 'encoding')
    const { net } = opened
    const isNamed = this.#root !== undefined && equalBytes(net.bytes, this.#root.net.bytes)
    expectThat(isNamed, 'encoding', 'WRONG_NETWORK', `the genesis is ${net.toString()}, not that of the root`)
    const isKnown = network === undefined || equalBytes(network.bytes, net.bytes)
    expectThat(isKnown, 'encoding', 'WRONG_NETWORK', `the file is of network ${net.toString()}`)
    this.#genesis = opened
    const opens = (envelope: SingleEnvelope) => this.#opened(envelope)
    const { policy } = this.#options
    this.#world = new ReplayWorld({ genesis: opened, crypto, policy, book: this.#book, opened: opens })
    const { world, verify } = this.#world
    this.#logs = new CertifiedLogs(opened, world.keys, verify, crypto.sha256, this.#book)
    this.#machines = machinesOf(opened, world)
  }

  #machines: Machines | undefined

  #opened(envelope: SingleEnvelope): void {
    const rejection = this.#order.add(envelope)
    this.#plans.carry(envelope)
    this.#tasks.note(envelope)
    if (rejection !== undefined) this.#lawless ??= new Diverged('causal', rejection)
  }

  #takeHub(block: BundleBlockOf<'hub'>): void {
    const { machines, logs } = this.#known()
    const { sha256 } = this.#options.crypto
    this.#hub = new HubPart({ machines, logs, book: this.#book, sha256 }, block)
    const { anchor } = this.#options
    const [head] = block.certificate[0] ?? []
    if (anchor === undefined || head === undefined) return
    const [, , , , size, root] = head
    if (size !== anchor.size) return
    expectThat(
      equalBytes(root, anchor.root),
      'certificates',
      'CONFLICT',
      `the hub's tree of size ${size} has another root`,
    )
    this.#anchored = true
  }

  #takeBucket(block: BundleBlockOf<'bucket'>): void {
    const before = this.#bucket?.bucket ?? -1
    expectThat(block.bucket > before, 'encoding', 'MALFORMED', 'buckets ascend')
    this.#closeBucket()
    const { machines, logs, hub } = this.#known()
    const { sha256 } = this.#options.crypto
    expectThat(hub !== undefined, 'encoding', 'MALFORMED', 'the hub comes before buckets')
    this.#bucket = new BucketPart({ machines, logs, book: this.#book, sha256 }, hub, block)
  }

  #closeBucket(): void {
    this.#bucket?.close(this.#root?.finished === true)
    this.#bucket = undefined
  }

  #takePlans({ plans }: BundleBlockOf<'plans'>): void {
    this.#closeBucket()
    const { sha256 } = this.#options.crypto
    const made = encodeDagCbor(this.#plans.sums(sha256).map((sum) => ({ ...sum })))
    const isSame = equalBytes(made, encodeDagCbor(plans))
    expectThat(isSame, 'plan', 'CONFLICT', 'the plans that the entries carry come to other roots')
    this.#book.count('plan', 'plans', plans.length)
    for (const { operations } of plans) this.#book.count('plan', 'operations', operations)
  }

  #takeContent(cid: CID, bytes: Uint8Array): void {
    expectThat(this.#stage >= STAGES.plans, 'encoding', 'MALFORMED', 'content comes last')
    this.#stage = STAGES.content
    const { sha256 } = this.#options.crypto
    const digest = cidOf(bytes, sha256, DAG_CBOR).multihash.digest
    expectThat(
      equalBytes(digest, cid.multihash.digest),
      'encoding',
      'CONFLICT',
      'the content is not what its name says',
    )
    this.#tasks.addContent(cid.toString(), bytes)
    this.#book.count('encoding', 'content')
  }

  #countEvent(): void {
    this.events += 1
    expectThat(this.events <= EVENTS_MAX, 'encoding', 'TOO_LARGE', `more than ${EVENTS_MAX} items`)
  }

  #inBucket(): BucketPart {
    expectThat(this.#bucket !== undefined, 'encoding', 'MALFORMED', 'an item stands in its bucket')
    return this.#bucket
  }

  #known(): { machines: Machines; logs: CertifiedLogs; world: ReplayWorld; hub: HubPart | undefined } {
    const [machines, logs, world] = [this.#machines, this.#logs, this.#world]
    const isKnown = machines !== undefined && logs !== undefined && world !== undefined
    expectThat(isKnown, 'encoding', 'MALFORMED', 'genesis comes first')
    return { machines, logs, world, hub: this.#hub }
  }
}

const STAGES: Readonly<Record<BundleBlock['kind'], number>> = {
  genesis: 1,
  voters: 2,
  capsule: 3,
  hub: 4,
  'hub-item': 5,
  bucket: 6,
  item: 6,
  'bucket-item': 6,
  end: 6,
  plans: 7,
  content: 8,
}

/** What an entry makes of a refused envelope shows elsewhere, in its effects: the cause is what is named. */
function becauseOf({ code, message }: Rejection, { check, rejection }: Diverged): Diverged {
  if (check === 'policy') return new Diverged(check, rejection)
  return new Diverged('policy', { code, message: `${message}; so ${rejection.message}` })
}

const ONCE: ReadonlySet<string> = new Set(['genesis', 'hub', 'plans'])

function eventOf(read: ReadBlock, bucket: number | undefined): string {
  if (read.kind !== 'block') return read.kind
  const { block } = read
  if ('item' in block) {
    const log = block.kind === 'hub-item' ? 'the hub' : `bucket ${bucket ?? '?'}`
    return `${nameOfItem(block.item)}, leaf ${block.at} of ${log}`
  }
  if (block.kind === 'end') return `end of need ${block.need.toString()}`
  return block.kind === 'bucket' ? `bucket ${block.bucket}` : block.kind
}
