import type { Body } from './body.ts'

/** A link to an id: tag 42, head, zero byte, 36 bytes of CID. */
const LINK_BYTES = 41
/** Head of the map, its twelve keys with their heads, and what always has one size: v, net, digest, sender, thread, capsule. */
const FIXED_BYTES = 1 + 68 + 1 + LINK_BYTES + 34 + 58 + 34 + LINK_BYTES

/**
 * Bytes of the encoded payload of a body of `bodyBytes` bytes: what the other fields leave over, since canonical form
 * fixes the size of each. So nothing is encoded again to measure it.
 */
export function payloadBytesOf(
  bodyBytes: number,
  body: Omit<Body, 'payload' | 'kind'> & { kind: string },
): number {
  const numbers = integerBytes(body.ts) + integerBytes(body.seq) + integerBytes(body.lamport)
  // A verb has under 24 characters, `prev` under 24 ids: one byte of head each.
  const kind = 1 + body.kind.length
  const prev = 1 + body.prev.length * LINK_BYTES
  return bodyBytes - FIXED_BYTES - numbers - kind - prev
}

function integerBytes(value: number): number {
  if (value < 24) return 1
  if (value < 0x100) return 2
  if (value < 0x1_0000) return 3
  return value < 0x1_0000_0000 ? 5 : 9
}
