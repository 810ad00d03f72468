/** What a node of the benchmark is started with. Group 0 is the hub's; buckets are mapped on the others. */
export interface NodePlan {
  readonly directory: string
  readonly self: number
  readonly ports: readonly number[]
  readonly clientPort: number
  readonly groups: number
  /** Values that a group keeps, the newest; all of them when absent. */
  readonly keep?: number
  /** Groups have certificates, and every put is certified. */
  readonly certified?: boolean
}

/** What it tells when it is asked. */
export interface NodeReport {
  readonly leads: number
  readonly asleep: number
  /** Commands applied, by group. */
  readonly positions: readonly number[]
  readonly wasmBytes: number
  readonly rssBytes: number
  readonly heapBytes: number
  readonly turns: number
  readonly storeBytes: number
}
