import { concatBytes } from '../../codec/bytes.ts'
import type { LineReason } from '../../codec/journal/fault.ts'
import type { HashHex } from '../../codec/journal/kinds.ts'
import { type Head, START } from '../../codec/journal/line.ts'
import { type JournalOwner, openFault } from '../../codec/journal/verify.ts'
import { FaultError } from '../../model/fault.ts'
import type { Sha256Hex } from '../../ports/crypto.ts'
import type { JournalStore } from '../../ports/journal-store.ts'
import { type ScanTools, type SegmentScan, scanSegment } from './scan.ts'

/** A torn tail that was cut off and put aside. */
export interface TornTail {
  readonly segment: number
  readonly offset: number
  readonly bytes: number
  readonly sha256: HashHex
  /** Name of the piece beside the segments. */
  readonly file: string
}

/** A line that a crash cannot have made wrong: left as it stands. */
export interface Damage {
  readonly segment: number
  readonly line: number
  readonly reason: LineReason
}

/** Where to go on writing. */
export interface Resumption {
  readonly head: Head
  readonly segment: number
  readonly bytes: number
  /** False when the segment's first line is still to be written. */
  readonly opened: boolean
  /** True when the last line is one that no seal covers. */
  readonly unsealed: boolean
  readonly torn?: TornTail
  readonly damage?: Damage
}

export interface RecoverTools extends ScanTools {
  readonly sha256Hex: Sha256Hex
  /** Whose rule judges signatures from now on; another than the last segment's begins a new one. */
  readonly rule: string
  /** More than this after the last seal cannot be one torn write. */
  readonly tornBytesMax: number
}

/**
 * Finds where a journal ends and makes it ready to go on. Reads the last segment, and the one before only when
 * the last has no seal yet.
 * 1. What is wrong after the last right line, with no valid seal behind it, is a torn tail: put aside, cut off.
 * 2. What is wrong with a valid seal behind it, or is more than one write, is damage: nothing is changed, and a
 *    new segment follows what stands.
 * Faults `journal-io`, `journal-full` (no room to put the tail aside), `journal-damaged` when the journal is
 * another node's or network's, of a newer format, or nothing in it says where to go on.
 */
export async function recoverJournal(
  store: JournalStore,
  owner: JournalOwner,
  tools: RecoverTools,
): Promise<Resumption> {
  const segments = await store.list()
  const segment = segments.at(-1)
  if (segment === undefined) return { head: START, segment: 1, bytes: 0, opened: false, unsealed: false }
  const alone = await scanSegment(store, segment, owner, segment === 1 ? START : undefined, tools)
  refuseForeign(alone, owner)
  const isFollowed = alone.seals === 0 && segments.includes(segment - 1)
  if (!isFollowed) return resume(store, alone, undefined, tools)
  const before = await scanSegment(store, segment - 1, owner, undefined, tools)
  refuseForeign(before, owner)
  if (before.fault !== undefined) return goOnAfter(before, alone.lastHead ?? before.lastHead, segment)
  const last = await scanSegment(store, segment, owner, before.goodHead, tools)
  return resume(store, last, before, tools)
}

async function resume(
  store: JournalStore,
  last: SegmentScan,
  before: SegmentScan | undefined,
  tools: RecoverTools,
): Promise<Resumption> {
  const { segment, fault, goodBytes, bytes } = last
  if (fault !== undefined && isDamage(last, tools.tornBytesMax)) {
    return goOnAfter(last, last.lastHead ?? before?.lastHead, segment)
  }
  const head = last.goodHead
  if (head === undefined) {
    throw new FaultError(
      'journal-damaged',
      `segment ${segment} of the journal has no first line, and the one before is missing`,
    )
  }
  const torn = fault === undefined ? undefined : await cutTail(store, segment, goodBytes, tools.sha256Hex)
  const opened = goodBytes > 0
  const rest = { head, unsealed: opened && !last.sealed, ...(torn === undefined ? {} : { torn }) }
  if (opened && last.open?.rule !== tools.rule)
    return { ...rest, segment: segment + 1, bytes: 0, opened: false }
  return { ...rest, segment, bytes: torn === undefined ? bytes : goodBytes, opened }
}

function isDamage(
  { open, fault, sealedAfterFault, goodBytes, bytes }: SegmentScan,
  tornBytesMax: number,
): boolean {
  const isWholeHeader = open !== undefined && fault?.line === 1
  return isWholeHeader || sealedAfterFault || bytes - goodBytes > tornBytesMax
}

function goOnAfter({ segment, fault }: SegmentScan, head: Head | undefined, last: number): Resumption {
  if (head === undefined || fault === undefined) {
    throw new FaultError('journal-damaged', `nothing in segment ${segment} of the journal can be read`)
  }
  const { line, reason } = fault
  return {
    head,
    segment: last + 1,
    bytes: 0,
    opened: false,
    unsealed: false,
    damage: { segment, line, reason },
  }
}

async function cutTail(
  store: JournalStore,
  segment: number,
  offset: number,
  sha256Hex: Sha256Hex,
): Promise<TornTail> {
  const chunks: Uint8Array[] = []
  for await (const chunk of store.read(segment, offset)) chunks.push(Uint8Array.from(chunk))
  const tail = concatBytes(...chunks)
  const file = await store.keep(segment, offset)
  const opened = await store.open(segment)
  try {
    await opened.truncate(offset)
    await opened.sync()
  } finally {
    await opened.close()
  }
  return { segment, offset, bytes: tail.length, sha256: sha256Hex(tail) as HashHex, file }
}

function refuseForeign({ segment, open, fault }: SegmentScan, owner: JournalOwner): void {
  if (fault?.line !== 1) return
  if (fault.reason === 'version')
    throw new FaultError('journal-damaged', `segment ${segment} of the journal: ${fault.message}`)
  if (open === undefined) return
  const foreign = openFault(open, { segment: open.segment, owner, head: undefined })
  if (foreign !== undefined) {
    throw new FaultError('journal-damaged', `segment ${segment} of the journal: ${foreign.message}`)
  }
}
