import type { CID } from '../../codec/cid.ts'
import { decodeBatch } from '../../codec/envelope/batch.ts'
import type { ReadBody } from '../../codec/envelope/read-body.ts'
import { envelopesOf, type SingleForm } from '../../codec/envelope/single-form.ts'
import type { VerifiedBatch } from '../../codec/envelope/verify-batch.ts'
import type { SingleEnvelope } from '../../codec/envelope/verify-single.ts'
import type { VoterMessage } from '../../codec/voter-message/voter-message.ts'
import type { BucketTables } from '../../core/bucket/tables.ts'
import type { Pooled } from '../../core/proposer/pool.ts'
import { STANDING, type Standing } from '../../core/proposer/standing.ts'
import type { View } from '../../core/records/view.ts'
import type { HubTables } from '../../core/system/tables.ts'
import type { Did, EnvelopeId } from '../../model/ids.ts'
import type { GroupId } from '../../model/raft.ts'
import type { StateMachine } from '../../ports/state-machine.ts'
import { THREAD_ONLY } from '../gossip/kinds.ts'
import type { SealNotice } from '../raft-host/certification.ts'
import type { LeafNotice } from '../raft-host/host-core.ts'
import type { HeartView, HeldSlot, Unsubscribe } from '../roles/heart-view.ts'
import type { ActDriver } from './act-driver.ts'
import { GroupAccess } from './group-access.ts'
import type { GroupHost } from './group-host.ts'
import type { HeartDeps } from './heart-deps.ts'
import { assembleParts, type HeartParts } from './heart-parts.ts'
import { hostedMachine, type SteppedItem } from './hosted-machine.ts'
import { type HubVerdict, Listeners } from './listeners.ts'
import type { LogKeeper } from './log-keeper.ts'
import { NeedIndex } from './need-index.ts'
import { NeedPools } from './need-pools.ts'
import { isCarried, OwnBatches } from './own-batches.ts'
import { recall } from './recall.ts'
import { SlotBook } from './slot-book.ts'
import { standingsOf } from './standings.ts'
import { VoterMail } from './voter-mail.ts'

const RESEND_MS = 1_000

/**
 * The hub and the buckets on one node of a network: machines for its raft host, the logs that they leave, and what a voter
 * does so that they go on: slots, entries, statements. Source: architecture.md; lifecycle.md; consensus.md.
 */
export class Heart implements HeartView {
  readonly self: Did
  readonly net: CID
  readonly generation = 0
  readonly #deps: HeartDeps
  readonly #slots: SlotBook
  readonly #keeper: LogKeeper
  readonly #index: NeedIndex
  readonly #pools = new NeedPools((need) => standingsOf(this.#parts?.groups, this.#index, need))
  readonly #own: OwnBatches
  readonly #listeners = new Listeners()
  #parts: HeartParts | undefined
  /** What was applied since the listeners last ran. */
  #stepped: SteppedItem[] = []
  #isDue = false
  readonly #leading = new Set<number>()
  #isOver = false
  #cancelResend: () => void = () => undefined

  constructor(deps: HeartDeps) {
    this.#deps = deps
    this.self = deps.key.did
    this.net = deps.genesis.net
    this.#slots = new SlotBook(deps.slots)
    this.#keeper = deps.keeper
    this.#index = new NeedIndex(deps.world, deps.archive)
    this.#own = new OwnBatches(deps.clock)
  }

  machineOf(group: GroupId): StateMachine {
    const { machines, crypto, genesis } = this.#deps
    const voters = genesis.genesis.voters.toSorted((a, b) => (a < b ? -1 : 1))
    return hostedMachine(group, {
      machines,
      voters,
      slots: this.#slots,
      sha256: crypto.sha256,
      onStep: (step) => this.#stepped.push(step),
    })
  }

  /** Every leaf of the host, in order. */
  onLeaf(notice: LeafNotice): void {
    this.#keeper.keep(notice)
    this.#soon()
  }

  onSeal(notice: SealNotice): void {
    if (notice.kind === 'certificate') this.#keeper.keepCertificate(notice.certificate)
    if (notice.kind === 'change-recorded') this.#keeper.keepChange(notice.certificate)
    this.#soon()
  }

  /** The log has what a snapshot brought, from leaf `from` on: it is digested, and the host goes on. */
  takeUp(machine: number, from: number): void {
    this.#parts?.digest.takeUp(machine, from)
    this.#parts?.groups.wake()
    this.#soon()
  }

  /** Before a checkpoint of the host is written, or that of one machine: what it makes unnecessary to apply again is kept. */
  beforeCheckpoint(machine?: number): void {
    this.#keeper.flush(machine)
    this.#deps.slots.flush()
  }

  /** The host has opened its groups; `soon` asks it for a turn. */
  start(host: GroupHost, soon: () => void): void {
    const { genesis, crypto, didOf, buckets } = this.#deps
    const voters = genesis.genesis.voters.toSorted((a, b) => (a < b ? -1 : 1))
    const groups = new GroupAccess({ host, soon, voters, slots: this.#slots, sha256: crypto.sha256, didOf })
    this.#parts = assembleParts(this.#deps, {
      groups,
      mail: this.#mailTo(voters),
      index: this.#index,
      pools: this.#pools,
      own: this.#own,
      listeners: this.#listeners,
      slot: () => this.slot(),
      lastSlot: () => this.#slots.last,
      touch: (need) => this.#touch(need),
      isOver: () => this.#isOver,
    })
    for (let bucket = 0; bucket < buckets; bucket++) this.#index.restore(bucket, groups.bucket(bucket))
    recall(this.#deps.archive, this.#index, this.#pools, this.#deps.world)
    this.#parts.slots.advance()
    this.#resend()
  }

  stop(): void {
    this.#isOver = true
    this.#cancelResend()
    this.#parts?.slots.stop()
    this.beforeCheckpoint()
  }

  slot(): HeldSlot {
    const n = this.#slots.last
    return { n, timeMs: this.#slots.get(n)?.time ?? this.#deps.genesis.genesis.created }
  }

  hub(): View<HubTables> {
    return this.#started().groups.hub()
  }

  bucketOf(need: string): number | undefined {
    return this.#index.bucketOf(need)
  }

  /** How somebody stands in a need, as this node's state is; of one that is not open here: a stranger. */
  standing(need: string, sender: Did): Standing {
    return standingsOf(this.#parts?.groups, this.#index, need)?.of(sender) ?? STANDING.stranger
  }

  bucket(n: number): View<BucketTables> {
    return this.#started().groups.bucket(n)
  }

  needEnvelope(need: string): SingleEnvelope<'NEED'> | undefined {
    return this.#index.envelope(need)
  }

  *envelopes(need: string): Iterable<SingleEnvelope> {
    if (this.#index.bucketOf(need) === undefined) return
    for (const { envelope } of this.#pools.of(need).all) yield envelope
  }

  *openNeeds(): Iterable<string> {
    for (const [need] of this.#index.open()) yield need
  }

  leads(machine: number): boolean {
    return this.#started().groups.isLeader(machine)
  }

  leaderOf(machine: number): Did | undefined {
    return this.#parts?.groups.leader(machine)
  }

  /** Acts of governance: signs them with the node's key, and holds what others signed. */
  get acts(): Pick<ActDriver, 'sign' | 'held'> {
    return this.#started().acts
  }

  onNeed(listener: (need: string) => void): Unsubscribe {
    return this.#listeners.needs.add(listener)
  }

  onSlot(listener: (n: number) => void): Unsubscribe {
    return this.#listeners.slots.add(listener)
  }

  /** What became of each envelope that the hub decided about. */
  onHubVerdict(listener: (verdict: HubVerdict) => void): Unsubscribe {
    return this.#listeners.verdicts.add(listener)
  }

  submit(batch: Uint8Array, envelopes: readonly ReadBody[]): void {
    const read = decodeBatch(batch)
    if (!read.ok) throw new Error(`a batch of ours: ${read.error.message}`)
    const isForVoters = envelopes.some(({ body }) => !THREAD_ONLY.has(body.kind))
    if (isForVoters) this.#own.add(batch, envelopes)
    const forms = envelopesOf(read.value, this.#deps.crypto.sha256)
    const { hearing } = this.#started()
    for (const [at, envelope] of envelopes.entries()) hearing.take(envelope, forms[at] as SingleForm)
    this.#deps.spread(batch, envelopes)
    if (isForVoters) this.#started().mail.batch(batch)
  }

  /** A batch that was checked, by whichever way it came. */
  take(verified: VerifiedBatch): void {
    this.#started().hearing.takeBatch(verified)
  }

  /** An envelope as entries carry it. False, and nothing is taken, where it is not its sender's. */
  takeField(field: Pooled['field']): boolean {
    return this.#started().hearing.takeField(field)
  }

  /** What was said in a need and no entry has carried yet, as far as this node heard it. */
  news(need: string): readonly Pooled[] {
    return this.#index.bucketOf(need) === undefined ? [] : this.#pools.of(need).news
  }

  /** Whether this node has an envelope of a need, heard or carried; true where the need is not open, and nothing matters. */
  hasEnvelope(need: string, id: string): boolean {
    if (this.#index.placeOf(need) !== 'open' || this.#pools.of(need).has(id)) return true
    return isCarried(this.bucket(this.#index.bucketOf(need) as number), need, id)
  }

  /** A peer is connected again: a voter may not have heard what this node said in between. Others are told nothing by stream. */
  isBack(peer: Did): void {
    if (!this.#started().groups.voters.includes(peer)) return
    this.#own.hurry()
    this.#started().acts.sayTo(peer)
  }

  /** What a peer said by stream; nothing is heard any more after the stop. */
  hear(from: Did, bytes: Uint8Array): void {
    if (!this.#isOver) this.#started().hearing.hear(from, bytes)
  }

  /** Once the host's turn is over: whoever follows hears of it, and what can be proposed is. */
  #soon(): void {
    if (this.#isDue || this.#parts === undefined) return
    this.#isDue = true
    this.#deps.later(() => this.#digest())
  }

  #touch(need: string): void {
    this.#parts?.digest.dirty.add(need)
    this.#soon()
  }

  #digest(): void {
    this.#isDue = false
    if (this.#isOver) return
    const stepped = this.#stepped.splice(0)
    const { needs, digest, watch } = this.#started()
    for (const step of stepped) {
      digest.step(step)
      watch.applied(step)
      const proof = step.item.kind === 'received' ? step.item.proof : undefined
      if (proof !== undefined) this.#keeper.keepCertificate(proof.certificate)
    }
    if (!this.#deps.isWhole()) return
    if (digest.slotDue) this.#passSlot()
    for (const need of digest.dirty) {
      digest.dirty.delete(need)
      const bucket = this.#index.bucketOf(need)
      if (bucket !== undefined) needs.act(need, bucket)
    }
  }

  #passSlot(): void {
    const { slots, hub, acts, needs, groups, digest } = this.#started()
    digest.slotDue = false
    const { n } = this.slot()
    slots.advance()
    hub.passSlot(n)
    acts.passSlot()
    this.#listeners.slots.tell(n)
    const open = [...this.#index.open()]
    for (const bucket of new Set(open.map(([, where]) => where))) {
      const isLeader = groups.isLeader(bucket)
      if (isLeader && !this.#leading.has(bucket)) needs.begin(bucket)
      if (isLeader) this.#leading.add(bucket)
      else this.#leading.delete(bucket)
    }
    for (const [need, bucket] of open) if (!digest.dirty.has(need)) needs.pass(need, bucket)
  }

  #resend(): void {
    this.#cancelResend = this.#deps.clock.after(RESEND_MS, () => this.#resend())
    const isDone = (need: string, id: EnvelopeId): boolean => {
      const bucket = this.#index.bucketOf(need)
      return bucket !== undefined && isCarried(this.bucket(bucket), need, id)
    }
    for (const batch of this.#own.due(isDone)) this.#started().mail.batch(batch)
    // A leader that nobody heard of yet, and what was lost on the way: looked at again whatever happened.
    this.#started().slots.advance()
    this.#started().hub.act(this.#slots.last)
    if (this.#deps.isWhole()) this.#started().oversee()
  }

  #mailTo(voters: readonly Did[]): VoterMail {
    const { later, send, isConnected, clock } = this.#deps
    const sendSelf = (message: VoterMessage): void =>
      later(() => !this.#isOver && this.#started().hearing.heed(this.self, message))
    return new VoterMail({ self: this.self, voters, clock, isConnected, send, sendSelf })
  }

  #started(): HeartParts {
    if (this.#parts === undefined) throw new Error('the heart has not been started')
    return this.#parts
  }
}
