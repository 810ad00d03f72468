/**
 * Values beside the bytes that were made of them. An export is read opened and its rules ask for encoded items, which
 * they decode: command, body and effect are then not read once more. Since every value has one encoding, what is kept is
 * what reading would give. Kept as long as the very array of bytes; nobody writes to either.
 */
import type { Rejection } from '../../model/rejection.ts'
import { ok, type Result } from '../../model/result.ts'
import type { Ipld } from '../ipld.ts'
import { READ_LIMITS, type ReadLimits } from '../read-limits.ts'
import { decodeDagCbor } from './decode.ts'
import { encodeDagCbor } from './encode.ts'

const values = new WeakMap<Uint8Array, Ipld>()

/** As `encodeDagCbor`; `decodeKept` of this very array gives `value` itself. */
export function encodeKept(value: Ipld): Uint8Array {
  const bytes = encodeDagCbor(value)
  values.set(bytes, value)
  return bytes
}

/** As `decodeDagCbor` of default depth. */
export function decodeKept(
  bytes: Uint8Array,
  limits: Partial<Pick<ReadLimits, 'bytesMax' | 'itemsMax'>>,
): Result<Ipld, Rejection> {
  const value = values.get(bytes)
  const { bytesMax, itemsMax } = { ...READ_LIMITS, ...limits }
  // Every item takes a byte at least, so fewer bytes than items that are allowed need not be counted.
  const isWithin = value !== undefined && bytes.length <= bytesMax && bytes.length <= itemsMax
  return isWithin ? ok(value) : decodeDagCbor(bytes, limits)
}
