import type { Certificate } from '../../codec/certificate/certificate.ts'
import type { VoterLink } from '../../codec/certificate/voter-chain.ts'
import type { CertifiedBatch } from '../../codec/gossip/certified-batch.ts'
import { verifyCertifiedBatch } from '../../core/certificate/certified-batch.ts'
import type { CertificateContext } from '../../core/certificate/verify-certificate.ts'
import { latestConfig, type VoterChain } from '../../core/certificate/voter-chain.ts'
import { machineOfGroup } from '../../core/witness/machine.ts'
import type { ConfigVersion } from '../../model/certified.ts'
import type { GroupId } from '../../model/raft.ts'
import type { Rejection } from '../../model/rejection.ts'
import type { Outcome, Ticket } from '../../model/replicated.ts'
import { err, ok, type Result } from '../../model/result.ts'
import type { LogSource } from '../../ports/network-log.ts'
import type { StateMachine } from '../../ports/state-machine.ts'
import type { StateStore } from '../../ports/state-store.ts'
import type { GroupHost, GroupSight } from '../heart/group-host.ts'
import type { LeafRecord } from '../log-fetch/log-page.ts'
import type { LeafNotice } from '../raft-host/host-core.ts'
import { FollowedGroup } from './followed-group.ts'

export interface FollowerHostDeps {
  /** The hub's first: buckets wait for its slots. */
  readonly groups: readonly GroupId[]
  readonly machineOf: (group: GroupId) => StateMachine
  /** A group's voters in genesis. */
  readonly firstChain: (group: GroupId) => VoterChain
  readonly context: CertificateContext
  readonly archive: Pick<LogSource, 'records'>
  readonly states: StateStore
  /** Every leaf, in order; after a restart those behind the stored state come again. */
  readonly onLeaf: (notice: LeafNotice) => void
  /** The tree that ends with the last leaf is certified. */
  readonly onCertificate: (certificate: Certificate) => void
  /** Of a change of voters, as an entry recorded it. */
  readonly onChange: (certificate: Certificate) => void
  /** What was kept of leaves is made durable: the state that is stored next stands behind them. */
  readonly beforeStore: () => void
  /** Runs a task once others had their turn. */
  readonly later: (task: () => void) => void
  /** Milliseconds of a monotonic clock: bounds what is applied at once. */
  readonly nowMs: () => number
  /** A defect, or a disk that does not do what it must: what is stored is right, and the process must end. */
  readonly onFault: (fault: unknown) => void
}

/**
 * What became of a certified batch. `gap`: leaves before it are missing here; `full`: too much waits; `unproved`: its voters
 * are not known here yet, so nothing can be said of it.
 */
export type Taken = 'new' | 'known' | 'gap' | 'full' | 'unproved'

/** Applied at once, about. */
const SLICE_MS = 8
/** Leaves of a group after which its state is stored. */
const STORE_LEAVES = 2_048
/** Each at most one gossip message long, and most are a thousandth of that. */
const AHEAD_MAX = 32
const NO_GROUP = err<Rejection>({ code: 'CONFLICT', message: 'no group of this network' })
const NOT_HOSTED: Outcome = { kind: 'refused', why: 'unknown-group', detail: 'this node is no voter' }

/**
 * The groups of a network on a node that is no voter of them: their states follow from the leaves that the voters
 * certified, whoever brought them. What is taken was verified first; a restart goes on from the stored states and the
 * node's own logs. Source: consensus.md, "Membership" (certified batches from any peer); lifecycle.md.
 */
export class FollowerHost implements GroupHost {
  readonly #deps: FollowerHostDeps
  readonly #groups: ReadonlyMap<GroupId, FollowedGroup>
  readonly #storedAt = new Map<GroupId, number>()
  /** Judged batches of which earlier leaves are missing. */
  #ahead: CertifiedBatch[] = []
  #isDue = false
  #isOver = false

  private constructor(deps: FollowerHostDeps) {
    this.#deps = deps
    const { machineOf, firstChain, context, onLeaf, onCertificate, onChange } = deps
    this.#groups = new Map(
      deps.groups.map((id) => {
        const parts = { id, machine: machineOf(id), chain: firstChain(id), sha256: context.sha256 }
        return [id, new FollowedGroup({ ...parts, onLeaf, onCertificate, onChange })]
      }),
    )
  }

  /** With what was stored before. Faults `store-io`, `store-damaged`. */
  static open(deps: FollowerHostDeps): FollowerHost {
    const host = new FollowerHost(deps)
    for (const group of host.#groups.values()) host.#restore(group)
    host.#applyAll(() => false)
    return host
  }

  /** Stores all states. May be called twice. */
  stop(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#deps.beforeStore()
    for (const group of this.#groups.values()) this.#store(group)
  }

  /** What is known of a group's log: leaves that were taken, and its voters. */
  followed(
    group: GroupId,
  ): Pick<FollowedGroup, 'size' | 'position' | 'frontier' | 'chain' | 'hasRoom'> | undefined {
    return this.#groups.get(group)
  }

  /**
   * A batch from anybody. Rejects as `verifyCertifiedBatch`, also for a group that there is not: what no honest node
   * forwards. Of what is `gap` or `full` signatures and leaves were judged too.
   */
  take(batch: CertifiedBatch): Result<Taken, Rejection> {
    const group = this.#groups.get(batch.certificate.head.group)
    if (group === undefined) return NO_GROUP
    const { size, config } = batch.certificate.head
    if (config > latestConfig(group.chain).version) return ok('unproved')
    if (size <= group.size) return ok('known')
    const head = verifyCertifiedBatch(batch, group.chain, this.#deps.context)
    if (!head.ok) return head
    if (batch.records.length === 0 || batch.from > group.size) {
      this.#keepAhead(batch)
      return ok('gap')
    }
    if (!group.hasRoom) return ok('full')
    this.#takeBatch(group, batch)
    this.#soon()
    return ok('new')
  }

  /** Whether a batch is true of which nothing is needed here: what is `known` was not judged. Rejects as `take`. */
  judge(batch: CertifiedBatch): Result<unknown, Rejection> {
    const group = this.#groups.get(batch.certificate.head.group)
    return group === undefined ? NO_GROUP : verifyCertifiedBatch(batch, group.chain, this.#deps.context)
  }

  /** Leaves that were checked, from number `from` on; those that are here already are passed over. False: a gap. */
  takeLeaves(
    id: GroupId,
    from: number,
    leaves: readonly LeafRecord[],
    certificate: Certificate | undefined,
  ): boolean {
    const group = this.#groups.get(id)
    if (group === undefined || from > group.size) return false
    group.take(leaves.slice(group.size - from), certificate)
    this.#goOn(group)
    this.#soon()
    return true
  }

  /** A group's voters as a certificate proved them. */
  learn(id: GroupId, chain: VoterChain, links: readonly VoterLink[]): void {
    this.#groups.get(id)?.learn(chain, links)
  }

  /** Changes of a group's voters behind a config, as they were proved since this node started. */
  linksAfter(id: GroupId, after: ConfigVersion): readonly VoterLink[] {
    return this.#groups.get(id)?.links.filter(({ config }) => config.version > after) ?? []
  }

  group(id: GroupId): GroupSight | undefined {
    const replica = this.#groups.get(id)
    return replica && { role: 'follower', leader: undefined, replica }
  }

  certificate(id: GroupId): Certificate | undefined {
    return this.#groups.get(id)?.certificate
  }

  readStale(id: GroupId): { readonly state: unknown } | undefined {
    return this.#groups.get(id)
  }

  ticket(id: GroupId, key: Uint8Array): Ticket {
    return { born: this.#groups.get(id)?.position ?? 0, key }
  }

  propose(
    _id: GroupId,
    _ticket: Ticket,
    _body: Uint8Array,
    _ticks: number,
    done: (outcome: Outcome) => void,
  ): void {
    done(NOT_HOSTED)
  }

  /** The stored state, then what this node's own log has beyond it. */
  #restore(group: FollowedGroup): void {
    const stored = this.#deps.states.load(group.id)
    if (stored !== undefined) group.restore(stored)
    this.#storedAt.set(group.id, group.position)
    let number = 0
    for (const record of this.#deps.archive.records(machineOfGroup(group.id))) {
      if (record.kind === 'certificate') continue
      if (number++ >= group.size) group.take([record], undefined)
    }
  }

  #takeBatch(group: FollowedGroup, batch: CertifiedBatch): void {
    group.take(batch.records.slice(group.size - batch.from) as readonly LeafRecord[], batch.certificate)
    this.#goOn(group)
  }

  /** What came while leaves before it were being fetched; bounded, the oldest goes. */
  #keepAhead(batch: CertifiedBatch): void {
    if (batch.records.length === 0) return
    this.#ahead.push(batch)
    if (this.#ahead.length > AHEAD_MAX) this.#ahead.shift()
  }

  /** Takes what follows now from among what was ahead. */
  #goOn(group: FollowedGroup): void {
    const ofGroup = this.#ahead.filter(({ certificate: { head } }) => head.group === group.id)
    const next = ofGroup.find(
      ({ from, certificate }) => from <= group.size && group.size < certificate.head.size,
    )
    this.#ahead = this.#ahead.filter(
      ({ certificate: { head } }) => head.group !== group.id || head.size > group.size,
    )
    if (next !== undefined && group.hasRoom) this.#takeBatch(group, next)
  }

  #soon(): void {
    if (this.#isDue || this.#isOver) return
    this.#isDue = true
    this.#deps.later(() => this.#turn())
  }

  #turn(): void {
    this.#isDue = false
    if (this.#isOver) return
    const until = this.#deps.nowMs() + SLICE_MS
    try {
      if (this.#applyAll(() => this.#deps.nowMs() > until)) this.#soon()
      for (const group of this.#groups.values()) {
        if (group.position - (this.#storedAt.get(group.id) ?? 0) < STORE_LEAVES) continue
        this.#deps.beforeStore()
        this.#store(group)
      }
    } catch (fault) {
      this.#isOver = true
      this.#deps.onFault(fault)
    }
  }

  /** The hub goes first, and again after the buckets: true while anything could be applied. */
  #applyAll(isOver: () => boolean): boolean {
    let isMoving = false
    for (const group of this.#groups.values()) isMoving = group.apply(isOver) || isMoving
    return isMoving
  }

  #store(group: FollowedGroup): void {
    this.#deps.states.save(group.id, group.save())
    this.#storedAt.set(group.id, group.position)
  }
}
