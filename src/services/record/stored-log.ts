import { type Certificate, decodeCertificate } from '../../codec/certificate/certificate.ts'
import { decodeItemLeaf, type ItemLeaf } from '../../codec/certificate/leaf.ts'
import type { VoterLink } from '../../codec/certificate/voter-chain.ts'
import type { VoterConfig } from '../../codec/certificate/voter-config.ts'
import { decodeItem, type GroupItem } from '../../codec/entry/item.ts'
import { leafHash } from '../../codec/merkle/hash.ts'
import { decodeVotersLeaf } from '../../codec/network-log/voters-leaf.ts'
import { LogTree } from '../../core/certificate/log-tree.ts'
import { assert, FaultError } from '../../model/fault.ts'
import type { Rejection } from '../../model/rejection.ts'
import type { Result } from '../../model/result.ts'
import type { Sha256 } from '../../ports/crypto.ts'
import type { LogSource } from '../../ports/network-log.ts'

/** A leaf of a log, read. */
export interface StoredItem {
  /** Number of the leaf. */
  readonly at: number
  readonly encoded: Uint8Array
  readonly leaf: Uint8Array
  readonly read: ItemLeaf
}

/** A change of voters in a log. */
interface StoredChange {
  readonly at: number
  readonly config: VoterConfig
}

/** One machine's stored log, found by its leaves: record numbers, changes of voters and certificates in memory. */
export class StoredLog {
  readonly machine: number
  readonly #source: LogSource
  readonly #sha256: Sha256
  /** Record of each leaf. */
  readonly #records: number[] = []
  readonly #changes: StoredChange[] = []
  readonly #certificates: Certificate[] = []
  #tree: LogTree | undefined

  constructor(source: LogSource, machine: number, sha256: Sha256) {
    this.machine = machine
    this.#source = source
    this.#sha256 = sha256
    for (let number = 0; number < source.count(machine); number++) this.#index(number)
  }

  get size(): number {
    return this.#records.length
  }

  /** Every item, in order; changes of voters are none. */
  *items(): Generator<StoredItem> {
    for (let at = 0; at < this.size; at++) {
      const item = this.item(at)
      if (item !== undefined) yield item
    }
  }

  /** Undefined for a change of voters, and what hosts say among themselves. Faults `store-damaged`. */
  item(at: number): StoredItem | undefined {
    const number = this.#records[at]
    assert(number !== undefined, 'a leaf that is asked for is there')
    const record = this.#source.record(this.machine, number)
    if (record.kind !== 'item') return undefined
    const { item: encoded, leaf } = record
    return { at, encoded, leaf, read: this.sound(decodeItemLeaf(leaf), at) }
  }

  /** What an item says. Faults `store-damaged`. */
  decoded({ at, encoded }: StoredItem): GroupItem {
    return this.sound(decodeItem(encoded), at)
  }

  /** What was stored was applied, so it can be read. Faults `store-damaged`. */
  sound<Value>(result: Result<Value, Rejection>, at: number): Value {
    if (result.ok) return result.value
    throw new FaultError('store-damaged', `${nameOf(this.machine)}, leaf ${at}: ${result.error.message}`)
  }

  /** Siblings of a leaf in the tree of that size. */
  path(at: number, size: number): readonly Uint8Array[] {
    this.#tree ??= this.#grow()
    return this.#tree.path(at, size)
  }

  /** The newest certificate that was stored and whose voters are proved. */
  newest(): Certificate | undefined {
    return this.#certificates
      .filter(({ head }) => head.size <= this.provedSize)
      .toSorted((a, b) => a.head.size - b.head.size)
      .at(-1)
  }

  /** Leaves before the first change of voters whose certificate is not recorded: up to here `links` has the whole chain. */
  get provedSize(): number {
    return this.#changes.find(({ at }) => this.#ofChange(at) === undefined)?.at ?? this.size
  }

  /** Voters that are in force after `size` leaves, `first` before the first change. */
  votersAt(size: number, first: VoterConfig): VoterConfig {
    return this.#changes.findLast(({ at }) => at < size)?.config ?? first
  }

  /** Certified changes of voters up to a size. Faults `store-damaged` where the certificate of one is missing. */
  links(size: number): readonly VoterLink[] {
    return this.#changes
      .filter(({ at }) => at < size)
      .map(({ at, config }) => {
        const certificate = this.#ofChange(at)
        if (certificate !== undefined) return { config, path: this.path(at, at + 1), certificate }
        throw new FaultError(
          'store-damaged',
          `${nameOf(this.machine)}: no certificate of the voters at leaf ${at}`,
        )
      })
  }

  #ofChange(at: number): Certificate | undefined {
    return this.#certificates.find(({ head }) => head.size === at + 1)
  }

  #index(number: number): void {
    const record = this.#source.record(this.machine, number)
    if (record.kind === 'certificate') {
      this.#certificates.push(this.sound(decodeCertificate(record.certificate), this.size))
      return
    }
    if (record.kind === 'voters') {
      this.#changes.push({ at: this.size, config: this.sound(decodeVotersLeaf(record.leaf), this.size) })
    }
    this.#records.push(number)
  }

  #grow(): LogTree {
    const tree = new LogTree({ size: 0, peaks: [] }, this.#sha256)
    for (const number of this.#records) {
      const record = this.#source.record(this.machine, number)
      assert(record.kind !== 'certificate', 'a certificate is no leaf')
      tree.append(leafHash(record.leaf, this.#sha256))
    }
    return tree
  }
}

export function nameOf(machine: number): string {
  return machine < 0 ? 'the log of the hub' : `the log of bucket ${machine}`
}
