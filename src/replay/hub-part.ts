import type { BundleBlockOf } from '../codec/bundle/block.ts'
import type { TreeHead } from '../codec/certificate/tree-head.ts'
import { HUB } from '../codec/entry/item.ts'
import type { Records } from '../core/records/tables.ts'
import type { Shape } from '../core/records/view.ts'
import type { SlotFacts } from '../core/records/world.ts'
import { type Machines, machineOfGroup } from '../core/witness/machine.ts'
import type { Sha256 } from '../ports/crypto.ts'
import type { CertifiedLogs } from './certified-logs.ts'
import type { CheckBook } from './checks.ts'
import { expectThat } from './divergence.ts'
import { expectLeaf, foldItem, readItem, readLeaf } from './folded-item.ts'
import type { HubFacts } from './hub-side.ts'

/** What the parts of a replay share. */
export interface ReplayContext {
  readonly machines: Machines
  readonly logs: CertifiedLogs
  readonly book: CheckBook
  readonly sha256: Sha256
}

/**
 * The hub's items of a file, each certified, over the hub's own step: slots, draws, and every movement of credits. What
 * it sent to buckets and took from them waits to be met in their histories.
 */
export class HubPart {
  readonly #context: ReplayContext
  readonly #shadow: Records<Shape>
  readonly #head: TreeHead | undefined
  /** Facts of the slots that the file has. */
  readonly slots = new Map<number, SlotFacts>()
  /** By bucket: see `HubFacts`. */
  readonly #sent = new Map<number, Map<number, Uint8Array>>()
  readonly #taken = new Map<number, Uint8Array[]>()
  #at = -1
  #last: SlotFacts | undefined

  constructor(context: ReplayContext, { certificate }: BundleBlockOf<'hub'>) {
    this.#context = context
    this.#shadow = context.machines.hub.open()
    this.#head = context.logs.head(certificate, HUB)
  }

  add(block: BundleBlockOf<'hub-item'>): void {
    const { machines, logs, book, sha256 } = this.#context
    const { at, path, reads } = block
    expectThat(at > this.#at, 'encoding', 'MALFORMED', 'items of the hub stand in their order')
    this.#at = at
    const folded = readItem(block)
    const leaf = readLeaf(block.leaf)
    const read = logs.open(this.#head, { at, leaf, path }, folded.encoded)
    const { item } = folded
    if (item.kind === 'received') {
      logs.checkProof(item.source, HUB, item.n, item.body, item.proof)
      const taken = this.#taken.get(item.source) ?? []
      this.#taken.set(item.source, taken)
      taken.push(sha256(item.body))
    }
    book.count('money', 'records of other items', reads.length)
    const voters = logs.votersAt(HUB, at)
    const slot = (n: number) => machines.slotFacts(this.#shadow, n)
    const step = foldItem(machines.hub, this.#shadow, folded, reads, { position: at, voters, slot })
    if (read !== undefined) {
      expectLeaf(leaf, read, folded, step, sha256)
      for (const output of read.outputs) {
        if (output.kind === 'effect') this.#noteSent(machineOfGroup(output.group), output.number, output.hash)
      }
    }
    book.count('money', 'items of the hub')
    book.count('money', 'movements', movements(step))
    if (folded.name === 'slot') this.#noteSlot(step.subject?.name)
    for (const { body } of step.effects) {
      if (body.kind === 'open' || body.kind === 'seated') book.count('committees', 'draws')
    }
  }

  /** What a bucket has to receive and to send; the hub's part forgets it then. */
  factsOf(bucket: number): HubFacts {
    const facts = {
      isCertified: this.#head !== undefined,
      sent: this.#sent.get(bucket) ?? new Map<number, Uint8Array>(),
      taken: this.#taken.get(bucket) ?? [],
    }
    this.#sent.delete(bucket)
    this.#taken.delete(bucket)
    return facts
  }

  /** A copy is kept: what was read is a view of a piece of the file. */
  #noteSent(bucket: number, n: number, hash: Uint8Array): void {
    const sent = this.#sent.get(bucket)
    if (sent === undefined) this.#sent.set(bucket, new Map([[n, hash.slice()]]))
    else sent.set(n, hash.slice())
  }

  #noteSlot(name: string | undefined): void {
    const n = Number(/^slot\/([0-9]+)$/.exec(name ?? '')?.[1])
    const facts = this.#context.machines.slotFacts(this.#shadow, n)
    expectThat(facts !== undefined, 'slots', 'CONFLICT', 'a slot makes its facts')
    const last = this.#last
    const isAfter =
      last === undefined || (facts.n > last.n && facts.time >= last.time && facts.clock >= last.clock)
    expectThat(isAfter, 'slots', 'CONFLICT', `slot ${facts.n} is before slot ${last?.n ?? 0}`)
    this.#last = facts
    this.slots.set(n, facts)
    this.#context.book.count('slots', 'slots')
    if (facts.beacon !== undefined) this.#context.book.count('slots', 'beacons')
  }
}

/** The hub's step hands out what its ledger did. */
function movements(step: object): number {
  return 'audit' in step && Array.isArray(step.audit) ? step.audit.length : 0
}
