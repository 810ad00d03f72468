import type { CID } from '../cid.ts'
import type { Ipld } from '../ipld.ts'

/** Where something stands in a file of an export. */
export interface Place {
  readonly unit: 'block' | 'line'
  /** From 1 on: lines of a text; in a CAR the header is no block. */
  readonly number: number
  /** Of its first byte in the file. */
  readonly byte: number
}

export function placeText({ unit, number, byte }: Place): string {
  return `${unit} ${number} (byte ${byte})`
}

/** A block as a file held it: bytes and their claimed name, or a value of a line. Nothing of it is checked. */
export type RawBlock = { readonly place: Place } & (
  | { readonly form: 'bytes'; readonly cid: CID; readonly bytes: Uint8Array }
  | { readonly form: 'value'; readonly value: Ipld }
)
