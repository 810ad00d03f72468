/** What a reader of encoded values takes at most, whatever the bytes claim. */
export interface ReadLimits {
  /** Size of the whole input, in bytes. */
  readonly bytesMax: number
  /** Containers inside one another: `[[1]]` has 2. */
  readonly depthMax: number
  /** Entries of all lists plus keys and values of all maps: bounds the memory that a small input can claim. */
  readonly itemsMax: number
}

/** Source: protocol.md, "Encoding" (depth) and "Envelope" (size). */
export const READ_LIMITS: ReadLimits = { bytesMax: 1_048_576, depthMax: 32, itemsMax: 131_072 }
