import { type Batch, type Datastore, Key, type KeyQuery, type Pair, type Query } from 'interface-datastore'
import type { Clock } from '../../ports/clock.ts'
import { BoundedEntries } from './bounded-entries.ts'
import { readPeerFile, writePeerFile } from './peer-file.ts'

/** What is kept of peers, and of the DHT, at most; beyond, what was written longest ago goes. */
const ENTRIES_MAX = 4096
const BYTES_MAX = 16_777_216
/** Records of the DHT are strangers' and live for two days at most: they are in memory alone, apart from peers. */
const DHT_PREFIX = '/dht'
const ENTRY_BYTES_MAX = 65_536
/** Changes of so long are written together. */
const WRITE_MS = 1000

/** By its name libp2p knows that nothing is wrong. */
class NotFoundError extends Error {
  override readonly name = 'NotFoundError'
}

type Source<Item> = Iterable<Item> | AsyncIterable<Item>

/**
 * A small datastore for libp2p: everything in memory, and in one file that is replaced as a whole some time after a change.
 * What changed within the last second before a crash is lost, which costs no more than meeting a peer again.
 */
export class PeerDatastore implements Datastore {
  readonly #entries = new BoundedEntries(ENTRIES_MAX, BYTES_MAX)
  readonly #records = new BoundedEntries(ENTRIES_MAX, BYTES_MAX)
  readonly #path: string | undefined
  readonly #clock: Clock
  readonly #onFailure: (error: unknown) => void
  #isChanged = false
  #cancel: (() => void) | undefined
  #writing: Promise<void> = Promise.resolve()

  private constructor(
    entries: ReadonlyMap<string, Uint8Array>,
    path: string | undefined,
    clock: Clock,
    onFailure: (error: unknown) => void,
  ) {
    for (const [name, value] of entries) this.#entries.set(name, value)
    this.#path = path
    this.#clock = clock
    this.#onFailure = onFailure
  }

  /** Without a path it is in memory alone. `onFailure` hears of a disk that does not take the file. */
  static async open(
    path: string | undefined,
    clock: Clock,
    onFailure: (error: unknown) => void,
  ): Promise<PeerDatastore> {
    const entries = path === undefined ? new Map<string, Uint8Array>() : await readPeerFile(path)
    return new PeerDatastore(entries, path, clock, onFailure)
  }

  /** Writes what is not written yet. */
  async close(): Promise<void> {
    this.#cancel?.()
    this.#cancel = undefined
    this.#write()
    await this.#writing
  }

  has(key: Key): boolean {
    return this.#of(key.toString()).get(key.toString()) !== undefined
  }

  get(key: Key): Uint8Array {
    const value = this.#of(key.toString()).get(key.toString())
    if (value === undefined) throw new NotFoundError(`nothing under ${key.toString()}`)
    return value
  }

  put(key: Key, value: Uint8Array): Key {
    if (value.length > ENTRY_BYTES_MAX) return key
    const name = key.toString()
    const entries = this.#of(name)
    entries.set(name, value)
    if (entries === this.#entries) this.#changed()
    return key
  }

  delete(key: Key): void {
    const entries = this.#of(key.toString())
    if (entries.delete(key.toString()) && entries === this.#entries) this.#changed()
  }

  async *putMany(pairs: Source<Pair>): AsyncGenerator<Key> {
    for await (const { key, value } of pairs) yield this.put(key, value)
  }

  async *getMany(keys: Source<Key>): AsyncGenerator<Pair> {
    for await (const key of keys) yield { key, value: this.get(key) }
  }

  async *deleteMany(keys: Source<Key>): AsyncGenerator<Key> {
    for await (const key of keys) {
      this.delete(key)
      yield key
    }
  }

  batch(): Batch {
    const steps: (() => void)[] = []
    return {
      put: (key, value) => void steps.push(() => this.put(key, value)),
      delete: (key) => void steps.push(() => this.delete(key)),
      commit: () => {
        for (const step of steps.splice(0)) step()
      },
    }
  }

  async *query(query: Query): AsyncGenerator<Pair> {
    let pairs = this.#pairs(query.prefix)
    for (const filter of query.filters ?? []) pairs = pairs.filter(filter)
    for (const order of query.orders ?? []) pairs = pairs.toSorted(order)
    yield* within(pairs, query)
  }

  async *queryKeys(query: KeyQuery): AsyncGenerator<Key> {
    let keys = this.#pairs(query.prefix).map(({ key }) => key)
    for (const filter of query.filters ?? []) keys = keys.filter(filter)
    for (const order of query.orders ?? []) keys = keys.toSorted(order)
    yield* within(keys, query)
  }

  #pairs(prefix = ''): Pair[] {
    const named = [...this.#entries.copy(), ...this.#records.copy()].filter(([name]) =>
      name.startsWith(prefix),
    )
    return named.map(([name, value]) => ({ key: new Key(name), value }))
  }

  #of(name: string): BoundedEntries {
    return name.startsWith(DHT_PREFIX) ? this.#records : this.#entries
  }

  #changed(): void {
    this.#isChanged = true
    this.#cancel ??= this.#path === undefined ? undefined : this.#clock.after(WRITE_MS, () => this.#write())
  }

  #write(): void {
    this.#cancel = undefined
    const path = this.#path
    if (!this.#isChanged || path === undefined) return
    this.#isChanged = false
    const entries = this.#entries.copy()
    this.#writing = this.#writing.then(() => writePeerFile(path, entries)).catch(this.#onFailure)
  }
}

function within<Item>(
  items: readonly Item[],
  { offset = 0, limit }: Pick<Query, 'offset' | 'limit'>,
): readonly Item[] {
  return items.slice(offset, limit === undefined ? undefined : offset + limit)
}
