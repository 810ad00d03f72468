import type { BundleBlockOf } from '../codec/bundle/block.ts'
import { equalBytes } from '../codec/bytes.ts'
import type { TreeHead } from '../codec/certificate/tree-head.ts'
import { envelopeIdOf } from '../codec/cid.ts'
import type { ToBucket, ToHub } from '../codec/entry/effect.ts'
import { encodeEffect } from '../codec/entry/effect.ts'
import { HUB } from '../codec/entry/item.ts'
import type { Records } from '../core/records/tables.ts'
import type { Shape, Step } from '../core/records/view.ts'
import type { LogMachine } from '../core/witness/machine.ts'
import { expectThat } from './divergence.ts'
import { expectLeaf, type FoldedItem, foldItem, readItem, readLeaf } from './folded-item.ts'
import type { ReplayContext } from './hub-part.ts'
import type { HubSide } from './hub-side.ts'

/** A need whose last item has not been reached. */
interface OpenNeed {
  readonly head: Uint8Array
  readonly at: number
  readonly item: Uint8Array
}

/** How a need ended, as a replay found it. */
export interface ReplayedNeed {
  readonly need: string
  readonly bucket: number
  readonly state: string
  readonly finished: boolean
}

/** One bucket's items of a file, over the bucket's own step: every history up to its end, which a certificate proves. */
export class BucketPart {
  readonly bucket: number
  readonly #context: ReplayContext
  readonly #hub: HubSide
  readonly #machine: LogMachine<ToBucket | ToHub>
  readonly #shadow: Records<Shape>
  readonly #head: TreeHead | undefined
  readonly #open = new Map<string, OpenNeed>()
  /** Needs that were over: nothing follows. */
  readonly #ended = new Set<string>()
  readonly #decided = new Set<string>()
  #unsent = 0
  #at = -1

  constructor(context: ReplayContext, hub: HubSide, { bucket, certificate }: BundleBlockOf<'bucket'>) {
    this.bucket = bucket
    this.#context = context
    this.#hub = hub
    this.#machine = context.machines.bucket(bucket)
    this.#shadow = this.#machine.open()
    this.#head = context.logs.head(certificate, bucket)
  }

  /** An item of one need's history. */
  add(block: BundleBlockOf<'item'>): void {
    const folded = this.#begin(block)
    const step = this.#fold(folded, block.reads)
    const { subject } = step
    expectThat(subject !== undefined, 'encoding', 'CONFLICT', 'an item of a history concerns a need')
    const need = subject.name
    expectThat(!this.#ended.has(need), 'encoding', 'CONFLICT', `need ${need} has ended before`)
    this.#open.set(need, { head: subject.head, at: folded.at, item: folded.encoded })
    this.#count(need, folded)
    for (const { body } of step.effects) {
      if (this.#hub.takes(encodeEffect(body))) this.#context.book.count('money', 'effects to the hub')
      else this.#unsent += 1
    }
  }

  /** An item that concerns the whole bucket. */
  addWide(block: BundleBlockOf<'bucket-item'>): void {
    const folded = this.#begin(block)
    const leaf = readLeaf(block.leaf)
    const proven = { at: block.at, leaf, path: block.path }
    const read = this.#context.logs.open(this.#head, proven, folded.encoded)
    const step = this.#fold(folded, block.reads)
    expectThat(step.subject === undefined, 'encoding', 'CONFLICT', 'it concerns one need')
    if (read !== undefined) expectLeaf(leaf, read, folded, step, this.#context.sha256)
    this.#context.book.count('decisions', 'fences and leaders')
  }

  /** The end of a need's history: the certified leaf of its last item, and its records. */
  end(block: BundleBlockOf<'end'>): ReplayedNeed {
    const { logs, book } = this.#context
    const need = envelopeIdOf(block.need)
    const last = this.#open.get(need)
    expectThat(last !== undefined, 'encoding', 'CONFLICT', `need ${need} has no items`)
    expectThat(last.at === block.at, 'encoding', 'CONFLICT', `the last item of ${need} is leaf ${last.at}`)
    const head = logs.head(block.certificate, this.bucket)
    const leaf = readLeaf(block.leaf)
    const read = logs.open(head, { at: block.at, leaf, path: block.path }, last.item)
    if (read !== undefined) {
      const isHead = read.subject?.name === need && equalBytes(read.subject.head, last.head)
      expectThat(
        isHead,
        'encoding',
        'CONFLICT',
        "the certified head is not that of the need's chain of hashes",
      )
    }
    this.#endRecords(block, need)
    const state = this.#stateOf(need)
    expectThat(state === block.state, 'records', 'CONFLICT', `need ${need} is ${state}, not ${block.state}`)
    this.#open.delete(need)
    this.#ended.add(need)
    const isOver = this.#isOver(need)
    expectThat(isOver || !block.finished, 'records', 'CONFLICT', `need ${need} is not over`)
    book.count('encoding', 'histories')
    return { need, bucket: this.bucket, state, finished: block.finished }
  }

  /** After the last block of the bucket. Rejects what was left open. */
  close(finished: boolean): void {
    const [need] = this.#open.keys()
    expectThat(need === undefined, 'encoding', 'CONFLICT', `the history of need ${need ?? ''} has no end`)
    const { untaken } = this.#hub
    expectThat(
      untaken === 0,
      'money',
      'CONFLICT',
      `${untaken} effects that the hub took were sent by nothing`,
    )
    const isWhole = this.#unsent === 0 || !finished || this.#head === undefined
    expectThat(isWhole, 'money', 'CONFLICT', `the file has not what the hub made of ${this.#unsent} effects`)
  }

  #begin(block: BundleBlockOf<'item'> | BundleBlockOf<'bucket-item'>): FoldedItem {
    expectThat(block.at > this.#at, 'encoding', 'MALFORMED', 'items of a bucket stand in their order')
    this.#at = block.at
    const folded = readItem(block)
    const { item } = folded
    if (item.kind !== 'received') return folded
    expectThat(item.source === HUB, 'certificates', 'CONFLICT', 'buckets hear the hub alone')
    this.#context.logs.checkProof(HUB, this.bucket, item.n, item.body, item.proof)
    this.#hub.receives(item.n, item.body)
    return folded
  }

  #fold(folded: FoldedItem, rows: BundleBlockOf<'item'>['reads']): Step<Shape, ToBucket | ToHub> {
    const { logs, book } = this.#context
    book.count('decisions', 'records of other items', rows.length)
    const voters = logs.votersAt(this.bucket, folded.at)
    const slot = (n: number) => this.#hub.slot(n)
    return foldItem(this.#machine, this.#shadow, folded, rows, { position: folded.at, voters, slot })
  }

  #count(need: string, { name }: FoldedItem): void {
    const { book } = this.#context
    book.count('encoding', 'items of histories')
    if (name === 'decide') {
      expectThat(!this.#decided.has(need), 'decisions', 'CONFLICT', `a second DECIDE of ${need}`)
      this.#decided.add(need)
      book.count('decisions', 'decides')
      book.count('committees', 'quorums')
    }
    if (name === 'finalize' || name === 'reject') book.count('committees', 'quorums')
    if (name === 'claim' || name === 'release' || name === 'yield') book.count('decisions', 'leases')
    if (name === 'commit') book.count('decisions', 'commits')
  }

  #endRecords({ records }: BundleBlockOf<'end'>, need: string): void {
    const prefix = `${need} `
    const made = this.#shadow.keys('records').filter((key) => key.startsWith(prefix))
    expectThat(
      made.length === records.length,
      'records',
      'CONFLICT',
      `${made.length} records, not ${records.length}`,
    )
    for (const [name, bytes] of records) {
      const record = this.#shadow.get('records', `${prefix}${name}`)
      const isSame = record instanceof Uint8Array && equalBytes(record, bytes)
      expectThat(isSame, 'records', 'CONFLICT', `the record ${name} comes out otherwise`)
      this.#context.book.count('records', 'records')
    }
  }

  #stateOf(need: string): string {
    return this.#needOf(need)?.state ?? 'unknown'
  }

  #isOver(need: string): boolean {
    return this.#needOf(need)?.over !== undefined
  }

  #needOf(need: string): { readonly state?: string; readonly over?: unknown } | undefined {
    return this.#shadow.get('needs', need) as { readonly state?: string } | undefined
  }
}
