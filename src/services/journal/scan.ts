import type { LineEncoder } from '../../codec/journal/encoder.ts'
import { type LineFault, lineFault } from '../../codec/journal/fault.ts'
import type { JournalData } from '../../codec/journal/kinds.ts'
import {
  type Head,
  type JournalLine,
  type LineFrame,
  parseFrame,
  parseLine,
} from '../../codec/journal/line.ts'
import type { VerifySeal } from '../../codec/journal/seal.ts'
import { LineSplitter, type RawLine } from '../../codec/journal/splitter.ts'
import {
  chainFault,
  type JournalOwner,
  openFault,
  sealFault,
  statementOf,
} from '../../codec/journal/verify.ts'
import type { JournalStore } from '../../ports/journal-store.ts'

/** The first line that is not right, and where it stands. */
export interface ScanFault extends LineFault {
  /** From 1 in its segment. */
  readonly line: number
  readonly offset: number
}

/** What one segment holds, as far as a writer that goes on must know. */
export interface SegmentScan {
  readonly segment: number
  readonly bytes: number
  /** Data of the first line, when that is a whole header by its own chain: of whatever journal. */
  readonly open?: JournalData['open']
  /** Right from the start up to here: the last right line, and where the next would start. */
  readonly goodHead?: Head
  readonly goodBytes: number
  /** True when that last right line is a seal. */
  readonly sealed: boolean
  /** Seals among the right lines. */
  readonly seals: number
  /** The first line that is not right; the bytes after the last newline count as one. */
  readonly fault?: ScanFault
  /**
   * True when a seal with a valid signature stands after the fault, which no torn write leaves. The exception:
   * a hole of zeros in the very last write, whose seal came to disk before what stands in front of it.
   */
  readonly sealedAfterFault: boolean
  /** The last line of all that can be read as one, right or not: what a next segment must follow. */
  readonly lastHead?: Head
}

export interface ScanTools {
  readonly encoder: LineEncoder
  readonly verifySeal: VerifySeal
}

/** So many valid seals after a fault decide; further signatures are not looked at. */
const SEALS_ENOUGH = 2
/** No line holds a zero byte, so so many in a row are no damage of a byte. */
const HOLE_BYTES_MIN = 8

type SealLine = JournalLine & { readonly kind: 'seal' }

/**
 * Reads a segment from its start and finds how far it is right: form, number and chain of each line, and the
 * signature of the last seal alone (each of them, when that one is wrong). Data is not read: a line that its
 * chain covers is as its writer made it. `head`: the last line before the segment, when it is known.
 * Faults `journal-io`.
 */
export async function scanSegment(
  store: JournalStore,
  segment: number,
  owner: JournalOwner,
  head: Head | undefined,
  tools: ScanTools,
): Promise<SegmentScan> {
  const quick = await scan(store, new Scan(segment, owner, head, tools, false))
  return quick.isLastSealRight()
    ? quick.result()
    : (await scan(store, new Scan(segment, owner, head, tools, true))).result()
}

async function scan(store: JournalStore, over: Scan): Promise<Scan> {
  const splitter = new LineSplitter()
  for await (const chunk of store.read(over.segment)) {
    for (const raw of splitter.push(chunk)) over.take(raw)
  }
  over.end(splitter.rest())
  return over
}

class Scan {
  readonly segment: number
  readonly #owner: JournalOwner
  readonly #tools: ScanTools
  readonly #everySeal: boolean
  #line = 0
  #bytes = 0
  #open: JournalData['open'] | undefined
  #good: Head | undefined
  #goodBytes = 0
  #sealed = false
  #seals = 0
  #lastSeal: SealLine | undefined
  #fault: ScanFault | undefined
  /** The fault is zeros: sectors that were never written read so. */
  #isHole = false
  /** Counted up to SEALS_ENOUGH. */
  #sealsAfterFault = 0
  #endsWithSeal = false
  #lastHead: Head | undefined

  constructor(
    segment: number,
    owner: JournalOwner,
    head: Head | undefined,
    tools: ScanTools,
    everySeal: boolean,
  ) {
    this.segment = segment
    this.#owner = owner
    this.#good = head
    this.#tools = tools
    this.#everySeal = everySeal
  }

  take(raw: RawLine): void {
    this.#line++
    this.#bytes = raw.offset + raw.bytes.length + 1
    const frame = parseFrame(raw.bytes)
    const before = this.#lastHead
    if (frame.ok) this.#lastHead = { n: frame.value.n, chain: frame.value.chain }
    if (this.#fault !== undefined) {
      this.#endsWithSeal = frame.ok && before !== undefined && this.#isSealAfter(before, frame.value)
      if (this.#endsWithSeal) this.#sealsAfterFault++
      return
    }
    const fault = frame.ok ? this.#faultOf(frame.value, raw.bytes) : frame.error
    if (fault === undefined) this.#goodBytes = this.#bytes
    else {
      this.#fault = { ...fault, line: this.#line, offset: raw.offset }
      this.#isHole = hasHole(raw.bytes)
    }
  }

  end({ offset, length }: { readonly offset: number; readonly length: number }): void {
    this.#bytes = offset + length
    if (length > 0) this.#endsWithSeal = false
    if (length === 0 || this.#fault !== undefined) return
    this.#fault = { ...lineFault('line-end', 'the last line is not whole'), line: this.#line + 1, offset }
  }

  isLastSealRight(): boolean {
    return this.#lastSeal === undefined || this.#everySeal || this.#isSigned(this.#lastSeal)
  }

  result(): SegmentScan {
    return {
      segment: this.segment,
      bytes: this.#bytes,
      ...(this.#open === undefined ? {} : { open: this.#open }),
      ...(this.#good === undefined ? {} : { goodHead: this.#good }),
      goodBytes: this.#goodBytes,
      sealed: this.#sealed,
      seals: this.#seals,
      ...(this.#fault === undefined ? {} : { fault: this.#fault }),
      sealedAfterFault: this.#sealsAfterFault > (this.#isHole && this.#endsWithSeal ? 1 : 0),
      ...(this.#lastHead === undefined ? {} : { lastHead: this.#lastHead }),
    }
  }

  #faultOf(frame: LineFrame, bytes: Uint8Array): LineFault | undefined {
    const header = this.#line === 1 ? this.#takeHeader(frame, bytes) : undefined
    if (header !== undefined) return header
    const head = this.#good as Head // a right header gives it
    const unlinked = chainFault(head, frame, bytes, this.#tools.encoder)
    if (unlinked !== undefined) return unlinked
    const unsealed = frame.kind === 'seal' ? this.#takeSeal(frame, head) : undefined
    if (unsealed !== undefined) return unsealed
    this.#sealed = frame.kind === 'seal'
    this.#good = { n: frame.n, chain: frame.chain }
    return undefined
  }

  #takeHeader(frame: LineFrame, bytes: Uint8Array): LineFault | undefined {
    const line = parseLine(frame)
    if (!line.ok) return line.error
    if (line.value.kind !== 'open') return lineFault('wrong-header', 'a segment starts with an open line')
    const open = line.value.data
    const before = { n: frame.n - 1, chain: open.prev }
    const changed = chainFault(before, frame, bytes, this.#tools.encoder)
    if (changed !== undefined) return changed
    this.#open = open
    const wrong = openFault(open, { segment: this.segment, owner: this.#owner, head: this.#good })
    if (wrong === undefined) this.#good ??= before
    return wrong
  }

  #takeSeal(frame: LineFrame, head: Head): LineFault | undefined {
    const line = parseLine(frame)
    if (!line.ok) return line.error
    const seal = line.value as SealLine
    const wrong = sealFault(head, this.segment, seal.data)
    if (wrong !== undefined) return wrong
    if (this.#everySeal && !this.#isSigned(seal)) return lineFault('bad-signature', 'not signed by this node')
    this.#lastSeal = seal
    this.#seals++
    return undefined
  }

  #isSealAfter(before: Head, frame: LineFrame): boolean {
    if (frame.kind !== 'seal') return false
    const line = parseLine(frame)
    if (!line.ok || line.value.kind !== 'seal') return false
    if (sealFault(before, this.segment, line.value.data) !== undefined) return false
    return this.#sealsAfterFault >= SEALS_ENOUGH || this.#isSigned(line.value)
  }

  #isSigned(seal: SealLine): boolean {
    const { statement, signature } = statementOf(seal, this.#owner.node)
    return this.#tools.verifySeal(this.#owner.net, statement, signature)
  }
}

function hasHole(bytes: Uint8Array): boolean {
  let zeros = 0
  for (const byte of bytes) {
    zeros = byte === 0 ? zeros + 1 : 0
    if (zeros === HOLE_BYTES_MIN) return true
  }
  return false
}
