import { decodeDagCbor } from '../../codec/dag-cbor/decode.ts'
import { encodeDagCbor } from '../../codec/dag-cbor/encode.ts'
import { decodeDagJson } from '../../codec/dag-json/decode.ts'
import type { Batch } from '../../codec/envelope/batch.ts'
import { decodeBatch } from '../../codec/envelope/batch.ts'
import { BATCH_BYTES_MAX } from '../../codec/envelope/limits.ts'
import { envelopesOf, envelopeToIpld } from '../../codec/envelope/single-form.ts'
import type { Ipld } from '../../codec/ipld.ts'
import type { Rejection } from '../../model/rejection.ts'
import { ok, type Result } from '../../model/result.ts'
import { offline } from '../../node/offline.ts'
import type { Context } from '../context.ts'
import { readInput } from './input.ts'

/** A thread with some ten thousand envelopes. */
const FILE_BYTES_MAX = 256 * 1024 * 1024

/** One envelope of a file, not looked into; or why it cannot even be looked into. */
export interface FiledEnvelope {
  /** `thread.jsonl:3`, for people. */
  readonly place: string
  /** The value that `readEnvelope` takes. */
  readonly value: Result<Ipld, Rejection>
}

/**
 * The envelopes of a file, whichever form it has: a line of dag-json for each (as `envelope sign` prints
 * them), one envelope or one wire batch as dag-json or dag-cbor. A batch is split into its envelopes.
 */
export async function readEnvelopeFile(context: Context, path: string): Promise<readonly FiledEnvelope[]> {
  const bytes = await readInput(context, path, FILE_BYTES_MAX)
  if (bytes[0] !== BRACE) return filed(path, decodeDagCbor(bytes, { bytesMax: BATCH_BYTES_MAX }))
  const lines = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8').split('\n')
  return lines.flatMap((line, at) =>
    line === '' ? [] : filed(`${path}:${at + 1}`, decodeDagJson(line, { bytesMax: 2 * BATCH_BYTES_MAX })),
  )
}

/** `{`: no dag-cbor map begins with it. */
const BRACE = 0x7b

function filed(place: string, value: Result<Ipld, Rejection>): readonly FiledEnvelope[] {
  if (!value.ok || !isBatch(value.value)) return [{ place, value }]
  const batch = decodeBatch(encodeDagCbor(value.value))
  return batch.ok ? splitBatch(place, batch.value) : [{ place, value: batch }]
}

function isBatch(value: Ipld): boolean {
  return typeof value === 'object' && value !== null && 'bodies' in value
}

function splitBatch(place: string, batch: Batch): readonly FiledEnvelope[] {
  return envelopesOf(batch, offline.crypto.sha256).map((envelope, at) => ({
    place: `${place}#${at + 1}`,
    value: ok(envelopeToIpld(envelope)),
  }))
}
