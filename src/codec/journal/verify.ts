import type { Did } from '../../model/ids.ts'
import { err, ok, type Result } from '../../model/result.ts'
import type { Sha256Hex } from '../../ports/crypto.ts'
import { parseCid } from '../cid.ts'
import type { LineEncoder } from './encoder.ts'
import { type LineFault, lineFault } from './fault.ts'
import { JOURNAL_KIND, type JournalData } from './kinds.ts'
import {
  CHAIN_FIELD_BYTES,
  type Head,
  type JournalLine,
  type LineFrame,
  parseFrame,
  parseLine,
} from './line.ts'
import type { SealStatement, VerifySeal } from './seal.ts'

/** Whose journal it is; all segments of one journal agree. */
export interface JournalOwner {
  readonly node: Did
  /** Text of the genesis CID. */
  readonly net: string
}

/** How far a journal was found right: the fold over its lines. */
export interface VerifyState {
  /** Undefined before the first line of a journal whose first segments are gone: that line then says where it starts. */
  readonly head: Head | undefined
  /** Segment that the next line stands in. */
  readonly segment: number
  /** True when the next line is the first of its segment. */
  readonly first: boolean
  readonly owner: Partial<JournalOwner>
  readonly lines: number
  readonly seals: number
  /** Lines after the last seal: chained, but signed by nobody. */
  readonly unsealedLines: number
  /** Number of the last seal's line; 0 for none. */
  readonly lastSeal: number
}

export interface VerifyTools {
  readonly encoder: LineEncoder
  readonly sha256Hex: Sha256Hex
  readonly verifySeal: VerifySeal
}

/** Before the first line. Parts of `owner` that are not given are taken from the first header. */
export function startVerify(
  head: Head | undefined,
  segment: number,
  owner: Partial<JournalOwner>,
): VerifyState {
  return { head, segment, first: true, owner, lines: 0, seals: 0, unsealedLines: 0, lastSeal: 0 }
}

export function enterSegment(state: VerifyState, segment: number): VerifyState {
  return { ...state, segment, first: true }
}

/**
 * Takes the next line (bytes without newline). A fault leaves the state as it was: the line is the first
 * that is not what the node wrote there. Checked in this order: form, data, header, number, chain, hash, seal.
 */
export function stepVerify(
  state: VerifyState,
  bytes: Uint8Array,
  tools: VerifyTools,
): Result<VerifyState, LineFault & { readonly n?: number }> {
  const frame = parseFrame(bytes)
  if (!frame.ok) return frame
  const { n } = frame.value
  const line = parseLine(frame.value)
  if (!line.ok) return err({ ...line.error, n })
  const found = headerFault(state, line.value) ?? linkFault(state, frame.value, line.value, bytes, tools)
  if (found !== undefined) return err({ ...found, n })
  return ok(after(state, line.value))
}

/** Undefined when the line follows `head` by number and chain. Reads no data. */
export function chainFault(
  head: Head,
  frame: LineFrame,
  bytes: Uint8Array,
  encoder: LineEncoder,
): LineFault | undefined {
  if (frame.n !== head.n + 1) return lineFault('wrong-number', `line ${frame.n} where ${head.n + 1} belongs`)
  const covered = bytes.subarray(0, bytes.length - CHAIN_FIELD_BYTES)
  if (encoder.chainOf(head.chain, covered) === frame.chain) return undefined
  return lineFault('wrong-chain', 'the line or its chain was changed')
}

/** Undefined when the seal is this segment's and over `head`; its signature is not looked at. */
export function sealFault(head: Head, segment: number, seal: JournalData['seal']): LineFault | undefined {
  const fits = seal.n === head.n && seal.chain === head.chain && seal.segment === segment
  return fits
    ? undefined
    : lineFault('wrong-seal', `the seal is not over line ${head.n} of segment ${segment}`)
}

/** Statement and signature of a seal line. */
export function statementOf(
  line: JournalLine & { readonly kind: 'seal' },
  node: Did,
): { readonly statement: SealStatement; readonly signature: Uint8Array } {
  const { segment, n, chain, sig } = line.data
  return { statement: { node, segment, n, chain, ts: line.ts }, signature: Uint8Array.fromBase64(sig) }
}

function headerFault(state: VerifyState, line: JournalLine): LineFault | undefined {
  if (line.kind !== 'open') {
    return state.first ? lineFault('wrong-header', 'a segment starts with an open line') : undefined
  }
  if (!state.first) return lineFault('wrong-header', 'an open line inside a segment')
  return openFault(line.data, state)
}

/** Undefined when the header is that of `state.segment`, by the owner as far as it is known. */
export function openFault(
  open: JournalData['open'],
  { segment, owner, head }: Pick<VerifyState, 'segment' | 'owner' | 'head'>,
): LineFault | undefined {
  if (open.segment !== segment) return lineFault('wrong-header', `header of segment ${open.segment}`)
  if (owner.node !== undefined && open.node !== owner.node) {
    return lineFault('wrong-header', `journal of ${open.node}, not of ${owner.node}`)
  }
  if (owner.net !== undefined && open.net !== owner.net) {
    return lineFault('wrong-header', `journal of network ${open.net}, not of ${owner.net}`)
  }
  if (head !== undefined && open.prev !== head.chain) {
    return lineFault('wrong-header', 'the segment does not follow the one before')
  }
  return undefined
}

function linkFault(
  state: VerifyState,
  frame: LineFrame,
  line: JournalLine,
  bytes: Uint8Array,
  { encoder, sha256Hex, verifySeal }: VerifyTools,
): LineFault | undefined {
  const head = state.head ?? headBefore(line)
  const unlinked = chainFault(head, frame, bytes, encoder) ?? hashFault(frame, line, sha256Hex)
  if (unlinked !== undefined || line.kind !== 'seal') return unlinked
  const unfit = sealFault(head, state.segment, line.data)
  if (unfit !== undefined) return unfit
  const { node, net } = state.owner as JournalOwner // a header came first
  const { statement, signature } = statementOf(line, node)
  if (verifySeal(net, statement, signature)) return undefined
  return lineFault('bad-signature', `not the signature of ${node}`)
}

/** What the first line of a journal without its first segments says of the line before it. */
function headBefore(line: JournalLine): Head {
  return { n: line.n - 1, chain: (line as JournalLine & { kind: 'open' }).data.prev }
}

function hashFault(frame: LineFrame, line: JournalLine, sha256Hex: Sha256Hex): LineFault | undefined {
  if (JOURNAL_KIND[line.kind].payload === 'data') {
    const right = sha256Hex(frame.data) === line.hash
    return right ? undefined : lineFault('wrong-hash', 'the hash is not that of the data')
  }
  // Of an entry or effect the line has no bytes: they are elsewhere.
  if (line.kind !== 'envelope.in' && line.kind !== 'envelope.out') return undefined
  const id = parseCid(line.data.id)
  if (!id.ok || id.value.multihash.digest.toHex() !== line.hash) {
    return lineFault('wrong-hash', 'the id is not that of the hash')
  }
  const { body } = line.data
  if (body === undefined || sha256Hex(Uint8Array.fromBase64(body)) === line.hash) return undefined
  return lineFault('wrong-hash', 'the hash is not that of the body')
}

function after(state: VerifyState, line: JournalLine): VerifyState {
  const sealed = line.kind === 'seal'
  return {
    head: { n: line.n, chain: line.chain },
    segment: state.segment,
    first: false,
    owner: line.kind === 'open' ? { node: line.data.node, net: line.data.net } : state.owner,
    lines: state.lines + 1,
    seals: state.seals + (sealed ? 1 : 0),
    unsealedLines: sealed ? 0 : state.unsealedLines + 1,
    lastSeal: sealed ? line.n : state.lastSeal,
  }
}
