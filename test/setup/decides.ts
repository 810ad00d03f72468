import { decodeDagCbor } from '../../src/codec/dag-cbor/decode.ts'
import { decodeDagJson } from '../../src/codec/dag-json/decode.ts'
import { type Ipld, isList, isMap } from '../../src/codec/ipld.ts'

/** Who proposed each DECIDE of an export (readable form), as its records say. */
export function decidersIn(exported: Uint8Array): readonly string[] {
  const lines = new TextDecoder().decode(exported).trimEnd().split('\n')
  return lines.flatMap((line) => {
    const read = decodeDagJson(line, { bytesMax: line.length, itemsMax: Number.MAX_SAFE_INTEGER })
    const records = read.ok && isMap(read.value) ? read.value['records'] : undefined
    return records !== undefined && isList(records) ? records.flatMap(deciderOf) : []
  })
}

function deciderOf(row: Ipld): readonly string[] {
  const bytes = isList(row) ? row[1] : undefined
  const record = bytes instanceof Uint8Array ? decodeDagCbor(bytes) : undefined
  if (record?.ok !== true || !isMap(record.value) || record.value['kind'] !== 'DECIDE') return []
  const { decider } = record.value
  return typeof decider === 'string' ? [decider] : []
}
