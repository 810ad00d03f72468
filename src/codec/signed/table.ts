import * as z from 'zod'
import type { Ipld } from '../ipld.ts'
import { batchRootBody, journalSealBody, signingDelegationBody } from './bodies.ts'

/** What is fixed of a signed type. Another form of the body is another version. */
export interface SignedType {
  readonly version: number
  readonly body: z.ZodType
}

/** Any value that can be encoded: who owns the statement judges its form. */
const opaque = z.custom<Ipld>(() => true)

/**
 * Everything that a key of ours ever signs. The name and the version are part of the signed bytes, so a
 * signature of one type is worth nothing as another. Source: protocol.md, "Signed types".
 */
export const SIGNED_TYPES = {
  'envelope-batch-root': { version: 1, body: batchRootBody },
  'clock-reading': { version: 1, body: opaque },
  'chain-anchor': { version: 1, body: opaque },
  'seal-share': { version: 1, body: opaque },
  'seen-statement': { version: 1, body: opaque },
  'have-statement': { version: 1, body: opaque },
  'fence-raise': { version: 1, body: opaque },
  'snapshot-manifest': { version: 1, body: opaque },
  capsule: { version: 1, body: opaque },
  manifest: { version: 1, body: opaque },
  'peer-record': { version: 1, body: opaque },
  'channel-state': { version: 1, body: opaque },
  'journal-seal': { version: 1, body: journalSealBody },
  'signing-delegation': { version: 1, body: signingDelegationBody },
  'related-party-link': { version: 1, body: opaque },
  'checkpoint-share': { version: 1, body: opaque },
  'evidence-report': { version: 1, body: opaque },
  'governance-vote': { version: 1, body: opaque },
  'recovery-statement': { version: 1, body: opaque },
} as const satisfies Record<string, SignedType>

export type SignedTypeName = keyof typeof SIGNED_TYPES

/** Body of a signed type. */
export type SignedBody<Type extends SignedTypeName> = z.input<(typeof SIGNED_TYPES)[Type]['body']>
