/** Result of an entry that has nothing to say beyond being applied. */
export const NOTHING: Uint8Array = new Uint8Array()
