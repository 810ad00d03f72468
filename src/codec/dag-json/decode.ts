import type { Rejection } from '../../model/rejection.ts'
import { err, ok, type Result } from '../../model/result.ts'
import type { Ipld } from '../ipld.ts'
import { READ_LIMITS, type ReadLimits } from '../read-limits.ts'
import { JsonReader } from './reader.ts'

/**
 * Reads what `encodeDagJson` writes and nothing else, in one pass. `limits.bytesMax` is held against the text's
 * size in UTF-8; the same value is larger here than in dag-cbor (bytes by a third, control characters six
 * times), so who reads exports of large values raises it.
 * Rejects, by the first offence met, with its place (UTF-16 units) in the message: TOO_LARGE (a limit),
 * NOT_CANONICAL (JSON that the encoder would not have written: white space, another order of keys, other
 * escapes, floats, exponents, integers beyond 2^53 - 1, malformed links and bytes), MALFORMED (no JSON, lone
 * surrogates, text left over). Source: protocol.md, "Encoding"; RFC 8259; IPLD DAG-JSON specification.
 */
export function decodeDagJson(text: string, limits?: Partial<ReadLimits>): Result<Ipld, Rejection> {
  const reader = new JsonReader(text, limits === undefined ? READ_LIMITS : { ...READ_LIMITS, ...limits })
  const value = reader.readWhole()
  return value === undefined ? err(reader.rejection()) : ok(value)
}
