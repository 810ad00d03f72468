import type { BundleRoot } from '../codec/bundle/root.ts'
import type { CID } from '../codec/cid.ts'
import type { OpenedGenesis } from '../codec/genesis/genesis.ts'
import type { World } from '../core/records/world.ts'
import type { Machines } from '../core/witness/machine.ts'
import type { Crypto } from '../ports/crypto.ts'
import type { PolicyEngine } from '../ports/policy-engine.ts'
import type { ReplayedTask } from '../ports/task-replay.ts'
import type { ReplayedNeed } from './bucket-part.ts'
import type { CheckReport } from './checks.ts'
import type { Divergence } from './divergence.ts'
import type { PartThreads } from './parts.ts'

export interface ReplayOptions {
  /** The network that the caller knows; absent: the file's own word is taken, and that is said. */
  readonly network?: CID
  /** A size and root of the hub's tree that the caller trusts. */
  readonly anchor?: { readonly size: number; readonly root: Uint8Array }
  /** Checks that may stay undone. */
  readonly allowUnchecked: ReadonlySet<string>
  readonly crypto: Pick<Crypto, 'sha256' | 'verify' | 'isAcceptableKey'>
  readonly machinesOf: (genesis: OpenedGenesis, world: World) => Machines
  readonly policy?: PolicyEngine
  /**
   * Do buckets of a CAR beside this thread. A divergence that is reported then need not be the first one: whoever wants to
   * name it replays the file without them.
   */
  readonly threads?: PartThreads
}

export interface ReplayReport {
  /** Known once the genesis was read. */
  readonly network?: string
  readonly networkChecked: boolean
  readonly anchored: boolean
  readonly root?: BundleRoot
  readonly needs: readonly ReplayedNeed[]
  /** Items of hub and buckets. */
  readonly events: number
  readonly blocks: number
  readonly checks: readonly CheckReport[]
  readonly divergence?: Divergence
  /** No divergence, and nothing unchecked that was not allowed. Says nothing of who names the network. */
  readonly sound: boolean
}

/** How far a replay is: byte of the file, and events so far. */
export interface ReplayProgress {
  readonly byte: number
  readonly events: number
  /** To be done again: what became of it is the answer to this. No answer: nobody did it, which is said. */
  readonly task?: ReplayedTask
  /** Goes on once threads have something. */
  readonly isWaiting?: boolean
}
