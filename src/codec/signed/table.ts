/**
 * Every type that anybody signs, with its version. A type's version rises when the shape or the meaning of
 * its body changes; what was signed under another version is then worth nothing.
 * Source: protocol.md, "Signed types".
 */
export const SIGNED_TYPE = {
  'envelope-batch': 1,
  'clock-reading': 1,
  'seal-share': 1,
  'seen-statement': 1,
  'have-statement': 1,
  'fence-raise': 1,
  'snapshot-manifest': 1,
  capsule: 1,
  manifest: 1,
  'peer-record': 1,
  'channel-state': 1,
  'journal-seal': 1,
  'signing-delegation': 1,
  'related-party-link': 1,
  'checkpoint-share': 1,
  'governance-vote': 1,
  'recovery-statement': 1,
} as const satisfies Record<string, number>

export type SignedType = keyof typeof SIGNED_TYPE
