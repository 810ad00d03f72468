import type { BundleBlock, BundleBlockOf } from '../codec/bundle/block.ts'
import { decodeBlock } from '../codec/bundle/read-bundle.ts'
import { encodeDagCbor } from '../codec/dag-cbor/encode.ts'
import { headerOf } from '../codec/envelope/envelope.ts'
import type { SingleEnvelope } from '../codec/envelope/verify-single.ts'
import { decodeGenesis, type OpenedGenesis } from '../codec/genesis/genesis.ts'
import type { Kind } from '../codec/payload/verbs.ts'
import { assert } from '../model/fault.ts'
import type { SlotFacts } from '../model/slot-facts.ts'
import { BucketPart, type ReplayedNeed } from './bucket-part.ts'
import { CertifiedLogs } from './certified-logs.ts'
import { CheckBook } from './checks.ts'
import { Diverged, expectThat, sound } from './divergence.ts'
import type { ReplayContext } from './hub-part.ts'
import { type HubFacts, HubSide } from './hub-side.ts'
import type { CarriedEnvelope, Part, PartGround, PartResult, PartSum } from './parts.ts'
import { ReplayWorld } from './replay-world.ts'
import type { ReplayOptions } from './report.ts'

export type PartOptions = Pick<ReplayOptions, 'crypto' | 'machinesOf' | 'policy'>

/** Verbs that say something of plans or tasks. */
const KEPT_BODIES: ReadonlySet<Kind> = new Set(['NEED', 'PROPOSE', 'REVEAL_PLAN', 'UPDATE_PLAN', 'COMMIT'])

/** Does parts of a file over the rules, one after another: with a world, logs and machines of its own. */
export class PartRunner {
  readonly #book = new CheckBook()
  readonly #context: ReplayContext
  readonly #slots: ReadonlyMap<number, SlotFacts>
  readonly #finished: boolean
  #carried: CarriedEnvelope[] = []

  /** Asserts that the ground is sound: who hands it out has checked it. */
  constructor(options: PartOptions, ground: PartGround) {
    const { crypto, policy, machinesOf } = options
    const blocks = ground.blocks.map(soundBlock)
    const genesis = genesisOf(blocks, options)
    const opened = (envelope: SingleEnvelope) => void this.#carried.push(carriedOf(envelope))
    const world = new ReplayWorld({ genesis, crypto, policy, book: this.#book, opened })
    const logs = new CertifiedLogs(genesis, world.world.keys, world.verify, crypto.sha256, this.#book)
    for (const block of blocks) {
      if (block.kind === 'voters') logs.addVoters(block)
      if (block.kind === 'capsule') world.addCapsule(block.bundle)
    }
    this.#book.takePage() // counted by who read the file
    const machines = machinesOf(genesis, world.world)
    this.#context = { machines, logs, book: this.#book, sha256: crypto.sha256 }
    this.#slots = ground.slots
    this.#finished = ground.finished
  }

  run({ number, hub, blocks }: Part): PartResult {
    const underway = this.begin(number, hub)
    for (const block of blocks) underway.take(block)
    return underway.end()
  }

  /** A part whose blocks come one by one; one at a time. */
  begin(number: number, hub: HubFacts): PartUnderway {
    this.#book.takePage()
    this.#carried = []
    const { sha256 } = this.#context
    const side = new HubSide(hub, this.#slots, sha256)
    return new PartUnderway(this.#context, side, number, this.#finished, () => this.#carried)
  }
}

/** One part while its blocks come. After the first thing that is wrong nothing more of it is looked at. */
export class PartUnderway {
  readonly #context: ReplayContext
  readonly #side: HubSide
  readonly #number: number
  readonly #finished: boolean
  readonly #carried: () => readonly CarriedEnvelope[]
  readonly #needs: ReplayedNeed[] = []
  #bucket: BucketPart | undefined
  #events = 0
  #isFlawed = false

  constructor(
    context: ReplayContext,
    side: HubSide,
    number: number,
    finished: boolean,
    carried: () => readonly CarriedEnvelope[],
  ) {
    this.#context = context
    this.#side = side
    this.#number = number
    this.#finished = finished
    this.#carried = carried
  }

  take(bytes: Uint8Array): void {
    if (this.#isFlawed) return
    this.#guarded(() => this.#takeBlock(sound(decodeBlock(bytes), 'encoding')))
  }

  end(): PartResult {
    if (!this.#isFlawed) this.#guarded(() => this.#bucket?.close(this.#finished))
    const number = this.#number
    if (this.#isFlawed) return { number, isFlawed: true }
    const page = this.#context.book.takePage()
    return {
      number,
      needs: this.#needs,
      events: this.#events,
      page,
      carried: this.#carried(),
    } satisfies PartSum
  }

  #takeBlock(block: BundleBlock): void {
    if (block.kind === 'bucket') return this.#begin(block)
    const bucket = this.#bucket
    expectThat(bucket !== undefined, 'encoding', 'MALFORMED', 'a part begins with its bucket')
    // Its bucket was counted where the file is read.
    this.#context.book.count('encoding', 'blocks')
    if (block.kind === 'end') {
      this.#needs.push(bucket.end(block))
      return
    }
    this.#events += 1
    if (block.kind === 'item') bucket.add(block)
    else if (block.kind === 'bucket-item') bucket.addWide(block)
    else expectThat(false, 'encoding', 'MALFORMED', `no ${block.kind} here`)
  }

  #begin(block: BundleBlockOf<'bucket'>): void {
    expectThat(this.#bucket === undefined, 'encoding', 'MALFORMED', 'a part is one bucket')
    this.#bucket = new BucketPart(this.#context, this.#side, block)
  }

  #guarded(run: () => void): void {
    try {
      run()
    } catch (error) {
      if (!(error instanceof Diverged)) throw error
      this.#isFlawed = true
    }
  }
}

function genesisOf(blocks: readonly BundleBlock[], { crypto }: PartOptions): OpenedGenesis {
  const [first] = blocks
  assert(first?.kind === 'genesis', 'a file begins with its genesis')
  const opened = decodeGenesis(encodeDagCbor(first.genesis), crypto.sha256)
  assert(opened.ok, 'the genesis was read before')
  return opened.value
}

function soundBlock(bytes: Uint8Array): BundleBlock {
  const block = decodeBlock(bytes)
  assert(block.ok, 'the block was read before')
  return block.value
}

function carriedOf(envelope: SingleEnvelope): CarriedEnvelope {
  const body = KEPT_BODIES.has(envelope.body.kind) ? envelope.bytes : undefined
  return { header: headerOf(envelope), body }
}
