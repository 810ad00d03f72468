import type { BundleBlock, BundleBlockOf } from '../codec/bundle/block.ts'
import type { Place } from '../codec/bundle/raw-block.ts'
import type { ReadBlock } from '../codec/bundle/read-bundle.ts'
import type { BundleRoot } from '../codec/bundle/root.ts'
import { equalBytes } from '../codec/bytes.ts'
import { type CID, cidOf, DAG_CBOR } from '../codec/cid.ts'
import { decodeDagCbor } from '../codec/dag-cbor/decode.ts'
import { encodeDagCbor } from '../codec/dag-cbor/encode.ts'
import { headerOf } from '../codec/envelope/envelope.ts'
import type { SingleEnvelope } from '../codec/envelope/verify-single.ts'
import { decodeGenesis, type OpenedGenesis } from '../codec/genesis/genesis.ts'
import type { Machines } from '../core/witness/machine.ts'
import { ThreadPlans } from '../core/witness/thread-plans.ts'
import type { EnvelopeHeader } from '../model/envelope-header.ts'
import { assert } from '../model/fault.ts'
import type { Rejection } from '../model/rejection.ts'
import type { ReplayedOutcome, ReplayedTask } from '../ports/task-replay.ts'
import { BucketPart, type ReplayedNeed } from './bucket-part.ts'
import { CausalOrder } from './causal-order.ts'
import { CertifiedLogs } from './certified-logs.ts'
import { CheckBook } from './checks.ts'
import { Diverged, type Divergence, expectThat, sound } from './divergence.ts'
import { HubPart } from './hub-part.ts'
import { type HubFacts, HubSide } from './hub-side.ts'
import { isOfPart, PartLine } from './part-line.ts'
import type { PartSum, PartThreads } from './parts.ts'
import { ReplayWorld } from './replay-world.ts'
import type { ReplayOptions, ReplayReport } from './report.ts'
import { eventOf, ONCE, STAGES } from './stages.ts'
import { TaskChecks } from './task-checks.ts'

/** Items of hub and buckets, at most. */
const EVENTS_MAX = 4_000_000

/** One pass over a file: what was read so far, and what is wrong with it. */
export class ReplayRun {
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
  /** With threads, from the first bucket on. */
  #line: PartLine | undefined
  /** Blocks that every part rests on. */
  readonly #ground: Uint8Array[] = []
  #machines: Machines | undefined
  #stage = 0
  #lastBucket = -1
  #place: Place = { unit: 'block', number: 0, byte: 0 }
  /** What stands at the place. */
  event = 'the start of the file'
  #blocks = 0
  #anchored = false
  #lawless: Diverged | undefined
  /** What came of parts that were waited for. */
  #lineFault: Divergence | undefined
  events = 0

  constructor(options: ReplayOptions) {
    this.#options = options
    this.#tasks = new TaskChecks(options.crypto.sha256, this.#book)
  }

  /** A block of a bucket that whoever does the part reads. */
  leavesUnread(bytes: Uint8Array): boolean {
    return this.#line !== undefined && this.#stage === STAGES.bucket && isOfPart(bytes)
  }

  beginsPart(read: ReadBlock): boolean {
    return this.#line !== undefined && read.kind === 'block' && read.block.kind === 'bucket'
  }

  /** A further block of a bucket, where threads do buckets. */
  #isOfPart(read: ReadBlock): boolean {
    if (this.#line === undefined || this.beginsPart(read)) return false
    return read.kind === 'unread' || (read.kind === 'block' && STAGES[read.block.kind] === STAGES.bucket)
  }

  /** Whether parts are to come in before this block, which is no bucket's, or the end. */
  awaits(read: ReadBlock | undefined): boolean {
    const line = this.#line
    const isAmong =
      read !== undefined && (this.#isOfPart(read) || this.beginsPart(read) || read.kind === 'index')
    if (line === undefined || isAmong) return false
    this.#lineFault ??= this.#guarded(() => {
      line.end()
      line.settle()
    })
    return this.#lineFault === undefined && line.isWaiting
  }

  /** What is wrong with a block, if anything is. */
  take(read: ReadBlock): Divergence | undefined {
    this.#place = read.place
    this.event = eventOf(read, this.#bucket?.bucket)
    return this.#guarded(() => {
      this.#blocks += 1
      if (this.#isOfPart(read)) this.#line?.take(read.bytes)
      else this.#takeOwn(read)
      if (this.#lawless !== undefined) throw this.#lawless
      const isSound = this.#line?.isFlawed !== true
      expectThat(isSound, 'encoding', 'CONFLICT', 'a bucket is not sound: one thread alone says what it is')
    })
  }

  #takeOwn(read: ReadBlock): void {
    this.#book.count('encoding', 'blocks')
    if (read.kind === 'root') this.#root = read.root
    else if (read.kind === 'content') this.#takeContent(read.cid, read.bytes)
    else if (read.kind === 'block') this.#takeBlock(read.block, read.bytes)
  }

  /** What is wrong with the whole. */
  finish(): Divergence | undefined {
    if (this.#lineFault !== undefined) return this.#lineFault
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

  #takeBlock(block: BundleBlock, bytes: Uint8Array): void {
    this.#enter(block)
    const { threads } = this.#options
    if (threads !== undefined && block.kind !== 'bucket' && STAGES[block.kind] < STAGES.hub)
      this.#ground.push(bytes.slice())
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
        this.#countEvents()
        return this.#hub?.add(block)
      case 'bucket':
        return this.#takeBucket(block, bytes)
      case 'item':
        this.#countEvents()
        return this.#inBucket().add(block)
      case 'bucket-item':
        this.#countEvents()
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

  #opened(envelope: SingleEnvelope): void {
    this.#inOrder(headerOf(envelope))
    this.#note(envelope)
  }

  #inOrder(header: EnvelopeHeader): void {
    const rejection = this.#order.add(header)
    if (rejection !== undefined) this.#lawless ??= new Diverged('causal', rejection)
  }

  #note(envelope: Pick<SingleEnvelope, 'id' | 'body'>): void {
    this.#plans.carry(envelope)
    this.#tasks.note(envelope)
  }

  /** What a part came to. */
  #addSum({ needs, events, page, carried }: PartSum): void {
    this.#needs.push(...needs)
    this.#countEvents(events)
    this.#book.addPage(page)
    for (const { header, body } of carried) {
      this.#inOrder(header)
      if (body !== undefined) this.#note({ id: header.id, body: bodyOf(body) })
    }
    if (this.#lawless !== undefined) throw this.#lawless
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

  #takeBucket(block: BundleBlockOf<'bucket'>, bytes: Uint8Array): void {
    expectThat(block.bucket > this.#lastBucket, 'encoding', 'MALFORMED', 'buckets ascend')
    this.#lastBucket = block.bucket
    this.#closeBucket()
    const { machines, logs, hub } = this.#known()
    const { sha256 } = this.#options.crypto
    expectThat(hub !== undefined, 'encoding', 'MALFORMED', 'the hub comes before buckets')
    const facts = hub.factsOf(block.bucket)
    if (this.#options.threads !== undefined) return this.#beginPart(this.#options.threads, hub, bytes, facts)
    const side = new HubSide(facts, hub.slots, sha256)
    this.#bucket = new BucketPart({ machines, logs, book: this.#book, sha256 }, side, block)
  }

  #beginPart(threads: PartThreads, hub: HubPart, bytes: Uint8Array, facts: HubFacts): void {
    const ground = { blocks: this.#ground, slots: hub.slots, finished: this.#root?.finished === true }
    this.#line ??= new PartLine(threads, this.#options, ground, (sum) => this.#addSum(sum))
    this.#line.begin(bytes, facts)
  }

  #closeBucket(): void {
    this.#bucket?.close(this.#root?.finished === true)
    this.#bucket = undefined
    this.#line?.end()
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

  #countEvents(more = 1): void {
    this.events += more
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

/** A body whose part read and checked it. */
function bodyOf(bytes: Uint8Array): SingleEnvelope['body'] {
  const body = decodeDagCbor(bytes)
  assert(body.ok, 'a body is read as it was read before')
  return body.value as unknown as SingleEnvelope['body']
}

/** What an entry makes of a refused envelope shows elsewhere, in its effects: the cause is what is named. */
function becauseOf({ code, message }: Rejection, { check, rejection }: Diverged): Diverged {
  if (check === 'policy') return new Diverged(check, rejection)
  return new Diverged('policy', { code, message: `${message}; so ${rejection.message}` })
}
