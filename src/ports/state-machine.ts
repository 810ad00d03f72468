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
  /** Pure: reads the view, changes nothing. */
  step(view: State, command: Uint8Array, at: AppliedAt): MachineStep<Write>
  /** An effect of another group: each number once, in order. Its verdict is told to that group. */
  effect(view: State, body: Uint8Array, at: AppliedAt & { readonly source: GroupId }): MachineStep<Write>
  /** What became of an effect of ours, by its number: once, in order. A verdict of this step is not told to anybody. */
  answered(view: State, answer: EffectAnswer, at: AppliedAt): MachineStep<Write>
  write(state: State, writes: readonly Write[]): void
  /** 32 bytes: equal on replicas that applied the same. Incremental: asked for often. */
  hash(state: State, sha256: Sha256): Uint8Array
  /** The same bytes for the same state, whatever led to it. */
  encode(state: State): Uint8Array
  /** Rejects MALFORMED. Bytes are another node's, but their hash is known to be right. */
  decode(group: GroupId, bytes: Uint8Array): Result<State, Rejection>
}

export interface AppliedAt {
  readonly index: LogIndex
  /** How many items the group applied before: the leaf's number in the group's tree. */
  readonly position: number
  readonly generation: number
}

export interface EffectAnswer {
  readonly source: GroupId
  readonly number: number
  readonly verdict: Verdict
}

export interface MachineStep<Write> {
  readonly writes: readonly Write[]
  readonly verdict: Verdict
  /** In order; they get their numbers when this is applied. */
  readonly effects: readonly Effect[]
}
