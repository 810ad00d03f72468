import { hashDagCbor } from '../../codec/dag-cbor/encode.ts'
import type { Sha256 } from '../../ports/crypto.ts'
import { HashTrie } from './hash-trie.ts'
import { recordToIpld } from './record-ipld.ts'
import type { Records } from './tables.ts'
import type { RecordValue, Shape } from './view.ts'

const encoder = new TextEncoder()

/**
 * Hash of a machine's whole state, kept with its changes: asking for it costs what changed since it was last asked for.
 * Two states with the same records have the same hash, whatever led to them. One for a state: it takes the
 * state's list of changes away. Source: consensus.md, "Certificates"; architecture.md, "Batching is the design".
 */
export class StateHash<Tables extends Shape> {
  readonly #records: Records<Tables>
  readonly #sha256: Sha256
  readonly #trie: HashTrie

  constructor(records: Records<Tables>, sha256: Sha256) {
    this.#records = records
    this.#sha256 = sha256
    this.#trie = new HashTrie(sha256)
  }

  current(): Uint8Array {
    for (const [table, keys] of this.#records.takeChanged()) {
      for (const key of keys) setRow(this.#trie, this.#records, table, key, this.#sha256)
    }
    return this.#trie.root()
  }
}

/** The same made from every record: what `StateHash` must equal. */
export function recomputeStateHash<Tables extends Shape>(
  records: Records<Tables>,
  sha256: Sha256,
): Uint8Array {
  const trie = new HashTrie(sha256)
  for (const table of records.names()) {
    for (const key of records.keys(table)) setRow(trie, records, table, key, sha256)
  }
  return trie.root()
}

function setRow<Tables extends Shape>(
  trie: HashTrie,
  records: Records<Tables>,
  table: keyof Tables & string,
  key: string,
  sha256: Sha256,
): void {
  // No table has a slash in its name.
  const place = sha256(encoder.encode(`${table}/${key}`)).toHex()
  trie.set(place, rowHash(records, table, key, sha256))
}

function rowHash<Tables extends Shape>(
  records: Records<Tables>,
  table: keyof Tables & string,
  key: string,
  sha256: Sha256,
): Uint8Array | undefined {
  const row = records.row(table, key)
  if (row !== undefined) return sha256(row)
  const value = records.get(table, key) as RecordValue | undefined
  return value === undefined ? undefined : hashDagCbor([table, key, recordToIpld(value)], sha256)
}
