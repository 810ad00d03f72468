import { createHash } from 'node:crypto'
import * as Automerge from '@automerge/automerge/slim'
import { decodeDagCbor } from '../../codec/dag-cbor/decode.ts'
import { encodeDagJson } from '../../codec/dag-json/encode.ts'
import { keyOfDid } from '../../codec/did/did-key.ts'
import { type Ipld, isMap } from '../../codec/ipld.ts'
import type { Did } from '../../model/ids.ts'
import type { DocumentChange, DocumentOp } from '../../ports/plan-documents.ts'

type Text = Automerge.ImmutableString

/**
 * A plan as a document. Only `ops` counts, and only what envelopes vouch for; the rest is for whoever looks at it: tasks by
 * their ids, edges by kind and `from to`, annotations by `task key`.
 */
export interface PlanDocument {
  tasks: Record<string, Record<string, Text>>
  edges: Record<'REQUIRES' | 'PRODUCES' | 'LINK', Record<string, boolean>>
  annotations: Record<string, Record<string, Text | number>>
  ops: Record<string, Text | number | Uint8Array>[]
}

export type PlanDoc = Automerge.Doc<PlanDocument>

/** The change from which all others of a thread follow; nobody's. */
export const GENESIS_MESSAGE = 'genesis'
const GENESIS_ACTOR = 'canswarm/plan-genesis/1'
const ACTOR = 'canswarm/plan-actor/1'

/** An empty plan: the same bytes on every node. The caller frees it. */
export function genesisDoc(thread: string): PlanDoc {
  const empty = Automerge.init<PlanDocument>({ actor: sha256Hex(GENESIS_ACTOR, thread) })
  return Automerge.change(empty, { time: 0, message: GENESIS_MESSAGE }, (doc) => {
    doc.tasks = {}
    doc.edges = { REQUIRES: {}, PRODUCES: {}, LINK: {} }
    doc.annotations = {}
    doc.ops = []
  })
}

/**
 * The change that an envelope makes, upon the empty plan alone: it follows from the envelope, so that every node makes the
 * same one, whatever else it knows. Its actor is the hash of the author's key and of the envelope, its only change number 1:
 * whoever takes an actor that is not its own makes other bytes than these.
 */
export function changeBytes(genesis: PlanDoc, change: DocumentChange): Uint8Array {
  const actor = actorOf(change.actor, change.envelope)
  const own = Automerge.clone(genesis, { actor })
  const changed = Automerge.change(own, { time: 0, message: change.envelope }, (doc) => {
    for (const op of change.ops) put(doc, change, op)
  })
  const bytes = Automerge.getLastLocalChange(changed)
  Automerge.free(changed)
  return bytes ?? new Uint8Array()
}

/** 64 hex digits. */
export function actorOf(author: Did, envelope: string): string {
  const key = keyOfDid(author)
  return sha256Hex(ACTOR, key.ok ? key.value : author, envelope)
}

function put(doc: PlanDocument, { envelope, actor, lamport }: DocumentChange, op: DocumentOp): void {
  const { opId, opType, taskId, payload } = op
  const record = { op_id: text(opId), op_type: text(opType), task_id: text(taskId), actor: text(actor) }
  doc.ops.push({ ...record, lamport, envelope: text(envelope), payload })
  const decoded = decodeDagCbor(payload)
  const said = decoded.ok && isMap(decoded.value) ? decoded.value : {}
  switch (opType) {
    case 'ADD_TASK':
      doc.tasks[taskId] = Object.fromEntries(
        Object.entries(said).map(([key, value]) => [key, text(textOf(value))]),
      )
      return
    case 'REQUIRES':
      doc.edges.REQUIRES[`${taskId} ${textOf(said['requires'])}`] = true
      return
    case 'PRODUCES':
      doc.edges.PRODUCES[`${taskId} ${textOf(said['produces'])}`] = true
      return
    case 'LINK':
      doc.edges.LINK[`${taskId} ${textOf(said['relation'])} ${textOf(said['to'])}`] = true
      return
    case 'ANNOTATE':
      doc.annotations[`${taskId} ${textOf(said['key'])}`] = { value: text(textOf(said['value'])), lamport }
      return
    default:
      return
  }
}

/** A text that is replaced as a whole: others cost an operation a character. */
function text(value: string): Text {
  return new Automerge.ImmutableString(value)
}

function textOf(value: Ipld | undefined): string {
  if (typeof value === 'string') return value
  return value === undefined ? '' : encodeDagJson(value)
}

function sha256Hex(...parts: readonly (string | Uint8Array)[]): string {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part).update('\0')
  return hash.digest('hex')
}
