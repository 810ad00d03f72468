import { decodeToBucket } from '../../codec/entry/effect.ts'
import type { EffectProof, GroupItem } from '../../codec/entry/item.ts'
import type { SingleEnvelope } from '../../codec/envelope/verify-single.ts'
import type { BucketTables } from '../../core/bucket/tables.ts'
import { isOver } from '../../core/bucket/transitions.ts'
import type { View } from '../../core/records/view.ts'
import type { World } from '../../core/records/world.ts'
import { LruMap } from '../../model/lru-map.ts'
import type { LogArchive } from './log-keeper.ts'
import { itemsOf } from './need-items.ts'
import type { NeedPlace } from './need-pools.ts'

/** Needs that are over and whose bucket is remembered. */
const OVER_MAX = 65_536

/** Where every need is, which of them are not over, and what was asked for in those. */
export class NeedIndex {
  readonly #world: World
  readonly #archive: LogArchive
  readonly #open = new Map<string, number>()
  readonly #over = new LruMap<string, number>(OVER_MAX)
  readonly #envelopes = new Map<string, SingleEnvelope<'NEED'>>()

  constructor(world: World, archive: LogArchive) {
    this.#world = world
    this.#archive = archive
  }

  /** What a bucket's state holds when the node starts, or after a snapshot. Gives the needs that this tells something of. */
  restore(bucket: number, view: View<BucketTables>): ReadonlySet<string> {
    const before = [...this.#open].flatMap(([need, at]) => (at === bucket ? [need] : []))
    const needs = new Set([...before, ...view.keys('needs')])
    for (const need of needs) this.update(need, bucket, view)
    return needs
  }

  /** After an item of the need was applied. True while its history goes on, its certificate included. */
  update(need: string, bucket: number, view: View<BucketTables>): boolean {
    const record = view.get('needs', need)
    if (record !== undefined && !(isOver(record.state) && record.over?.isCertified === true)) {
      this.#open.set(need, bucket)
      return true
    }
    this.#open.delete(need)
    this.#envelopes.delete(need)
    this.#over.set(need, bucket)
    return false
  }

  placeOf(need: string): NeedPlace {
    if (this.#open.has(need)) return 'open'
    return this.#over.get(need) === undefined ? 'unknown' : 'over'
  }

  bucketOf(need: string): number | undefined {
    return this.#open.get(need) ?? this.#over.get(need)
  }

  /** Needs whose history is not closed, with their buckets. */
  open(): Iterable<[string, number]> {
    return this.#open
  }

  /** The NEED of one whose history is not closed. */
  envelope(need: string): SingleEnvelope<'NEED'> | undefined {
    const known = this.#envelopes.get(need)
    const bucket = this.#open.get(need)
    if (known !== undefined || bucket === undefined) return known
    for (const item of itemsOf(this.#archive, bucket, new Set([need]))) this.note(item)
    return this.#envelopes.get(need)
  }

  /** Keeps the NEED that an `open` carries. */
  note(item: GroupItem & { readonly proof?: EffectProof }): void {
    if (item.kind !== 'received') return
    const effect = decodeToBucket(item.body)
    if (!effect.ok || effect.value.kind !== 'open') return
    const opened = this.#world.openEnvelope(effect.value.envelope, effect.value.deadline)
    if (opened.ok) this.#envelopes.set(opened.value.id, opened.value as SingleEnvelope<'NEED'>)
  }
}
