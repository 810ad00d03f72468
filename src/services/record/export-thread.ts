/**
 * Writes the export of a thread from stored logs. The file is a function of the logs alone: the same from every replica
 * that has the same entries, whatever else it heard and when.
 *
 * 1. The logs are folded once more by the machines themselves; an item of which they make something else than its leaf
 *    says faults `store-damaged`. Signatures are taken as checked: replay checks them.
 * 2. A finished need ends with the certificate that its `cert` entry recorded; another one with the newest that is
 *    stored, and with the last item that it covers. Changes of voters come with the certificates that the log recorded; while
 *    one is not recorded yet, nothing behind it is over.
 * 3. Items come with the records that they read and that items of others had changed (`core/witness`).
 *
 * Source: record.md, "History and export".
 */
import { type BundleBlock, type BundleBlockOf, encodeBlock } from '../../codec/bundle/block.ts'
import { openBytes, openItem } from '../../codec/bundle/nested.ts'
import type { BundleInfo, BundleWriter, Spool } from '../../codec/bundle/write-bundle.ts'
import { decodeBundle } from '../../codec/capsule/bundle.ts'
import { capsuleCid } from '../../codec/capsule/capsule.ts'
import { type Certificate, certificateOf, certificateToIpld } from '../../codec/certificate/certificate.ts'
import { voterLinkToIpld } from '../../codec/certificate/voter-chain.ts'
import { type CID, parseCid, RAW } from '../../codec/cid.ts'
import { decodeDagCbor } from '../../codec/dag-cbor/decode.ts'
import { acceptedKeys } from '../../codec/did/accepted-keys.ts'
import type { SingleEnvelope } from '../../codec/envelope/verify-single.ts'
import { decodeGenesis, type OpenedGenesis } from '../../codec/genesis/genesis.ts'
import { machinesOf } from '../../core/machines/machines.ts'
import { makeWorld } from '../../core/records/make-world.ts'
import type { Records } from '../../core/records/tables.ts'
import type { Shape } from '../../core/records/view.ts'
import type { SlotFacts } from '../../core/records/world.ts'
import type { Machines } from '../../core/witness/machine.ts'
import { ThreadPlans } from '../../core/witness/thread-plans.ts'
import { FaultError } from '../../model/fault.ts'
import type { ThreadId } from '../../model/ids.ts'
import { ok } from '../../model/result.ts'
import type { Crypto, Sha256 } from '../../ports/crypto.ts'
import type { LogSource } from '../../ports/network-log.ts'
import { chooseHubPart, contentNamedBy, type HubPart, LogIndex, type NeedHistory, slotOf } from './choose.ts'
import { LogFold } from './log-fold.ts'
import { nameOf, type StoredItem, type StoredLog } from './stored-log.ts'

export interface ExportOptions {
  readonly source: LogSource
  readonly thread: ThreadId
  readonly content: 'inline' | 'linked'
  readonly sha256: Sha256
  /** Where blocks of buckets wait for those of the hub, which come before them. */
  readonly aside: Spool
  /** Machines whose world takes every signature and policy as checked. */
  readonly machinesOf: (genesis: OpenedGenesis, opened: (envelope: SingleEnvelope) => void) => Machines
}

/** What was written. */
export interface Exported extends BundleInfo {
  readonly needs: number
  /** Items of the hub and of buckets. */
  readonly items: number
  /** Content that the needs name and that is not stored here. */
  readonly missing: readonly string[]
}

/** Machines that take every signature and policy of a log as checked. */
export function trustingMachines(
  crypto: Pick<Crypto, 'sha256' | 'isAcceptableKey'>,
): ExportOptions['machinesOf'] {
  return (genesis, opened) => {
    const world = makeWorld({
      net: genesis.net,
      generation: 0,
      liars: genesis.genesis.f,
      sha256: crypto.sha256,
      verify: () => true,
      keys: acceptedKeys(crypto),
      judge: () => ok(undefined),
    })
    return machinesOf(genesis, {
      ...world,
      openEnvelope: (field, atMs) => {
        const envelope = world.openEnvelope(field, atMs)
        if (envelope.ok) opened(envelope.value)
        return envelope
      },
    })
  }
}

/** Undefined where no need of the thread is in the logs. Faults `store-damaged`, `store-io`. */
export function exportThread(writer: BundleWriter, options: ExportOptions): Exported | undefined {
  const exporter = new Exporter(writer, options)
  return exporter.run()
}

/** A need up to the last item that is exported. */
interface ChosenNeed extends NeedHistory {
  readonly finished: boolean
  readonly certificate: Certificate | undefined
}

class Exporter {
  readonly #writer: BundleWriter
  readonly #options: ExportOptions
  readonly #genesis: OpenedGenesis
  readonly #machines: Machines
  readonly #index: LogIndex
  /** Sizes of the hub's log. */
  readonly #hubProved: number
  readonly #hubCertified: number
  /** By bucket, the first item that concerns all of it and is ahead of the hub. */
  readonly #wideAhead = new Map<number, number>()
  readonly #slots = new Map<number, SlotFacts>()
  readonly #content = new Map<string, CID>()
  readonly #capsules = new Set<string>()
  /** Slots that the rules asked for. */
  readonly #asked = new Set<number>()
  readonly #plans = new ThreadPlans()
  /** The item of a bucket that is folded is exported. */
  #carries = false
  #items = 0

  constructor(writer: BundleWriter, options: ExportOptions) {
    this.#writer = writer
    this.#options = options
    const genesis = decodeGenesis(options.source.genesis, options.sha256)
    if (!genesis.ok) throw new FaultError('store-damaged', `the genesis: ${genesis.error.message}`)
    this.#genesis = genesis.value
    this.#machines = options.machinesOf(genesis.value, (envelope) => {
      if (this.#carries) this.#plans.carry(envelope)
    })
    this.#index = new LogIndex(options.source, options.sha256)
    this.#hubProved = this.#index.hub.provedSize
    this.#hubCertified = this.#index.hub.newest()?.head.size ?? 0
  }

  run(): Exported | undefined {
    const { thread, sha256, content, aside } = this.#options
    const needs = this.#index
      .needsOf(thread)
      .map((need) => this.#choose(need))
      .filter(({ leaves }) => leaves.length > 0)
    const isOver = needs.every((need) => need.finished)
    for (const need of needs) this.#note(need)
    this.#foldHub(undefined)
    const buckets = [...new Set(needs.map((need) => need.bucket))]
    for (const bucket of buckets) this.#foldBucket(bucket, ofBucket(needs, bucket))
    const hub = chooseHubPart(this.#index, needs, thread, this.#asked, isOver, sha256)
    if (needs.length === 0 && hub.leaves.length === 0) return undefined
    this.#writeHead(needs, hub)
    this.#foldHub(hub)
    for (const block of aside.all()) this.#writer.addEncoded(block)
    this.#writer.add({ kind: 'plans', plans: [...this.#plans.sums(sha256)] })
    const missing = content === 'inline' ? this.#writeContent() : []
    const ids = new Set(needs.map(({ id }) => id))
    const finished = needs.length > 0 && isOver && hub.posted.every((id) => ids.has(id))
    return {
      net: this.#genesis.net,
      thread,
      finished,
      content,
      needs: needs.length,
      items: this.#items,
      missing,
    }
  }

  /** Invariant 2. */
  #choose(need: NeedHistory): ChosenNeed {
    const log = this.#index.log(need.bucket)
    const ahead = this.#aheadFrom(log, need)
    const known = need.leaves.filter((at) => at < ahead)
    for (const [n, at] of known.entries()) {
      const item = this.#index.bucketItem(log, log.item(at) as StoredItem)
      if (item.kind !== 'command' || item.command.kind !== 'cert') continue
      const certificate = certificateOf(item.command.certificate)
      if (certificate.head.size > log.provedSize) break
      return { ...need, leaves: known.slice(0, n), finished: true, certificate }
    }
    const certificate = log.newest()
    const size = certificate?.head.size ?? log.provedSize
    const leaves = known.filter((at) => at < size)
    const lastSlot = this.#lastSlot(this.#hubSizeOf(log, leaves))
    const beyond = leaves.findIndex((at) => this.#isBeyond(log, at, lastSlot))
    return { ...need, leaves: beyond < 0 ? leaves : leaves.slice(0, beyond), finished: false, certificate }
  }

  /** The first leaf that rests on what this replica's log of the hub has not: while it catches up, a bucket may be ahead of the hub. */
  #aheadFrom(log: StoredLog, { bucket, leaves }: NeedHistory): number {
    const wide = this.#wideAhead.get(bucket) ?? this.#firstAhead(log, this.#index.wide.get(bucket) ?? [])
    this.#wideAhead.set(bucket, wide)
    return Math.min(wide, this.#firstAhead(log, leaves))
  }

  #firstAhead(log: StoredLog, leaves: readonly number[]): number {
    const isAhead = (at: number): boolean => this.#hubSizeIn(log, at) > this.#hubProved
    return leaves.find(isAhead) ?? Number.POSITIVE_INFINITY
  }

  /** An item that names a slot which no certificate of the hub covers yet. */
  #isBeyond(log: StoredLog, at: number, lastSlot: number): boolean {
    const item = this.#index.bucketItem(log, log.item(at) as StoredItem)
    return item.kind === 'command' && item.command.slot > lastSlot
  }

  /** Size of the hub's log that these leaves can be proved by: of its newest certificate, or of a later one that they carry. */
  #hubSizeOf(log: StoredLog, leaves: readonly number[]): number {
    const most = leaves.reduce((size, at) => Math.max(size, this.#hubSizeIn(log, at)), this.#hubCertified)
    return most === 0 ? this.#hubProved : most
  }

  /** What the proof of an item of a bucket takes of the hub's log; 0 for one that needs none. */
  #hubSizeIn(log: StoredLog, at: number): number {
    const item = this.#index.bucketItem(log, log.item(at) as StoredItem)
    return item.kind === 'received' ? (item.certificate?.head.size ?? 0) : 0
  }

  /** The last slot in that much of the hub's log. */
  #lastSlot(size: number): number {
    const { hub } = this.#index
    for (let at = size - 1; at >= 0; at--) {
      const stored = hub.item(at)
      const slot = stored === undefined ? undefined : slotOf(stored)
      if (slot !== undefined) return slot
    }
    return 0
  }

  /** Content and capsules that a need names. */
  #note({ bucket, leaves }: ChosenNeed): void {
    const log = this.#index.log(bucket)
    for (const at of leaves) {
      const item = this.#index.bucketItem(log, log.item(at) as StoredItem)
      const envelope =
        item.kind === 'received'
          ? item.effect.kind === 'open' && item.effect.envelope
          : item.command.kind === 'commit' && item.command.envelope
      for (const cid of envelope ? contentNamedBy(envelope) : []) this.#content.set(cid.toString(), cid)
      if (item.kind === 'received' && item.effect.kind === 'open') this.#capsules.add(item.effect.capsule)
    }
  }

  #writeHead(needs: readonly ChosenNeed[], { certificate }: HubPart): void {
    const { source, sha256 } = this.#options
    const genesis = decodeDagCbor(source.genesis)
    if (genesis.ok) this.#writer.add({ kind: 'genesis', genesis: genesis.value })
    this.#writeVoters(this.#index.hub, certificate)
    for (const bucket of new Set(needs.map((need) => need.bucket))) {
      this.#writeVoters(this.#index.log(bucket), largest(ofBucket(needs, bucket)))
    }
    const capsules = new Map<string, Uint8Array>()
    for (const bundle of source.capsules()) {
      const decoded = decodeBundle(bundle)
      if (decoded.ok) capsules.set(capsuleCid(decoded.value.capsule, sha256).toString(), bundle)
    }
    for (const cid of [...this.#capsules].sort()) {
      const bundle = capsules.get(cid)
      if (bundle !== undefined) this.#writer.add({ kind: 'capsule', bundle })
    }
    this.#writer.add({ kind: 'hub', certificate: certificatesOf(certificate) })
  }

  #writeVoters(log: StoredLog, certificate: Certificate | undefined): void {
    const links = log.links(certificate?.head.size ?? log.provedSize)
    if (links.length === 0) return
    this.#writer.add({ kind: 'voters', machine: log.machine, links: links.map(voterLinkToIpld) })
  }

  /** First without a part, to learn what every slot was: buckets are folded between the two. */
  #foldHub(part: HubPart | undefined): void {
    const log = this.#index.hub
    const chosen = new Set(part?.leaves)
    const fold = new LogFold(this.#machines.hub, log, this.#genesis, this.#options.sha256)
    const size = part?.certificate?.head.size ?? log.size
    const slots = (n: number) => this.#machines.slotFacts(fold.state, n)
    for (const stored of log.items()) {
      const reads = fold.apply(stored, slots, chosen.has(stored.at))
      const slot = slotOf(stored)
      const facts = slot === undefined || part !== undefined ? undefined : slots(slot)
      if (facts !== undefined) this.#slots.set(facts.n, facts)
      if (reads === undefined) continue
      this.#items += 1
      this.#writer.add({ kind: 'hub-item', ...provenItem(log, stored, size), reads: [...reads] })
    }
  }

  #foldBucket(bucket: number, needs: readonly ChosenNeed[]): void {
    const log = this.#index.log(bucket)
    const certificate = largest(needs)
    const size = certificate?.head.size ?? log.size
    this.#aside({ kind: 'bucket', bucket, certificate: certificatesOf(certificate) })
    const chosen = new Set(needs.flatMap(({ leaves }) => leaves))
    const lasts = new Map(needs.map((need) => [need.leaves.at(-1), need]))
    const last = needs.reduce((most, { leaves }) => Math.max(most, leaves.at(-1) ?? most), -1)
    const wide = new Set(this.#index.wideOf(bucket, needs))
    const fold = new LogFold(this.#machines.bucket(bucket), log, this.#genesis, this.#options.sha256)
    for (const stored of log.items()) {
      if (stored.at > last) break
      const isWide = wide.has(stored.at)
      const isExported = isWide || chosen.has(stored.at)
      const slot = isExported ? (n: number) => this.#ask(n) : (n: number) => this.#slots.get(n)
      this.#carries = isExported
      const reads = fold.apply(stored, slot, isExported)
      if (reads === undefined) continue
      this.#items += 1
      if (isWide) this.#aside({ kind: 'bucket-item', ...provenItem(log, stored, size), reads: [...reads] })
      else this.#aside({ kind: 'item', at: stored.at, item: openItem(stored.encoded), reads: [...reads] })
      this.#carries = false
      const need = lasts.get(stored.at)
      if (need !== undefined) this.#aside(endOf(log, stored, need, fold.state))
    }
  }

  #ask(n: number): SlotFacts | undefined {
    this.#asked.add(n)
    return this.#slots.get(n)
  }

  #aside(block: BundleBlock): void {
    this.#options.aside.push(encodeBlock(block))
  }

  #writeContent(): readonly string[] {
    const missing: string[] = []
    for (const [name, cid] of [...this.#content].sort(([a], [b]) => (a < b ? -1 : 1))) {
      const bytes = this.#options.source.content(name)
      if (bytes === undefined) missing.push(name)
      else if (cid.code === RAW) this.#writer.addContent(bytes)
      else this.#writer.add({ kind: 'content', cid, bytes })
    }
    return missing
  }
}

function ofBucket(needs: readonly ChosenNeed[], bucket: number): readonly ChosenNeed[] {
  return needs.filter((need) => need.bucket === bucket)
}

function provenItem(log: StoredLog, { at, encoded, leaf }: StoredItem, size: number) {
  return { at, item: openItem(encoded), leaf: openBytes(leaf), path: [...log.path(at, size)] }
}

function endOf(
  log: StoredLog,
  { at, leaf }: StoredItem,
  need: ChosenNeed,
  state: Records<Shape>,
): BundleBlockOf<'end'> {
  const { id, finished, certificate } = need
  const link = parseCid(id)
  if (!link.ok) throw new FaultError('store-damaged', `${nameOf(log.machine)}, leaf ${at}: ${id} is no need`)
  return {
    kind: 'end',
    need: link.value,
    finished,
    state: stateOf(state, id),
    certificate: certificatesOf(certificate),
    at,
    leaf: openBytes(leaf),
    path: [...log.path(at, certificate?.head.size ?? log.size)],
    records: recordsOf(state, id),
  }
}

function stateOf(state: Records<Shape>, need: string): string {
  return (state.get('needs', need) as { readonly state?: string } | undefined)?.state ?? 'unknown'
}

function recordsOf(state: Records<Shape>, need: string): [string, Uint8Array][] {
  const prefix = `${need} `
  return state
    .keys('records')
    .filter((key) => key.startsWith(prefix))
    .map((key) => [key.slice(prefix.length), state.get('records', key) as Uint8Array])
}

function largest(needs: readonly ChosenNeed[]): Certificate | undefined {
  return needs
    .flatMap(({ certificate }) => (certificate === undefined ? [] : [certificate]))
    .sort((a, b) => a.head.size - b.head.size)
    .at(-1)
}

function certificatesOf(certificate: Certificate | undefined): ReturnType<typeof certificateToIpld>[] {
  return certificate === undefined ? [] : [certificateToIpld(certificate)]
}
