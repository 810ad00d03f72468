import { AutomergeDocuments } from '../../src/adapters/automerge/documents.ts'
import { nodeCrypto } from '../../src/adapters/crypto/node-crypto.ts'
import { systemClock } from '../../src/adapters/system/clock.ts'
import { cidOf, envelopeIdOf } from '../../src/codec/cid.ts'
import { didOfKey } from '../../src/codec/did/did-key.ts'
import type { PlanOperation } from '../../src/codec/payload/plan-patch.ts'
import { opsOf, type PlanOp } from '../../src/core/plan/operation.ts'
import { FaultError } from '../../src/model/fault.ts'
import type { Did, EnvelopeId, Lamport, SecretKey, ThreadId } from '../../src/model/ids.ts'
import type { Clock } from '../../src/ports/clock.ts'
import type { PlanDocuments } from '../../src/ports/plan-documents.ts'
import { PlanBook } from '../../src/services/plan-sync/plan-book.ts'
import { PlanSync } from '../../src/services/plan-sync/plan-sync.ts'

type Handler = (from: Did, body: Uint8Array) => Promise<Uint8Array> | Uint8Array

export const personOf = (name: string): Did =>
  didOfKey(nodeCrypto.publicKeyOf(nodeCrypto.sha256(Buffer.from(name)) as SecretKey))

export const threadOf = (name: string): ThreadId => name.padEnd(32, 'a') as ThreadId

/** A patch as its verified envelope gives it; the same words are the same envelope. */
export function patch(
  thread: ThreadId,
  actor: Did,
  lamport: number,
  ops: readonly PlanOperation[],
): readonly PlanOp[] {
  const said = Buffer.from(JSON.stringify([thread, actor, lamport, ops]))
  const envelope = envelopeIdOf(cidOf(nodeCrypto.sha256(said), nodeCrypto.sha256))
  return opsOf({ ops: [...ops], base_lamport: 0 }, { thread, actor, lamport: lamport as Lamport, envelope })
}

export const addTask = (task: string, label = task): PlanOperation => ({
  op_id: `add-${task}`,
  op_type: 'ADD_TASK',
  task_id: task,
  payload: { label },
})

export interface PlanNode {
  readonly did: Did
  readonly book: PlanBook
  readonly sync: PlanSync
  readonly documents: PlanDocuments
  readonly blames: string[]
  /** Faults of syncs that ended early. */
  readonly faults: string[]
  /** Envelopes that were fetched, each time. */
  readonly fetched: EnvelopeId[]
}

/** Nodes whose requests reach each other at once; who is parted hears nothing. */
export class PlanNet {
  readonly #handlers = new Map<Did, Handler>()
  readonly #nodes: PlanNode[] = []
  /** All envelopes that any verifier accepts: what was made by `write`. */
  readonly #lawful = new Map<EnvelopeId, readonly PlanOp[]>()
  readonly #parted = new Set<Did>()

  open(name: string, clock: Clock = systemClock): PlanNode {
    const did = personOf(name)
    const book = new PlanBook(nodeCrypto.sha256)
    const documents = new AutomergeDocuments({ clock: systemClock })
    const notes = { blames: [] as string[], faults: [] as string[], fetched: [] as EnvelopeId[] }
    const sync = PlanSync.open({
      net: 'test',
      mesh: {
        handleRequest: (_protocol, _limits, handler) => void this.#handlers.set(did, handler),
        isConnected: (peer) => !this.#parted.has(peer) && !this.#parted.has(did),
        onPeer: () => undefined,
        peers: () => [],
        penalise: (peer, _points, why) => void notes.blames.push(`${peer} ${why}`),
        request: (peer, _protocol, body) => this.request(did, peer, body),
      },
      documents,
      book,
      fetchEnvelopes: async (_from, _thread, ids) => {
        notes.fetched.push(...ids)
        for (const id of ids) book.add(this.#lawful.get(id) ?? [])
      },
      clock,
      onFault: ({ message }) => void notes.faults.push(message),
    })
    const node = { did, book, sync, documents, ...notes }
    this.#nodes.push(node)
    return node
  }

  /** The node writes an envelope with a patch, which others hear of by sync alone. */
  write(node: PlanNode, ops: readonly PlanOp[]): void {
    const [first] = ops
    if (first !== undefined) this.#lawful.set(first.envelope, ops)
    node.book.add(ops)
  }

  /** Makes an envelope lawful that nobody has. */
  allow(ops: readonly PlanOp[]): void {
    const [first] = ops
    if (first !== undefined) this.#lawful.set(first.envelope, ops)
  }

  part(node: PlanNode): void {
    this.#parted.add(node.did)
  }

  async request(from: Did, to: Did, body: Uint8Array): Promise<Uint8Array> {
    const handler = this.#handlers.get(to)
    if (handler === undefined || this.#parted.has(to) || this.#parted.has(from))
      throw new FaultError('peer-unreachable', 'nobody there')
    return await handler(from, body)
  }

  /** What a node answers. */
  handlerOf(did: Did): Handler {
    const handler = this.#handlers.get(did)
    if (handler === undefined) throw new Error('no such node')
    return handler
  }

  /** Answers in place of a node. */
  answerAs(did: Did, handler: Handler): void {
    this.#handlers.set(did, handler)
  }

  async close(): Promise<void> {
    for (const { sync, documents } of this.#nodes) {
      await sync.close()
      await documents.close()
    }
  }
}
