/**
 * The same blocks as lines of canonical dag-json: first {"canswarm":"bundle/1","root":<link>}, then a line a block in
 * the order of the CAR. Lines need no names: the root and the index blocks before them say which block comes next.
 * Source: record.md, "History and export"; IPLD DAG-JSON specification.
 */
import * as z from 'zod'
import { type Rejection, reject } from '../../model/rejection.ts'
import { err, ok, type Result } from '../../model/result.ts'
import type { CID } from '../cid.ts'
import { decodeDagJson } from '../dag-json/decode.ts'
import { encodeDagJson } from '../dag-json/encode.ts'
import type { Ipld } from '../ipld.ts'
import { idLink } from '../payload/fields.ts'
import { checkSchema } from '../schema-check.ts'
import type { ByteQueue } from './byte-queue.ts'
import { BLOCK_ITEMS_MAX, LINE_BYTES_MAX } from './limits.ts'
import type { RawBlock } from './raw-block.ts'

const NEWLINE = 0x0a
const BOUNDS = { bytesMax: LINE_BYTES_MAX, itemsMax: BLOCK_ITEMS_MAX }

const headerSchema = z.strictObject({ canswarm: z.literal('bundle/1'), root: idLink })

export function jsonlHeader(root: CID): string {
  return `${encodeDagJson({ canswarm: 'bundle/1', root })}\n`
}

/** `value`: of a block of dag-cbor; of plain bytes, the bytes. */
export function jsonlLine(value: Ipld): string {
  return `${encodeDagJson(value)}\n`
}

/** The root that the first line names. Rejects MALFORMED, NOT_CANONICAL, TOO_LARGE. */
export function readJsonlHeader(queue: ByteQueue): Result<CID, Rejection> {
  const line = readLine(queue)
  if (!line.ok) return line
  const header = checkSchema(headerSchema, line.value, 'header')
  return header.ok ? ok(header.value.root) : header
}

/** The lines after the first, to the end of the file. Ends with the first rejection. */
export function* readJsonlBlocks(queue: ByteQueue): Generator<Result<RawBlock, Rejection>> {
  for (let number = 2; queue.peek(1).length > 0; number++) {
    const place = { unit: 'line', number, byte: queue.offset } as const
    const line = readLine(queue)
    yield line.ok ? ok({ place, form: 'value', value: line.value }) : err(line.error)
    if (!line.ok) return
  }
}

function readLine(queue: ByteQueue): Result<Ipld, Rejection> {
  const bytes = queue.takeUntil(NEWLINE, LINE_BYTES_MAX)
  if (bytes === undefined) return reject('MALFORMED', `expected a line of at most ${LINE_BYTES_MAX} bytes`)
  const text = utf8(bytes)
  return text === undefined ? reject('MALFORMED', 'not UTF-8') : decodeDagJson(text, BOUNDS)
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function utf8(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes)
  } catch {
    return undefined // a caller is told that it is no text
  }
}
