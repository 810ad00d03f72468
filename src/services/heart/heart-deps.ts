import type { CID } from '../../codec/cid.ts'
import type { ReadBody } from '../../codec/envelope/read-body.ts'
import type { VerifiedBatch } from '../../codec/envelope/verify-batch.ts'
import type { SingleEnvelope } from '../../codec/envelope/verify-single.ts'
import type { OpenedGenesis } from '../../codec/genesis/genesis.ts'
import type { World } from '../../core/records/world.ts'
import type { Machines } from '../../core/witness/machine.ts'
import type { Did } from '../../model/ids.ts'
import type { RaftId } from '../../model/raft.ts'
import type { Rejection } from '../../model/rejection.ts'
import type { Result } from '../../model/result.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Crypto } from '../../ports/crypto.ts'
import type { FrameStore } from '../../ports/frame-store.ts'
import type { KeyPair } from '../../ports/keystore.ts'
import type { SlotStore } from '../../ports/slot-store.ts'
import type { LogArchive, LogKeeper } from './log-keeper.ts'

/** What a heart is made of. */
export interface HeartDeps {
  readonly genesis: OpenedGenesis
  readonly key: KeyPair
  readonly crypto: Crypto
  readonly clock: Clock
  readonly world: World
  readonly machines: Machines
  readonly slots: SlotStore
  /** Votes of this node's key on acts of governance. */
  readonly votes: FrameStore
  readonly archive: LogArchive
  /** Writes the archive. */
  readonly keeper: LogKeeper
  /** False while a log lacks what a snapshot brought: this node then drives nothing. */
  readonly isWhole: () => boolean
  readonly buckets: number
  readonly didOf: (id: RaftId) => Did | undefined
  /** What a batch that a peer handed over is worth. */
  readonly judge: (from: Did, batch: Uint8Array) => Promise<Result<VerifiedBatch, Rejection>>
  /** What this node says, beside what goes to the voters: to everybody whom it concerns. */
  readonly spread: (batch: Uint8Array, envelopes: readonly ReadBody[]) => void
  /** A checked envelope from which no entry follows: it concerns its thread alone. */
  readonly onThreadOnly: (envelope: SingleEnvelope) => void
  readonly isConnected: (peer: Did) => boolean
  /** To one voter; what cannot be sent now is lost, and said again by whoever needs it. */
  readonly send: (to: Did, message: Uint8Array) => void
  /** A peer said what no honest one says. */
  readonly blame: (peer: Did, why: string) => void
  /** The process must end; what is stored is right. */
  readonly onFault: (error: unknown) => void
  /** Resolves when this node has the content and keeps it until the need is over. */
  readonly fetch: (need: string, cid: CID) => Promise<void>
  /** The need is over: what it pinned may go. */
  readonly release: (need: string) => void
  /** What the drivers did, a line each, for who looks closely. */
  readonly trace: (text: string) => void
  /** Runs a task once the present turn of the host is over. */
  readonly later: (task: () => void) => void
}
