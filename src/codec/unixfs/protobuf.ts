import { readVarint, varintBytes } from '../varint.ts'

/** One field of a protobuf message: a number (wire type 0) or bytes (wire type 2), the only ones that our formats use. */
export interface ProtoField {
  readonly field: number
  readonly value: number | Uint8Array
}

const VARINT = 0
const BYTES = 2
/** Fields of one message: a node of a file has at most some thousands of links. */
const FIELDS_MAX = 16_384

/**
 * Fields in the order of their bytes, which the values view; undefined for anything else than whole fields of the two
 * wire types, numbers in shortest form and safe. Source: Protocol Buffers, "Encoding".
 */
export function readProtobuf(bytes: Uint8Array): readonly ProtoField[] | undefined {
  const fields: ProtoField[] = []
  for (let at = 0; at < bytes.length; ) {
    const tag = readVarint(bytes, at, bytes.length)
    const next = tag < 0 || fields.length === FIELDS_MAX ? undefined : readValue(bytes, at, tag)
    if (next === undefined) return undefined
    fields.push({ field: Math.floor(tag / 8), value: next.value })
    at = next.end
  }
  return fields
}

interface Read {
  readonly value: number | Uint8Array
  readonly end: number
}

function readValue(bytes: Uint8Array, tagAt: number, tag: number): Read | undefined {
  const at = tagAt + varintBytes(tag)
  const type = tag % 8
  const number = type === VARINT || type === BYTES ? readVarint(bytes, at, bytes.length) : -1
  if (number < 0) return undefined
  const after = at + varintBytes(number)
  if (type === VARINT) return { value: number, end: after }
  const end = after + number
  return end > bytes.length ? undefined : { value: bytes.subarray(after, end), end }
}
