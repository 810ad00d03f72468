import type { CID } from '../../codec/cid.ts'
import type { AcceptedKeys } from '../../codec/did/accepted-keys.ts'
import type { SingleEnvelope } from '../../codec/envelope/verify-single.ts'
import type { Ipld } from '../../codec/ipld.ts'
import type { CheckSignature } from '../../codec/signed/statement.ts'
import type { Did } from '../../model/ids.ts'
import type { Rejection } from '../../model/rejection.ts'
import type { Result } from '../../model/result.ts'
import type { SlotFacts } from '../../model/slot-facts.ts'
import type { Sha256 } from '../../ports/crypto.ts'

export type { SlotFacts } from '../../model/slot-facts.ts'

/**
 * What rules need from outside, all of it the same on every node: nothing here reads a clock, a disk or a network.
 * Source: architecture.md, "The one idea".
 */
export interface World {
  /** CID of the genesis. */
  readonly net: CID
  readonly generation: number
  /** How many lying voters certificates withstand: `f` of the genesis. */
  readonly liars: number
  readonly sha256: Sha256
  /** The rule of signatures itself (ZIP215), for voters' statements. */
  readonly verify: CheckSignature
  /** Keys that DIDs name, accepted or refused. */
  readonly keys: Pick<AcceptedKeys, 'ofDid'>
  /**
   * An envelope as an entry holds it, read and its signature checked at the time of the slot that the entry names
   * (delegations have a term). Rejects as `readEnvelope` and `verifyEnvelope`.
   */
  readonly openEnvelope: (field: Ipld, atMs: number) => Result<SingleEnvelope, Rejection>
  /**
   * The capsule's word on an envelope that an entry carries: its digest must be that of this evaluation. Rejects
   * WRONG_CAPSULE, POLICY_DENIED, GAS_EXCEEDED. `capsule` is the text of its CID; empty: the network has none.
   */
  readonly judge: (capsule: string, envelope: SingleEnvelope, slot: number) => Result<undefined, Rejection>
}

/** Where in its group's log an item is applied. */
export interface AppliedAt {
  /** Items applied before. */
  readonly position: number
  /** Voters of the group in force, ascending. */
  readonly voters: readonly Did[]
  /** The facts of a slot that this node holds; an entry that names a later one waits. */
  readonly slot: (n: number) => SlotFacts | undefined
}
