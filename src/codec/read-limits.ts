/** What a reader of encoded values takes at most, whatever the bytes claim. */
export interface ReadLimits {
  /** Size of the whole input, in bytes. */
  readonly bytesMax: number
  /** Containers inside one another: `[[1]]` has 2. */
  readonly depthMax: number
  /**
   * Entries of all lists plus keys and values of all maps. It bounds the memory that a small input can claim: a
   * link of 9 bytes becomes 400 in memory, an empty list of one byte 16.
   */
  readonly itemsMax: number
}

/**
 * Size: protocol.md, "Envelope"; depth: "Encoding". Items: a payload, at most 64 KiB, cannot have more.
 */
export const READ_LIMITS: ReadLimits = { bytesMax: 1_048_576, depthMax: 32, itemsMax: 65_536 }
