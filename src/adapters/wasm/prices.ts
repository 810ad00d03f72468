/**
 * Gas that calls of the host cost on top of the module's own instructions. All nodes agree on it: another price is
 * another figure of gas. Each covers what the call costs here, so that gas bounds the host's work too.
 */
export const PRICE = {
  /** Every call. */
  call: 500,
  /** Each piece of a list of buffers, subscriptions or folder entries. */
  item: 50,
  /** A byte that is copied into or out of the module. */
  byte: 1,
  /** A byte of chance. */
  randomByte: 16,
} as const
