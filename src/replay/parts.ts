/**
 * Buckets are independent of one another once the hub is folded, so each is a part of its own, which any thread can do. All
 * of this is plain data that goes from thread to thread. Where anything is wrong with a part its result says no more than
 * that: whoever wants to know replays the file in one thread, so that the first divergence is named whatever threads do.
 */
import type { EnvelopeHeader } from '../model/envelope-header.ts'
import type { SlotFacts } from '../model/slot-facts.ts'
import type { ReplayedNeed } from './bucket-part.ts'
import type { BookPage } from './checks.ts'
import type { HubFacts } from './hub-side.ts'

/** What every part of a file rests on. */
export interface PartGround {
  /** Blocks as they stand in the file: genesis, voters, capsules. */
  readonly blocks: readonly Uint8Array[]
  readonly slots: ReadonlyMap<number, SlotFacts>
  /** The root says that all is over. */
  readonly finished: boolean
}

/** A bucket of a file. */
export interface Part {
  /** From 0 on, in the order of the file. */
  readonly number: number
  readonly hub: HubFacts
  /** The bucket's own block and all up to the next bucket's, each as it stands in the file. */
  readonly blocks: readonly Uint8Array[]
}

/** An envelope that the part carries: what is asked of all of a file together. */
export interface CarriedEnvelope {
  readonly header: EnvelopeHeader
  /** Of those that say something of plans or tasks. */
  readonly body: Uint8Array | undefined
}

/** What a sound part came to. */
export interface PartSum {
  readonly number: number
  readonly needs: readonly ReplayedNeed[]
  readonly events: number
  readonly page: BookPage
  /** In their order. */
  readonly carried: readonly CarriedEnvelope[]
}

export type PartResult = PartSum | { readonly number: number; readonly isFlawed: true }

/** Threads that do parts. */
export interface PartThreads {
  /** Bytes of a part that waits until it is whole; a larger one the caller does while it reads it, so that memory is bounded. */
  readonly partBytesMax: number
  /** Another part can be given; else the caller does it itself. */
  readonly hasRoom: boolean
  begin(ground: PartGround): void
  give(part: Part): void
  /** Results that came since the last call, in any order. */
  take(): readonly PartResult[]
}
