import type { GuestMemory } from './guest-memory.ts'
import type { World } from './world.ts'

/** What calls work on. */
export interface CallContext {
  /** Of the task that runs. */
  readonly world: () => World
  readonly memory: GuestMemory
  /** Takes gas for what the host does, before it is done. Throws `Stop` when there is not enough. */
  readonly charge: (gas: number) => void
}

/** A call whose i32 come as integers in [0, 2^32), its i64 as bigint. Throws `WasiError` to answer with an error. */
export type Call = (...args: never[]) => void
