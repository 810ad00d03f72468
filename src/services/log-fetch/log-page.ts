import { equalBytes } from '../../codec/bytes.ts'
import type { Frontier } from '../../codec/certificate/frontier.ts'
import { decodeItemLeaf, type Subject } from '../../codec/certificate/leaf.ts'
import { HUB } from '../../codec/entry/item.ts'
import { type LogAnswer, slotOfTuple } from '../../codec/log-fetch/messages.ts'
import { verifyConsistency } from '../../codec/merkle/consistency.ts'
import { leafHash } from '../../codec/merkle/hash.ts'
import { decodeLogRecord } from '../../codec/network-log/log-record.ts'
import { isWhatItSays } from '../../core/certificate/certified-batch.ts'
import { LogTree } from '../../core/certificate/log-tree.ts'
import { slotSubject } from '../../core/records/history.ts'
import { type Rejection, reject } from '../../model/rejection.ts'
import { ok, type Result } from '../../model/result.ts'
import type { SlotFacts } from '../../model/slot-facts.ts'
import type { Sha256 } from '../../ports/crypto.ts'
import type { LogRecord } from '../../ports/network-log.ts'

/** Which tree is wanted whole: a size of a machine's log and its root, both verified by whoever asks. */
export interface WantedTree {
  /** `HUB`, or a bucket. */
  readonly machine: number
  readonly size: number
  /** RFC 6962: of a certificate that was checked, or of a replica's own state. */
  readonly root: Uint8Array
}

/** A leaf of a log; certificates are none. */
export type LeafRecord = Exclude<LogRecord, { readonly kind: 'certificate' }>

/** A piece of a machine's log that was checked. Bytes are views of one answer: what is kept is copied. */
export interface LogPage {
  /** Number of the first leaf. */
  readonly from: number
  readonly records: readonly LeafRecord[]
  /** Of the hub: facts of the slots that these leaves made. */
  readonly slots: readonly SlotFacts[]
  /** After the last record: where the next page begins. */
  readonly frontier: Frontier
}

/** Rejects MALFORMED and CONFLICT: what no honest peer answers. */
export function checkPage(
  { machine, size, root }: WantedTree,
  frontier: Frontier,
  { records: encoded, proof, slots }: Extract<LogAnswer, { kind: 'page' }>,
  sha256: Sha256,
): Result<LogPage, Rejection> {
  const tree = new LogTree(frontier, sha256)
  if (frontier.size + encoded.length > size)
    return reject('CONFLICT', 'more leaves than the tree has', 'records')
  const records: LeafRecord[] = []
  for (const bytes of encoded) {
    const record = readLeaf(bytes, sha256)
    if (!record.ok) return record
    tree.append(leafHash(record.value.leaf, sha256))
    records.push(record.value)
  }
  const isPart = verifyConsistency(tree.size, size, tree.root(), root, proof, sha256)
  if (!isPart) return reject('CONFLICT', 'records that are not those of the tree', 'proof')
  const facts = machine === HUB ? readSlots(records, slots.map(slotOfTuple), sha256) : ok([])
  if (!facts.ok) return facts
  return ok({ from: frontier.size, records, slots: facts.value, frontier: tree.frontier() })
}

/** A record that is what its leaf says. */
function readLeaf(bytes: Uint8Array, sha256: Sha256): Result<LeafRecord, Rejection> {
  const record = decodeLogRecord(bytes)
  if (!record.ok) return record
  const { value } = record
  if (value.kind === 'certificate') return reject('MALFORMED', 'a certificate is no leaf', 'records')
  return isWhatItSays(value, sha256)
    ? ok(value)
    : reject('CONFLICT', `not a leaf of ${value.kind}`, 'records')
}

/** The facts of each slot that the records made, in their order: no more and no fewer. */
function readSlots(
  records: readonly LeafRecord[],
  facts: readonly SlotFacts[],
  sha256: Sha256,
): Result<readonly SlotFacts[], Rejection> {
  const made = records.flatMap((record) => slotMadeBy(record) ?? [])
  const fits = made.length === facts.length && made.every((subject, at) => isOf(subject, facts[at], sha256))
  return fits ? ok(facts) : reject('CONFLICT', 'not the facts of the slots', 'slots')
}

/** What the leaf of an item of the hub says of the slot that it made; undefined for any other. */
export function slotMadeBy(record: LogRecord): Subject | undefined {
  if (record.kind !== 'item') return undefined
  const read = decodeItemLeaf(record.leaf)
  const subject = read.ok && read.value.applied ? read.value.subject : undefined
  return subject?.name.startsWith('slot/') === true ? subject : undefined
}

function isOf({ name, head }: Subject, facts: SlotFacts | undefined, sha256: Sha256): boolean {
  const subject = facts && slotSubject(facts, sha256)
  return subject !== undefined && subject.name === name && equalBytes(subject.head, head)
}
