import { concatBytes } from '../../src/codec/bytes.ts'
import type { CID } from '../../src/codec/cid.ts'
import { varintOf } from '../../src/codec/varint.ts'

/** One protobuf field, of a number or of bytes. */
export function protoField(field: number, value: number | Uint8Array): Uint8Array {
  return typeof value === 'number'
    ? concatBytes(varintOf(field * 8), varintOf(value))
    : concatBytes(varintOf(field * 8 + 2), varintOf(value.length), value)
}

/** A block of a UnixFS file with these parts and the sizes that it says they have, honest or not. */
export function fileBlock(parts: readonly { readonly cid: CID; readonly size: number }[]): Uint8Array {
  const links = parts.map(({ cid }) => protoField(2, protoField(1, cid.bytes)))
  const size = parts.reduce((sum, part) => sum + part.size, 0)
  const sizes = parts.map((part) => protoField(4, part.size))
  return concatBytes(...links, protoField(1, concatBytes(protoField(1, 2), protoField(3, size), ...sizes)))
}
