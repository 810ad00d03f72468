/** What everybody knows of a slot. Source: consensus.md, "Time and chance: slots". */
export interface SlotFacts {
  readonly n: number
  /** Lower median of the voters' clocks, milliseconds; never below the last slot's. */
  readonly time: number
  /**
   * Milliseconds that windows count: grows with each slot by the time that passed, at most two slot intervals for
   * each slot. Source: lifecycle.md, "Committees" (windows).
   */
  readonly clock: number
  /** Absent where the voter whose turn it was showed no link. */
  readonly beacon?: Uint8Array
  /** RFC 6962 root over the roster, and over the registry's records. */
  readonly roster: Uint8Array
  readonly registry: Uint8Array
}
