/** Which items of stored logs are those of a thread. Source: record.md, "History and export". */

import type { Certificate } from '../../codec/certificate/certificate.ts'
import { type CID, cidOf, envelopeIdOf, CID as Link } from '../../codec/cid.ts'
import { decodeDagCbor } from '../../codec/dag-cbor/decode.ts'
import { type BucketCommand, decodeBucketCommand } from '../../codec/entry/bucket-command.ts'
import { decodeToBucket, type ToBucket } from '../../codec/entry/effect.ts'
import { decodeHubCommand } from '../../codec/entry/hub-command.ts'
import { HUB } from '../../codec/entry/item.ts'
import { type Ipld, isList, isMap } from '../../codec/ipld.ts'
import { moduleOfCapability } from '../../codec/job/wasm-capability.ts'
import type { Sha256 } from '../../ports/crypto.ts'
import type { LogSource } from '../../ports/network-log.ts'
import { type StoredItem, StoredLog } from './stored-log.ts'

/** A need's history in the log of its bucket. */
export interface NeedHistory {
  readonly id: string
  readonly bucket: number
  /** Leaves of its items, in order. */
  readonly leaves: number[]
}

/** What a bucket's item is, read. */
export type BucketItem =
  | { readonly kind: 'command'; readonly command: BucketCommand }
  | {
      readonly kind: 'received'
      readonly effect: ToBucket
      readonly n: number
      readonly certificate: Certificate | undefined
    }

/** All logs, and where each need is. */
export class LogIndex {
  readonly hub: StoredLog
  readonly buckets = new Map<number, StoredLog>()
  /** By the text of the id. */
  readonly needs = new Map<string, NeedHistory>()
  /** Items that concern a whole bucket, by bucket: leaves in order. */
  readonly wide = new Map<number, number[]>()
  readonly #threads = new Map<string, string[]>()
  readonly #sha256: Sha256

  /** Reads all leaves: about a hundred bytes of memory an item. Faults `store-damaged`, `store-io`. */
  constructor(source: LogSource, sha256: Sha256) {
    this.#sha256 = sha256
    this.hub = new StoredLog(source, HUB, sha256)
    for (const machine of source.machines()) if (machine !== HUB) this.#indexBucket(source, machine)
  }

  /** Needs of the thread, and those that their COMMITs name, and so on; by bucket, then by place. */
  needsOf(thread: string): readonly NeedHistory[] {
    const found = new Map<string, NeedHistory>()
    const open = [...(this.#threads.get(thread) ?? [])]
    for (let id = open.pop(); id !== undefined; id = open.pop()) {
      const need = this.needs.get(id)
      if (need === undefined || found.has(id)) continue
      found.set(id, need)
      open.push(...this.#subNeeds(need))
    }
    return [...found.values()].sort((a, b) => a.bucket - b.bucket || (a.leaves[0] ?? 0) - (b.leaves[0] ?? 0))
  }

  /** Leaves of items that concern a whole bucket, between the first and the last item of these needs of it. */
  wideOf(bucket: number, needs: readonly NeedHistory[]): readonly number[] {
    const leaves = needs.flatMap((need) => (need.bucket === bucket ? need.leaves : []))
    const first = leaves.reduce((least, at) => Math.min(least, at), Number.POSITIVE_INFINITY)
    const last = leaves.reduce((most, at) => Math.max(most, at), -1)
    return this.wide.get(bucket)?.filter((at) => at > first && at < last) ?? []
  }

  log(bucket: number): StoredLog {
    return this.buckets.get(bucket) as StoredLog
  }

  /** Faults `store-damaged`. */
  bucketItem(log: StoredLog, stored: StoredItem): BucketItem {
    const item = log.decoded(stored)
    if (item.kind === 'command') {
      return { kind: 'command', command: log.sound(decodeBucketCommand(item.command), stored.at) }
    }
    const effect = log.sound(decodeToBucket(item.body), stored.at)
    return { kind: 'received', effect, n: item.n, certificate: item.proof?.certificate }
  }

  #indexBucket(source: LogSource, bucket: number): void {
    const log = new StoredLog(source, bucket, this.#sha256)
    this.buckets.set(bucket, log)
    const wide: number[] = []
    this.wide.set(bucket, wide)
    for (const stored of log.items()) {
      if (!stored.read.applied) continue
      const name = stored.read.subject?.name
      if (name !== undefined) this.#indexItem(log, stored, name)
      else if (this.#isWide(log, stored)) wide.push(stored.at)
    }
  }

  #isWide(log: StoredLog, stored: StoredItem): boolean {
    const item = this.bucketItem(log, stored)
    const kind = item.kind === 'command' ? item.command.kind : item.effect.kind
    return kind === 'fence' || kind === 'lead'
  }

  #indexItem(log: StoredLog, stored: StoredItem, id: string): void {
    const known = this.needs.get(id)
    if (known !== undefined) {
      known.leaves.push(stored.at)
      return
    }
    this.needs.set(id, { id, bucket: log.machine, leaves: [stored.at] })
    const item = this.bucketItem(log, stored)
    if (item.kind !== 'received' || item.effect.kind !== 'open') return
    const thread = threadOfField(item.effect.envelope)
    if (thread !== undefined) this.#threads.set(thread, [...(this.#threads.get(thread) ?? []), id])
  }

  #subNeeds({ bucket, leaves }: NeedHistory): readonly string[] {
    const log = this.log(bucket)
    return leaves.flatMap((at) => {
      const item = this.bucketItem(log, log.item(at) as StoredItem)
      if (item.kind !== 'command' || item.command.kind !== 'commit') return []
      const subNeeds = payloadOf(item.command.envelope)?.['sub_needs']
      return subNeeds !== undefined && isList(subNeeds)
        ? subNeeds.flatMap((link) => (link instanceof Link ? [envelopeIdOf(link)] : []))
        : []
    })
  }
}

/** The hub's part of a thread. */
export interface HubPart {
  /** The newest that items of the needs carry; undefined in a network that asks for none. */
  readonly certificate: Certificate | undefined
  /** Leaves, ascending. */
  readonly leaves: readonly number[]
  /** NEEDs of the thread that were escrowed, opened in a bucket or not. */
  readonly posted: readonly string[]
}

/**
 * The hub's items that a thread's needs rest on: the NEEDs as they were escrowed, what sent them effects, what became of
 * theirs, and these slots.
 */
export function chooseHubPart(
  index: LogIndex,
  needs: readonly NeedHistory[],
  thread: string,
  slots: ReadonlySet<number>,
  finished: boolean,
  sha256: Sha256,
): HubPart {
  const wanted = wantedOf(index, needs)
  const ids = new Set(needs.map(({ id }) => id))
  const leaves: number[] = []
  const posted: string[] = []
  for (const stored of index.hub.items()) {
    if (!stored.read.applied) continue
    const slot = slotOf(stored)
    const need = slot === undefined ? postedBy(index.hub, stored, thread, ids, sha256) : undefined
    if (need !== undefined) posted.push(need)
    const isSlot = slot !== undefined && slots.has(slot)
    const isTheirs =
      slot === undefined &&
      (need !== undefined || isTaken(index.hub, stored, wanted) || takesBack(index.hub, stored, posted))
    if (isSlot || isTheirs || sendsOne(stored, wanted)) leaves.push(stored.at)
  }
  const certificate = largerOf(wanted.certificate, finished ? undefined : index.hub.newest())
  const size = certificate?.head.size ?? index.hub.provedSize
  return { certificate, leaves: leaves.filter((at) => at < size), posted }
}

function largerOf(a: Certificate | undefined, b: Certificate | undefined): Certificate | undefined {
  return (a?.head.size ?? 0) >= (b?.head.size ?? 0) ? a : b
}

/** The slot that an item of the hub made. */
export function slotOf({ read }: StoredItem): number | undefined {
  const [, slot] = SLOT.exec(read.subject?.name ?? '') ?? []
  return slot === undefined ? undefined : Number(slot)
}

interface Wanted {
  certificate: Certificate | undefined
  /** `<machine> <number>` of effects that the needs received, and of those that they sent. */
  readonly received: Set<string>
  readonly sent: Set<string>
}

function wantedOf(index: LogIndex, needs: readonly NeedHistory[]): Wanted {
  const wanted: Wanted = { certificate: undefined, received: new Set(), sent: new Set() }
  const wide = [...new Set(needs.map(({ bucket }) => bucket))].map((bucket) => ({
    bucket,
    leaves: index.wideOf(bucket, needs),
  }))
  for (const { bucket, leaves } of [...needs, ...wide]) {
    const log = index.log(bucket)
    for (const at of leaves) {
      const stored = log.item(at) as StoredItem
      want(wanted, bucket, stored, index.bucketItem(log, stored))
    }
  }
  return wanted
}

function want(wanted: Wanted, bucket: number, { read }: StoredItem, item: BucketItem): void {
  for (const { kind, number } of read.outputs) if (kind === 'effect') wanted.sent.add(`${bucket} ${number}`)
  if (item.kind === 'command') return
  wanted.received.add(`${bucket} ${item.n}`)
  const size = wanted.certificate?.head.size ?? 0
  if (item.certificate !== undefined && item.certificate.head.size > size)
    wanted.certificate = item.certificate
}

const SLOT = /^slot\/([0-9]+)$/

function sendsOne({ read }: StoredItem, { received }: Wanted): boolean {
  return read.outputs.some(
    ({ kind, group, number }) => kind === 'effect' && received.has(`${group - 1} ${number}`),
  )
}

function isTaken(hub: StoredLog, stored: StoredItem, { sent }: Wanted): boolean {
  const item = hub.decoded(stored)
  return item.kind === 'received' && sent.has(`${item.source} ${item.n}`)
}

/** The id of the NEED that it escrowed, where that is one of these or of the thread. */
function postedBy(
  hub: StoredLog,
  stored: StoredItem,
  thread: string,
  ids: ReadonlySet<string>,
  sha256: Sha256,
): string | undefined {
  const item = hub.decoded(stored)
  const command = item.kind === 'command' ? decodeHubCommand(item.command) : undefined
  if (command?.ok !== true || command.value.kind !== 'envelope') return undefined
  const { envelope } = command.value
  const body = bodyOf(envelope)
  if (body?.['kind'] !== 'NEED' || !(envelope['body'] instanceof Uint8Array)) return undefined
  const id = envelopeIdOf(cidOf(envelope['body'], sha256))
  return body['thread'] === thread || ids.has(id) ? id : undefined
}

/** The CANCEL of one of these needs, which no bucket ran: from then on it is not waited for. */
function takesBack(hub: StoredLog, stored: StoredItem, posted: string[]): boolean {
  const item = hub.decoded(stored)
  const command = item.kind === 'command' ? decodeHubCommand(item.command) : undefined
  if (command?.ok !== true || command.value.kind !== 'envelope') return false
  if (bodyOf(command.value.envelope)?.['kind'] !== 'CANCEL') return false
  const need = payloadOf(command.value.envelope)?.['need_id']
  const at = need instanceof Link ? posted.indexOf(envelopeIdOf(need)) : -1
  if (at >= 0) posted.splice(at, 1)
  return at >= 0
}

function bodyOf(field: { readonly [key: string]: Ipld }): { readonly [key: string]: Ipld } | undefined {
  const { body } = field
  const decoded = body instanceof Uint8Array ? decodeDagCbor(body) : undefined
  return decoded?.ok === true && isMap(decoded.value) ? decoded.value : undefined
}

function payloadOf(field: { readonly [key: string]: Ipld }): { readonly [key: string]: Ipld } | undefined {
  const payload = bodyOf(field)?.['payload']
  return payload !== undefined && isMap(payload) ? payload : undefined
}

function threadOfField(field: { readonly [key: string]: Ipld }): string | undefined {
  const thread = bodyOf(field)?.['thread']
  return typeof thread === 'string' ? thread : undefined
}

/** The content that an envelope names by its CID: input and module of a NEED, the artifact of a COMMIT. */
export function contentNamedBy(field: { readonly [key: string]: Ipld }): readonly CID[] {
  const payload = payloadOf(field)
  const content = payload?.['input'] ?? payload?.['artifact']
  const cid = content !== undefined && isMap(content) ? content['cid'] : undefined
  const capability = payload?.['capability']
  const module = typeof capability === 'string' ? moduleOfCapability(capability) : undefined
  return [cid, module].filter((one) => one instanceof Link)
}
