import type { CID } from '../../codec/cid.ts'
import type { ReadBody } from '../../codec/envelope/read-body.ts'
import type { SingleEnvelope } from '../../codec/envelope/verify-single.ts'
import type { BucketTables } from '../../core/bucket/tables.ts'
import type { View } from '../../core/records/view.ts'
import type { HubTables } from '../../core/system/tables.ts'
import type { Did } from '../../model/ids.ts'

/** The last slot that a node holds. */
export interface HeldSlot {
  /** 0 before the first. */
  readonly n: number
  /** Slot time, milliseconds since 1970; of the genesis before the first. */
  readonly timeMs: number
}

/** Takes a listener away again; a second call does nothing. */
export type Unsubscribe = () => void

/**
 * The network's agreed state as this node has applied it, and the way to its voters: all that an agent knows of the world.
 * Views show later writes too. Listeners run after what they tell of is in the views, and must not throw.
 * Source: lifecycle.md, "Where facts live".
 */
export interface HeartView {
  readonly self: Did
  /** CID of the genesis. */
  readonly net: CID
  readonly generation: number
  slot(): HeldSlot
  hub(): View<HubTables>
  /** By the text of the NEED's id; undefined before it was drawn. */
  bucketOf(need: string): number | undefined
  /** Empty for a bucket in which nothing was applied here. */
  bucket(n: number): View<BucketTables>
  /** The NEED of one that is open; undefined when it is over, or not known here. */
  needEnvelope(need: string): SingleEnvelope<'NEED'> | undefined
  /**
   * What this node holds of what was said in an open need, checked, each once: all that entries carried, and what it has heard
   * beside (a REVEAL_PLAN is judged before an entry carries it). Nothing once the need is over. To be read once: each call reads
   * anew.
   */
  envelopes(need: string): Iterable<SingleEnvelope>
  /** Needs that were drawn into a bucket and are not over. */
  openNeeds(): Iterable<string>
  /** Something of a need was applied here, its end too. */
  onNeed(listener: (need: string) => void): Unsubscribe
  onSlot(listener: (n: number) => void): Unsubscribe
  /**
   * Hands a signed batch to the voters (and gossip), and again until an entry carries its envelopes or they make no sense any
   * more. `batch`: `encodeBatch` bytes; `envelopes`: its bodies, in order. Returns at once.
   */
  submit(batch: Uint8Array, envelopes: readonly ReadBody[]): void
}
