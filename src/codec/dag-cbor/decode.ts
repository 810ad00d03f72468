import type { Rejection } from '../../model/rejection.ts'
import { err, ok, type Result } from '../../model/result.ts'
import type { Ipld } from '../ipld.ts'
import { READ_LIMITS, type ReadLimits } from '../read-limits.ts'
import { Reader } from './reader.ts'

/**
 * Reads what `encodeDagCbor` writes and nothing else, in one pass. Byte strings and links are views of `bytes`:
 * they change with it and keep it in memory; copy what outlives it.
 * Rejects, by the first offence met, with its offset in the message: TOO_LARGE (a limit), NOT_CANONICAL (CBOR
 * that the encoder would not have written: also every float, integers beyond 2^53 - 1, tags but 42, CIDv0),
 * MALFORMED (no CBOR, cut short, bad UTF-8, bytes left over).
 * Source: protocol.md, "Encoding"; RFC 8949; IPLD DAG-CBOR specification, "Strictness".
 */
export function decodeDagCbor(bytes: Uint8Array, limits?: Partial<ReadLimits>): Result<Ipld, Rejection> {
  const reader = new Reader(bytes, limits === undefined ? READ_LIMITS : { ...READ_LIMITS, ...limits })
  const value = reader.readWhole()
  return value === undefined ? err(reader.rejection()) : ok(value)
}
