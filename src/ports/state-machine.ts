import type { Did } from '../model/ids.ts'
import type { GroupId, LogIndex } from '../model/raft.ts'
import type { Rejection } from '../model/rejection.ts'
import type { Effect, Verdict } from '../model/replicated.ts'
import type { Result } from '../model/result.ts'
import type { Sha256 } from './crypto.ts'

/**
 * What a group agrees on: any deterministic machine. The driver owns the state; `write` alone changes it. A
 * command that cannot be done is a `rejected` verdict, the same on every replica; a throw is a defect and halts
 * the group on this node. Source: architecture.md, "The one idea"; raft-host-catalogue A3, A4.
 *
 *     step(view, command) -> { writes, verdict, effects }      write(state, writes)
 */
export interface StateMachine<State = unknown, Write = unknown> {
  /** The state before the first command. */
  empty(group: GroupId): State
  /**
   * False: what it needs of another group has not arrived on this node, and it is asked again in a later turn; the group
   * applies nothing else meanwhile. Of one that is given no `isReady`, everything can be applied.
   */
  isReady?(view: State, body: Uint8Array, kind: 'command' | 'effect'): boolean
  /** Pure: reads the view, changes nothing. */
  step(view: State, command: Uint8Array, at: AppliedAt): MachineStep<Write>
  /** An effect of another group: each number once, in order. Its verdict is told to that group. */
  effect(view: State, body: Uint8Array, at: EffectAt): MachineStep<Write>
  /** What became of an effect of ours, by its number: once, in order. A verdict of this step is not told to anybody. */
  answered(view: State, answer: EffectAnswer, at: AppliedAt): MachineStep<Write>
  /**
   * An item of ours that was closing has its certificate, the same bytes on every replica: once. A machine without it
   * keeps none. A verdict of this step is not told to anybody.
   */
  certified?(view: State, closed: CertifiedItem, at: AppliedAt): MachineStep<Write>
  write(state: State, writes: readonly Write[]): void
  /** 32 bytes: equal on replicas that applied the same. Incremental: asked for often. */
  hash(state: State, sha256: Sha256): Uint8Array
  /** The same bytes for the same state, whatever led to it. */
  encode(state: State): Uint8Array
  /**
   * Rejects MALFORMED. Bytes are another node's, but their hash is known to be right; `areChecked`: this node made or decoded
   * these very bytes before, and need not look at all of them. They may be kept.
   */
  decode(group: GroupId, bytes: Uint8Array, areChecked?: boolean): Result<State, Rejection>
}

export interface AppliedAt {
  readonly index: LogIndex
  /** Leaves of the group's tree before this one: commands, effects and answers that were applied, changes of voters. */
  readonly position: number
  readonly generation: number
  /** Keys of the group's voters in force, ascending; undefined where groups have no certificates, and so no keys. */
  readonly voters?: readonly Did[]
}

/** Where an effect comes from. */
export interface EffectAt extends AppliedAt {
  readonly source: GroupId
  readonly number: number
  /** The source's leaf that names it, with its certificate; undefined where groups have none. */
  readonly proof: CertifiedItem | undefined
}

export interface EffectAnswer {
  readonly source: GroupId
  readonly number: number
  readonly verdict: Verdict
  /** The source's leaf that names the answer, with its certificate; undefined where groups have none. */
  readonly proof: CertifiedItem | undefined
}

export interface MachineStep<Write> {
  readonly writes: readonly Write[]
  readonly verdict: Verdict
  /** In order; they get their numbers when this is applied. */
  readonly effects: readonly Effect[]
  /** Somebody will want this item's certificate soon, although it has no effects: a decision, a result, an end. */
  readonly seal?: boolean
  /** The last item of a history: a certificate that covers it is recorded as an entry, for the history's export. */
  readonly closing?: boolean
  /** Bytes that the leaf names as the item; by default a form of the host's (docs/certificates.md). */
  readonly item?: Uint8Array
  /** What the item is part of, for its leaf: a history, with the head of its chain of hashes after this item. */
  readonly subject?: { readonly name: string; readonly head: Uint8Array }
}

/** What proves an item to who knows the group's voters. */
export interface CertifiedItem {
  /** The item's leaf, and its number. */
  readonly leaf: Uint8Array
  readonly position: number
  /** Inclusion path of the leaf in the certified tree, from below up. */
  readonly path: readonly Uint8Array[]
  /** Encoded, its signatures ascending by voter. */
  readonly certificate: Uint8Array
}
