import { decodeDagCbor } from '../../codec/dag-cbor/decode.ts'
import { encodeDagCbor } from '../../codec/dag-cbor/encode.ts'
import { readLeadingTexts } from '../../codec/dag-cbor/leading-texts.ts'
import { isList } from '../../codec/ipld.ts'
import { DefectError } from '../../model/fault.ts'
import { recordOfIpld, recordToIpld } from './record-ipld.ts'
import type { RecordValue } from './view.ts'

export const ROW_LIMITS = { bytesMax: 16_777_216, itemsMax: 4_194_304 }

/** A record as a state is stored and hashed: [table, key, value] in dag-cbor. */
export function encodeRow(table: string, key: string, value: RecordValue): Uint8Array {
  return encodeDagCbor([table, key, recordToIpld(value)])
}

/** Table and key, the record itself being nobody's concern yet; undefined where it is no row. */
export function placeOfRow(row: Uint8Array): readonly [table: string, key: string] | undefined {
  return readLeadingTexts(row, 3, 2) as readonly [string, string] | undefined
}

/** The record; undefined where the bytes are not what `encodeRow` writes. */
export function valueOfRow(row: Uint8Array): RecordValue | undefined {
  const decoded = decodeDagCbor(row, ROW_LIMITS)
  if (!decoded.ok || !isList(decoded.value) || decoded.value.length !== 3) return undefined
  const [table, key, value] = decoded.value
  if (typeof table !== 'string' || typeof key !== 'string' || value === undefined) return undefined
  return recordOfIpld(value)
}

/**
 * A record of which there are bytes, and, while somebody needs it, what they say. Most records are of needs that are over: as
 * bytes they take a fifth of the memory, and are stored and hashed as they are.
 */
export class Row {
  readonly bytes: Uint8Array
  #value: RecordValue | undefined

  constructor(bytes: Uint8Array, value?: RecordValue) {
    this.bytes = bytes
    this.#value = value
  }

  /** A defect for bytes that nobody checked and that are none of a record. */
  get value(): RecordValue {
    this.#value ??= valueOfRow(this.bytes)
    if (this.#value === undefined) throw new DefectError('a row of a state cannot be read')
    return this.#value
  }
}
