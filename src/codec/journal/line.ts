import type { ThreadId } from '../../model/ids.ts'
import { err, ok, type Result } from '../../model/result.ts'
import { type LineFault, lineFault } from './fault.ts'
import {
  type HashHex,
  isJournalKind,
  JOURNAL_KIND,
  type JournalData,
  type JournalKind,
  type NanoText,
} from './kinds.ts'
import { JOURNAL_VERSION, LINE_BYTES_MAX } from './limits.ts'

/** The last line of a chain. Line 0 is before the first: its chain is 64 zeros. */
export interface Head {
  readonly n: number
  readonly chain: HashHex
}

export const START: Head = { n: 0, chain: '0'.repeat(64) as HashHex }

/** A line whose fixed parts were read; its data is text still. */
export interface LineFrame {
  /** Counts lines from 1 over all segments. */
  readonly n: number
  /** Wall clock of the node: may jump back from one line to the next. */
  readonly ts: NanoText
  readonly kind: JournalKind
  readonly thread: ThreadId | undefined
  /** SHA-256 of the payload; whose bytes that are says JOURNAL_KIND. */
  readonly hash: HashHex
  readonly data: string
  /** As written in the line; not checked here. */
  readonly chain: HashHex
}

type LineOf<Kind extends JournalKind> = Omit<LineFrame, 'data' | 'kind'> & {
  readonly kind: Kind
  readonly data: JournalData[Kind]
}

/** A whole line; `kind` says which data it has. */
export type JournalLine = { [K in JournalKind]: LineOf<K> }[JournalKind]

/** Bytes of `,"chain":"…"}`, the part of a line that its chain does not cover. */
export const CHAIN_FIELD_BYTES = 76

const HEAD =
  /^\{"n":([1-9]\d{0,15}),"ts":"([1-9]\d{0,19})","kind":"([a-z.]{1,16})"(?:,"thread":"([a-z2-7]{32})")?,"hash":"([0-9a-f]{64})","data":/
const TAIL = /^,"chain":"([0-9a-f]{64})"\}$/

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** A line up to its chain field, from the template. `data` is JSON in one line. */
export function lineText(
  n: number,
  ts: NanoText,
  kind: JournalKind,
  thread: ThreadId | undefined,
  hash: HashHex,
  data: string,
): string {
  return thread === undefined
    ? `{"n":${n},"ts":"${ts}","kind":"${kind}","hash":"${hash}","data":${data}`
    : `{"n":${n},"ts":"${ts}","kind":"${kind}","thread":"${thread}","hash":"${hash}","data":${data}`
}

/** Reads the fixed parts of a line (without its newline). Checks neither chain nor hash nor data. */
export function parseFrame(bytes: Uint8Array): Result<LineFrame, LineFault> {
  if (bytes.length >= LINE_BYTES_MAX) return err(lineFault('too-long', `over ${LINE_BYTES_MAX} bytes`))
  const text = decodeUtf8(bytes)
  if (text === undefined) return err(lineFault('not-utf8', 'not UTF-8'))
  const head = HEAD.exec(text)
  const tail = TAIL.exec(text.slice(-CHAIN_FIELD_BYTES))
  if (head === null || tail === null) return err(lineFault('not-a-line', 'not in the form of a line'))
  const [lead, n, ts, kind, thread, hash] = head as unknown as [
    string,
    string,
    string,
    string,
    string?,
    string?,
  ]
  if (!Number.isSafeInteger(Number(n))) return err(lineFault('not-a-line', 'the number is over 2^53'))
  if (!isJournalKind(kind)) return err(lineFault('not-a-line', `unknown kind ${kind}`))
  return ok({
    n: Number(n),
    ts: ts as NanoText,
    kind,
    thread: thread as ThreadId | undefined,
    hash: hash as HashHex,
    data: text.slice(lead.length, -CHAIN_FIELD_BYTES),
    chain: tail[1] as HashHex,
  })
}

/** Reads the data of a line by the shape of its kind. */
export function parseLine(frame: LineFrame): Result<JournalLine, LineFault> {
  const data = parseJson(frame.data)
  if (frame.kind === 'open' && isNewer(data)) {
    return err(
      lineFault('version', `format ${data.v} is newer than ${JOURNAL_VERSION}, which this version reads`),
    )
  }
  const shaped = JOURNAL_KIND[frame.kind].data.safeParse(data)
  if (!shaped.success) {
    const [issue] = shaped.error.issues
    const where = issue === undefined ? '' : ` at data.${issue.path.join('.')}: ${issue.message}`
    return err(lineFault('bad-data', `the data is not what ${frame.kind} has${where}`))
  }
  return ok({ ...frame, data: shaped.data } as JournalLine)
}

/** A newer format may have any other shape, so its number is looked at before the shape. */
function isNewer(data: unknown): data is { readonly v: number } {
  if (typeof data !== 'object' || data === null || !('v' in data)) return false
  return typeof data.v === 'number' && data.v > JOURNAL_VERSION
}

function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return utf8.decode(bytes)
  } catch {
    return undefined // the decoder says by exception that the bytes are not UTF-8
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined // no shape accepts undefined
  }
}
