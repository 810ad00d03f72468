import { type Rejection, reject } from '../../model/rejection.ts'
import type { EntryItem } from '../../model/replicated.ts'
import { ok, type Result } from '../../model/result.ts'
import { readEntryItem, writeEntryItem } from './items.ts'
import { WireReader } from './wire-reader.ts'
import { WireWriter } from './wire-writer.ts'

const ENTRY_VERSION = 1
const ITEM_BYTES_MIN = 9
const writer = new WireWriter()

/**
 * The data of one raft entry: what one turn proposed to one group, in order, never nothing.
 * Source: unit-costs, "raft module, per entry"; architecture.md, "Batching is the design".
 */
export function encodeEntry(items: readonly EntryItem[]): Uint8Array {
  writer.u8(ENTRY_VERSION)
  writer.list(items, (item) => writeEntryItem(writer, item))
  return writer.finish()
}

/** Rejects MALFORMED; parts are copies. */
export function decodeEntry(data: Uint8Array): Result<readonly EntryItem[], Rejection> {
  const from = new WireReader(data)
  const version = from.u8()
  const items = from.list(ITEM_BYTES_MIN, () => readEntryItem(from))
  if (version !== ENTRY_VERSION || !from.done || items.length === 0) {
    return reject('MALFORMED', 'not an entry of this version')
  }
  return ok(items)
}
