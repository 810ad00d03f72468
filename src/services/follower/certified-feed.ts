import type { Certificate } from '../../codec/certificate/certificate.ts'
import type { Frontier } from '../../codec/certificate/frontier.ts'
import type { CertifiedBatch } from '../../codec/gossip/certified-batch.ts'
import { encodeGossip } from '../../codec/gossip/gossip-message.ts'
import { leafHash } from '../../codec/merkle/hash.ts'
import { LogTree } from '../../core/certificate/log-tree.ts'
import { machineOfGroup } from '../../core/witness/machine.ts'
import type { GroupId } from '../../model/raft.ts'
import type { Sha256 } from '../../ports/crypto.ts'
import { GOSSIP_BYTES_MAX, type Mesh } from '../../ports/mesh.ts'
import { type NetworkTopics, topicOfMachine } from '../gossip/topics.ts'
import type { LeafRecord } from '../log-fetch/log-page.ts'
import type { LeafNotice } from '../raft-host/host-core.ts'

export interface CertifiedFeedDeps {
  readonly mesh: Pick<Mesh, 'publish' | 'subscribers'>
  readonly topics: NetworkTopics
  readonly sha256: Sha256
  /** A group's tree as it is now; undefined where this node does not lead the group. */
  readonly leads: (group: GroupId) => Pick<LogTree, 'first' | 'frontier'> | undefined
  /** Runs a task once the present turn is over. */
  readonly later: (task: () => void) => void
}

/** What of a group is not told yet. */
interface Telling {
  /** Of all leaves up to now; paths and roots are of sizes from the first untold leaf on. */
  readonly tree: LogTree
  /** Leaves before the first of `leaves`. */
  from: number
  leaves: LeafRecord[]
  bytes: number
}

/** Of one group's untold leaves: what is longer is announced, and fetched by those who want it. */
const BATCH_BYTES_MAX = 262_144
/** Of one message, about. */
const MESSAGE_BYTES_TARGET = 524_288

/**
 * Tells those who are no voters what the groups that this node leads have applied, as soon as it is certified: all of a
 * turn in one message a topic. Where nobody listens it keeps and does nothing. Gossip is best effort: who misses
 * something fetches it. Source: network.md (everybody else gets the committed batch by gossip).
 */
export class CertifiedFeed {
  readonly #deps: CertifiedFeedDeps
  readonly #telling = new Map<GroupId, Telling>()
  #certificates = new Map<GroupId, Certificate>()
  #isListenedTo = false
  #isDue = false

  constructor(deps: CertifiedFeedDeps) {
    this.#deps = deps
  }

  /** Looks whether anybody listens: when peers come and go, and now and then. */
  look(): void {
    const { mesh, topics } = this.#deps
    this.#isListenedTo = [topics.system, topics.need].some((topic) => mesh.subscribers(topic).length > 0)
    if (!this.#isListenedTo) this.#telling.clear()
  }

  /** A leaf that this node applied. */
  onLeaf({ group, number, kind, leaf, item }: LeafNotice): void {
    if (!this.#isListenedTo) return
    const tree = this.#deps.leads(group)
    if (tree === undefined) {
      this.#telling.delete(group)
      return
    }
    const known = this.#telling.get(group)
    const isNext = known !== undefined && number <= known.tree.size
    // The tree has the leaf already, and may have forgotten what was before: what is told begins behind it then.
    const telling = isNext ? known : begin(tree.frontier(Math.max(number, tree.first)), this.#deps.sha256)
    this.#telling.set(group, telling)
    if (number === telling.tree.size) this.#add(telling, { kind, leaf, item })
  }

  /** The group that this node leads has a certificate. */
  onCertificate(certificate: Certificate): void {
    const { group, size } = certificate.head
    if (!isTold(this.#telling.get(group), size)) return
    this.#certificates.set(group, certificate)
    if (this.#isDue) return
    this.#isDue = true
    this.#deps.later(() => {
      this.#isDue = false
      this.#tell()
    })
  }

  #add(telling: Telling, { kind, leaf, item }: Pick<LeafNotice, 'kind' | 'leaf' | 'item'>): void {
    telling.tree.append(leafHash(leaf, this.#deps.sha256))
    telling.bytes += leaf.length + (item?.length ?? 0)
    if (telling.bytes > BATCH_BYTES_MAX) telling.leaves = []
    else if (kind === 'item' && item !== undefined)
      telling.leaves.push({ kind, item: item.slice(), leaf: leaf.slice() })
    else telling.leaves.push({ kind: kind === 'voters' ? 'voters' : 'passed', leaf: leaf.slice() })
  }

  #tell(): void {
    const messages = new Map<string, { batches: CertifiedBatch[]; bytes: number }>()
    for (const certificate of this.#certificates.values()) {
      const { group, size } = certificate.head
      const telling = this.#telling.get(group)
      // Since the certificate was completed, the last listener may have gone, or another node leads.
      if (!isTold(telling, size)) continue
      const topic = topicOfMachine(this.#deps.topics, machineOfGroup(group))
      const { batch, bytes } = this.#batchOf(telling, certificate)
      const message = messages.get(topic) ?? { batches: [], bytes: 0 }
      messages.set(topic, message)
      if (message.bytes + bytes > MESSAGE_BYTES_TARGET) this.#publish(topic, message.batches.splice(0))
      message.batches.push(batch)
      message.bytes = message.batches.length === 1 ? bytes : message.bytes + bytes
    }
    this.#certificates = new Map()
    for (const [topic, { batches }] of messages) this.#publish(topic, batches)
  }

  /** Certificates of many groups are long too, by as much as their voters are many: then it is two messages. */
  #publish(topic: string, batches: readonly CertifiedBatch[]): void {
    if (batches.length === 0) return
    const message = encodeGossip({ kind: 'certified', batches })
    if (message.length <= GOSSIP_BYTES_MAX) {
      this.#deps.mesh.publish(topic, message)
      return
    }
    const half = Math.ceil(batches.length / 2)
    if (half === batches.length) return
    this.#publish(topic, batches.slice(0, half))
    this.#publish(topic, batches.slice(half))
  }

  /** What is told of a group now; the next batch begins where it ends. */
  #batchOf(
    telling: Telling,
    certificate: Certificate,
  ): { readonly batch: CertifiedBatch; readonly bytes: number } {
    const { group, size } = certificate.head
    const { tree, from } = telling
    const { peaks } = tree.frontier(from)
    const isWhole = telling.bytes <= BATCH_BYTES_MAX
    const leaves = isWhole ? telling.leaves.splice(0, size - from) : []
    const records = leaves.some(({ kind }) => kind === 'voters') ? [] : leaves
    const bytes = isWhole ? telling.bytes : 0
    tree.forget(size)
    telling.from = size
    telling.bytes = telling.leaves.reduce((sum, leaf) => sum + lengthOf(leaf), 0)
    // Leaves behind the certified size were dropped with the others: it begins again with the next one.
    if (!isWhole && tree.size > size) this.#telling.delete(group)
    return { batch: { from, peaks, records, certificate }, bytes }
  }
}

/** Leaves up to this size are there to be told. */
function isTold(telling: Telling | undefined, size: number): telling is Telling {
  return telling !== undefined && telling.from < size && size <= telling.tree.size
}

function begin(frontier: Frontier, sha256: Sha256): Telling {
  return { tree: new LogTree(frontier, sha256), from: frontier.size, leaves: [], bytes: 0 }
}

function lengthOf(leaf: LeafRecord): number {
  return leaf.leaf.length + (leaf.kind === 'item' ? leaf.item.length : 0)
}
