import type { SlotFacts } from '../model/slot-facts.ts'

/**
 * Slots that the hub's state no longer holds, for buckets whose log is behind. Nothing is durable before `flush` returns;
 * what is put again after a crash is the same. Faults `store-io`, `store-full`.
 */
export interface SlotStore {
  put(facts: SlotFacts): void
  /** Undefined for one that was never put. Faults `store-damaged`. */
  get(n: number): SlotFacts | undefined
  flush(): void
}
