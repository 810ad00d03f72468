import { type Certificate, encodeCertificate } from '../../codec/certificate/certificate.ts'
import { EMPTY_FRONTIER, type Frontier } from '../../codec/certificate/frontier.ts'
import { decodeItemLeaf } from '../../codec/certificate/leaf.ts'
import type { VoterLink } from '../../codec/certificate/voter-chain.ts'
import { decodeItem, type GroupItem } from '../../codec/entry/item.ts'
import { leafHash } from '../../codec/merkle/hash.ts'
import { decodeFollowedState, encodeFollowedState } from '../../codec/network-log/followed-state.ts'
import { LogTree } from '../../core/certificate/log-tree.ts'
import type { VoterChain } from '../../core/certificate/voter-chain.ts'
import { groupOfMachine, isLeafOf } from '../../core/witness/machine.ts'
import { DefectError, FaultError } from '../../model/fault.ts'
import type { GroupId, LogIndex } from '../../model/raft.ts'
import type { Sha256 } from '../../ports/crypto.ts'
import type { AppliedAt, MachineStep, StateMachine } from '../../ports/state-machine.ts'
import type { LeafRecord } from '../log-fetch/log-page.ts'
import type { LeafNotice } from '../raft-host/host-core.ts'

export interface FollowedGroupDeps {
  readonly id: GroupId
  readonly machine: StateMachine
  /** The group's voters as far as they are known. */
  readonly chain: VoterChain
  readonly sha256: Sha256
  readonly onLeaf: (notice: LeafNotice) => void
  readonly onCertificate: (certificate: Certificate) => void
  readonly onChange: (certificate: Certificate) => void
}

/** What waits for its turn: leaves that are known to be certified. */
interface Waiting {
  readonly leaf: LeafRecord
  /** Of the tree that ends with it; absent where that of a later one stands for it. */
  readonly certificate: Certificate | undefined
}

/** Leaves that wait in one group, at most: what is beyond is fetched when there is room. */
const WAITING_MAX = 16_384
const WAITING_BYTES_MAX = 33_554_432

/**
 * One group on a node that takes no part in it: leaves that its voters certified, applied in order by the machine that
 * they use themselves. What the machine makes of an item must be what the leaf says; anything else is a defect.
 */
export class FollowedGroup {
  readonly id: GroupId
  /** Its voters as far as they were proved. */
  chain: VoterChain
  /** Of the last tree that was applied whole. */
  certificate: Certificate | undefined
  /** What proves the chain. */
  readonly links: VoterLink[] = []
  readonly #deps: FollowedGroupDeps
  #state: unknown
  /** Of all leaves that were taken, those that wait too. */
  #tree: LogTree
  /** Leaves that were applied. */
  #position = 0
  readonly #waiting: Waiting[] = []
  /** Certificates of changes of voters, by the size that each ends. */
  readonly #links = new Map<number, Certificate>()
  #waitingBytes = 0

  constructor(deps: FollowedGroupDeps) {
    this.#deps = deps
    this.id = deps.id
    this.chain = deps.chain
    this.#state = deps.machine.empty(deps.id)
    this.#tree = new LogTree(EMPTY_FRONTIER, deps.sha256)
  }

  get state(): unknown {
    return this.#state
  }

  get position(): number {
    return this.#position
  }

  /** Leaves that were taken: the next one that is of use. */
  get size(): number {
    return this.#tree.size
  }

  get frontier(): Frontier {
    return this.#tree.frontier()
  }

  get hasRoom(): boolean {
    return this.#waiting.length < WAITING_MAX && this.#waitingBytes < WAITING_BYTES_MAX
  }

  /** The state as it was stored. Faults `store-damaged`. */
  restore(encoded: Uint8Array): void {
    const read = decodeFollowedState(encoded)
    if (!read.ok)
      throw new FaultError('store-damaged', `the state of group ${this.id}: ${read.error.message}`)
    const { frontier, state } = read.value
    const decoded = this.#deps.machine.decode(this.id, state, true)
    if (!decoded.ok)
      throw new FaultError('store-damaged', `the state of group ${this.id}: ${decoded.error.message}`)
    this.#state = decoded.value
    this.#tree = new LogTree(frontier, this.#deps.sha256)
    this.#position = frontier.size
  }

  /** For `restore`: what was applied up to now. Older parts of the tree are forgotten. */
  save(): Uint8Array {
    const { machine } = this.#deps
    const frontier = this.#tree.frontier(this.#position)
    this.#tree.forget(this.#position)
    return encodeFollowedState({ frontier, state: machine.encode(this.#state) })
  }

  /** The group's voters as they were proved; of a change, the certificate is kept with its leaf. */
  learn(chain: VoterChain, links: readonly VoterLink[]): void {
    if (chain.configs.length > this.chain.configs.length) this.chain = chain
    const last = this.links.at(-1)?.config.version ?? 0
    for (const link of links) {
      if (link.config.version > last) this.links.push(link)
      this.#links.set(link.certificate.head.size, link.certificate)
    }
  }

  /** The next leaves, which are known to be certified; bytes are copied. */
  take(leaves: readonly LeafRecord[], certificate: Certificate | undefined): void {
    for (const [n, one] of leaves.entries()) {
      const leaf = copied(one)
      this.#tree.append(leafHash(leaf.leaf, this.#deps.sha256))
      this.#waiting.push({ leaf, certificate: n === leaves.length - 1 ? certificate : undefined })
      this.#waitingBytes += bytesOf(leaf)
    }
  }

  /** Applies what can be until the budget is over. False: nothing could be, for now. */
  apply(isOver: () => boolean): boolean {
    let at = 0
    for (; at < this.#waiting.length && !isOver(); at++) {
      const { leaf, certificate } = this.#waiting[at] as Waiting
      if (!this.#applyLeaf(leaf)) break
      this.#waitingBytes -= bytesOf(leaf)
      if (certificate !== undefined) this.#certified(certificate)
    }
    this.#waiting.splice(0, at)
    return at > 0
  }

  #certified(certificate: Certificate): void {
    this.certificate = certificate
    this.#deps.onCertificate(certificate)
  }

  /** False: it waits for what another group has not applied yet. */
  #applyLeaf(leaf: LeafRecord): boolean {
    if (leaf.kind === 'item' && !this.#applyItem(leaf.item, leaf.leaf)) return false
    const item = leaf.kind === 'item' ? leaf.item : undefined
    const number = this.#position++
    this.#deps.onLeaf({ group: this.id, number, kind: leaf.kind, leaf: leaf.leaf, item })
    const link = this.#links.get(number + 1)
    if (link !== undefined) this.#deps.onChange(link)
    this.#links.delete(number + 1)
    return true
  }

  #applyItem(encoded: Uint8Array, leaf: Uint8Array): boolean {
    const { machine, sha256 } = this.#deps
    const [item, read] = [decodeItem(encoded), decodeItemLeaf(leaf)]
    if (!item.ok || !read.ok) throw this.#defect('an item that cannot be read was certified')
    const body = item.value.kind === 'command' ? item.value.command : item.value.body
    const kind = item.value.kind === 'command' ? 'command' : 'effect'
    if (machine.isReady?.(this.#state, body, kind) === false) return false
    const step = this.#step(item.value)
    // Refused or said twice: nothing of it was written, and its proposer learns why.
    if (!read.value.applied) return true
    const effects = step.effects.map(({ target, body: sent }) => ({ group: target, hash: sha256(sent) }))
    const { subject } = step
    // A page or batch was checked: the item is the leaf's.
    const { item: itemHash } = read.value
    const made = { item: itemHash, applied: step.verdict.kind === 'applied', effects, subject }
    if (!isLeafOf(leaf, read.value, made)) {
      const why =
        step.verdict.kind === 'rejected' ? `${step.verdict.code}: ${step.verdict.message}` : 'another leaf'
      throw this.#defect(`the rules make ${why} of it`)
    }
    machine.write(this.#state, step.writes)
    return true
  }

  #step(item: GroupItem): MachineStep<unknown> {
    const { machine } = this.#deps
    const position = this.#position
    const term = this.chain.configs.findLast(({ from }) => from <= position + 1) ?? this.chain.configs[0]
    const { voters } = term.config
    const at: AppliedAt = { index: position as LogIndex, position, generation: 0, voters }
    if (item.kind === 'command') return machine.step(this.#state, item.command, at)
    const { source, n, body, proof } = item
    const proven = proof && {
      leaf: proof.leaf,
      position: proof.index,
      path: proof.path,
      certificate: encodeCertificate(proof.certificate),
    }
    return machine.effect(this.#state, body, {
      ...at,
      source: groupOfMachine(source),
      number: n,
      proof: proven,
    })
  }

  #defect(why: string): DefectError {
    return new DefectError(`leaf ${this.#position} of group ${this.id}: ${why}`)
  }
}

function copied(leaf: LeafRecord): LeafRecord {
  const kept = leaf.leaf.slice()
  return leaf.kind === 'item'
    ? { kind: 'item', item: leaf.item.slice(), leaf: kept }
    : { kind: leaf.kind, leaf: kept }
}

function bytesOf(leaf: LeafRecord): number {
  return leaf.leaf.length + (leaf.kind === 'item' ? leaf.item.length : 0) + 128
}
